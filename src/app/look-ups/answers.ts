/** The answers of Goodreads to questions, as they are kept for some time: documents of the store, shared by all processes. */
import type { BookId } from '../../domain/identity.ts';
import type { ErrorCode } from '../../errors.ts';
import type { Suggestion } from '../../parser/listing/listing.ts';
import type { Store, StoredDocument } from '../../storage/store.ts';

/** What the first page of a collection says. */
export interface FirstPage {
  title: string | null;
  /** How many books the page claims for the whole collection; `null` when it does not say. */
  totalBooks: number | null;
  /** Whether there is a further page; `null` for families without pages. */
  next: boolean | null;
  /** The books of the page, each once. */
  books: BookId[];
}

/** An answer, and when it was asked for, in milliseconds since the epoch. */
export type Answer = { askedAtMs: number } & (
  | { kind: 'suggestions'; rows: Suggestion[] }
  | { kind: 'first-page'; page: FirstPage }
  /** Goodreads gave no answer that can be used. `reason` is a sentence for the caller. */
  | { kind: 'failed'; code: ErrorCode; reason: string }
);

/** How long an answer is kept, in milliseconds. After a failure the same question is asked again soon. */
export const KEEP_ANSWER_MS = 24 * 3_600_000;
export const KEEP_FAILURE_MS = 60_000;
/** Answers kept at most: those that end first go. */
const MOST_ANSWERS = 10_000;
/** Answers are counted once in so many that are kept. */
const TRIM_EACH = 100;

/** Answers read in one step while all of them are looked at. */
const READ_AT_ONCE = 500;

const PREFIX = 'look-up/';

export interface Answers {
  /** The kept answer to the question of that name; `null` when there is none. */
  read(id: string): Promise<Answer | null>;
  /** Keeps an answer, and tells every process. */
  keep(id: string, answer: Answer): Promise<void>;
  /** Removes the answers that name a book. Resolves to how many. Reads all of them, so it is for single books. */
  forget(bookId: BookId): Promise<number>;
}

export interface AnswersOptions {
  store: Pick<Store, 'documents' | 'signals'>;
  now: () => number;
}

function names(answer: Answer, bookId: BookId): boolean {
  if (answer.kind === 'suggestions') return answer.rows.some((row) => row.bookId === bookId);
  return answer.kind === 'first-page' && answer.page.books.includes(bookId);
}

/** Makes the shelf of answers. Its calls reject with `store-unavailable`. */
export function createAnswers({ store, now }: AnswersOptions): Answers {
  const { documents, signals } = store;
  let kept = 0;
  return {
    async forget(bookId) {
      let forgotten = 0;
      for (let afterKey: string | null = null, more = true; more;) {
        const page: StoredDocument[] = await documents.list(PREFIX, { nowMs: now(), afterKey, limit: READ_AT_ONCE });
        for (const { key, json } of page) if (names(JSON.parse(json) as Answer, bookId) && (await documents.delete(key))) forgotten += 1;
        afterKey = page.at(-1)?.key ?? null;
        more = page.length === READ_AT_ONCE;
      }
      return forgotten;
    },
    async read(id) {
      const found = await documents.get(PREFIX + id, now());
      return found === null ? null : (JSON.parse(found.json) as Answer);
    },
    async keep(id, answer) {
      const nowMs = now();
      const expireAtMs = nowMs + (answer.kind === 'failed' ? KEEP_FAILURE_MS : KEEP_ANSWER_MS);
      await documents.put(PREFIX + id, JSON.stringify(answer), { nowMs, expireAtMs });
      // A signal may be lost: who waits looks again by itself.
      await signals.publish({ kind: 'look-up', id }).catch(() => undefined);
      kept += 1;
      if (kept % TRIM_EACH === 0) await documents.trim(PREFIX, { most: MOST_ANSWERS, sparedUntilMs: nowMs });
    },
  };
}
