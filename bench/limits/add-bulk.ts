/** Limit of `POST /parse-links`: bare `Queue.addBulk` with jobs like ours. Arguments: Redis URL, links in all, bulks in flight. */
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { BULLMQ_PRIORITY, PARSE_BOOK } from '../../src/queue/parse-book-queue.ts';

const [url = '', total = '', inFlight = ''] = process.argv.slice(2);
const AT_ONCE = 1_000;
const connection = new Redis(url, { maxRetriesPerRequest: null });
const queue = new Queue(PARSE_BOOK, { connection, prefix: '{bare}', streams: { events: { maxLen: 1_000 } } });
await queue.waitUntilReady();

let next = 2_000_000_000;
async function addBulks(count: number): Promise<void> {
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const jobs = Array.from({ length: AT_ONCE }, () => ({
        name: PARSE_BOOK,
        data: {},
        opts: { jobId: `book-${next++}.mwpvbrqlabc`, priority: BULLMQ_PRIORITY.normal },
      }));
      await queue.addBulk(jobs);
    }
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, one));
}

await addBulks(10);
const startedMs = performance.now();
const bulks = Math.ceil(Number(total) / AT_ONCE);
await addBulks(bulks);
const seconds = (performance.now() - startedMs) / 1000;
process.stdout.write(`${JSON.stringify({ perSecond: (bulks * AT_ONCE) / seconds })}\n`);
await queue.close();
await connection.quit();
