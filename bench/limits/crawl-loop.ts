/** Limit of the worker: fetch, parse and put in a loop, with our own fetcher and parser but without queue, records and batches. Arguments: Redis URL, origin, books, pages in flight, books that do not count. */
import { Redis } from 'ioredis';
import { bookReference, parseBookId } from '../../src/domain/identity.ts';
import { readPage } from '../../src/parser/read-page.ts';
import { serializeBook } from '../../src/domain/serialize-book.ts';
import { createPageFetcher } from '../../src/crawl/fetch/fetch-page.ts';

const [url = '', origin = '', total = '', inFlight = '', warmUp = ''] = process.argv.slice(2);
const redis = new Redis(url);
const fetcher = createPageFetcher({ origin, userAgent: 'bench', timeoutMs: 20_000, connections: Number(inFlight) });
let next = 5_000_000_000;
let done = 0;
let startedMs = 0;

async function crawl(): Promise<void> {
  const id = parseBookId(String(next++));
  if (id === null) throw new Error('not an id');
  const reference = bookReference(id);
  const reading = readPage(await fetcher.fetch(`/book/show/${id}`), reference);
  if (reading.kind !== 'book') throw new Error(`${id}: ${reading.reason}`);
  await redis.set(`{bare}:book-${id}`, serializeBook({ ...reading.book, fetchedAt: new Date().toISOString(), via: 'crawl' }));
  done += 1;
  if (done === Number(warmUp)) startedMs = performance.now();
}

let left = Number(total);
const loop = async (): Promise<void> => {
  while (left-- > 0) await crawl();
};
await Promise.all(Array.from({ length: Number(inFlight) }, loop));
const seconds = (performance.now() - startedMs) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond: (Number(total) - Number(warmUp)) / seconds })}\n`);
await fetcher.close();
await redis.quit();
