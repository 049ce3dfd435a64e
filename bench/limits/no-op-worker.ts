/** Bare BullMQ: takes the jobs that add-bulk.ts left, does nothing with them, and ends when none is left. Arguments: Redis URL, when to begin (milliseconds since the epoch). */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { PARSE_BOOK } from '../../src/queue/parse-book-queue.ts';

const [url = '', beginMs = ''] = process.argv.slice(2);
const connection = new Redis(url, { maxRetriesPerRequest: null });
let done = 0;
let endedMs = 0;
const worker = new Worker(PARSE_BOOK, () => Promise.resolve({ outcome: 'parsed' }), {
  connection,
  prefix: '{bare}',
  autorun: false,
  concurrency: 64,
  removeOnComplete: { count: 1_000 },
  removeOnFail: { count: 1_000 },
});
await worker.waitUntilReady();
await new Promise((resolve) => setTimeout(resolve, Number(beginMs) - Date.now()));
worker.on('completed', () => {
  done += 1;
  endedMs = Date.now();
});
const drained = new Promise<void>((resolve) => {
  worker.once('drained', () => resolve());
});
// Whoever waits for this process must not do so for ever.
setTimeout(() => process.exit(1), 600_000).unref();
const running = worker.run();
await drained;
await worker.close();
await running;
process.stdout.write(`${JSON.stringify({ done, endedMs })}\n`);
connection.disconnect();
