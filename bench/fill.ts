/** Filling a store before it is measured: the very records that crawling and submitting leave, only faster. */
import { Agent } from 'undici';
import { parseBookId } from '../src/domain/identity.ts';
import type { Store } from '../src/storage/store.ts';
import type { KnownRecord } from '../src/storage/transfer.ts';
import { linksFrom } from './rig.ts';
import { postLinks } from './submit.ts';

/** Records a write, and writes in flight. */
const AT_ONCE = 500;
const IN_FLIGHT = 4;
const LINKS = 1_000;
const MOST_ATTEMPTS = 5;
const DAY_MS = 86_400_000;

/** A book as it is served, whose number is replaced by each of the filled ones. Both numbers have ten digits. */
export interface Template {
  json: string;
  number: string;
}

/** Stores so many books, numbered from `firstId` on, as `quire migrate` writes them: keys, rows and indexes are those of crawled ones. */
export async function fillBooks(store: Store, template: Template, firstId: number, count: number): Promise<void> {
  const nowMs = Date.now();
  const pieces = template.json.split(template.number);
  const record = (n: number): KnownRecord => {
    const bookId = parseBookId(String(firstId + n));
    if (bookId === null) throw new Error(`${firstId + n} is not a book's number`);
    return {
      name: `book-${bookId}` as KnownRecord['name'],
      keepUntilMs: nowMs + 300 * DAY_MS,
      kind: 'book',
      book: {
        bookId,
        body: Buffer.from(pieces.join(bookId)),
        etag: bookId.padStart(16, 'e'),
        fetchedAtMs: nowMs,
        freshUntilMs: nowMs + 7 * DAY_MS,
        richness: 30,
      },
    };
  };
  let next = 0;
  const write = async (): Promise<void> => {
    while (next < count) {
      const from = next;
      next += AT_ONCE;
      await store.transfer.kinds.books.write(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => record(from + n)));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, write));
}

/** A store that is being filled may be late with an answer; what it took in already is joined when it is posted again. */
async function postPatiently(address: string, body: string, dispatcher: Agent): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await postLinks(address, [body], dispatcher);
      return;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1_000 * attempt));
    }
  }
}

/** Submits so many links of priority `bulk`, 1,000 a batch, so that whatever is submitted later goes before them. */
export async function fillJobs(address: string, firstId: number, count: number): Promise<void> {
  const dispatcher = new Agent();
  for (let from = 0; from < count; from += LINKS) {
    const urls = linksFrom(firstId + from, Math.min(LINKS, count - from));
    await postPatiently(address, JSON.stringify({ urls, priority: 'bulk' }), dispatcher);
  }
  await dispatcher.close();
}
