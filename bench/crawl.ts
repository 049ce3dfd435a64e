/** Books per second from a waiting job to a stored book: one worker process against a bare loop, and two against one. */
import { availableParallelism } from 'node:os';
import { waitUntil } from '../test/support/wait-until.ts';
import { measureLoad } from './load.ts';
import { CONCURRENCY, FIRST_ID, PREFIX, runLimit, submitBooks, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { inRounds, median } from './statistics.ts';

/** The part of the books that goes by before the clock starts: processes start, code gets warm. */
const WARM_PART = 0.25;
const DEADLINE_MS = 300_000;

/** Queues books, starts so many workers, and gives books per second over the last three quarters of them. */
async function crawlBooks(rig: Rig, books: number, workers: number): Promise<number> {
  await rig.redis.flushall();
  const api = await rig.quire('api');
  const batchIds = await submitBooks(api.address, books, FIRST_ID);
  await api.stop();
  const settled = async (): Promise<number> => {
    const open = await Promise.all(batchIds.map(async (id) => Number(await rig.redis.hget(`{${PREFIX}}:batch:${id}`, 'q'))));
    return books - open.reduce((sum, count) => sum + count, 0);
  };
  const processes = await Promise.all(
    Array.from({ length: workers }, () => rig.quire('worker', { CRAWL_CONCURRENCY: String(CONCURRENCY * workers) })),
  );
  const at = async (count: number): Promise<{ books: number; ms: number }> =>
    waitUntil(
      `${count} books`,
      async () => {
        const done = await settled();
        return done >= count && { books: done, ms: performance.now() };
      },
      { timeoutMs: DEADLINE_MS, everyMs: 10 },
    );
  const warm = await at(Math.ceil(books * WARM_PART));
  const end = await at(books);
  await Promise.all(processes.map((worker) => worker.stop()));
  if (warm.books === books) throw new Error('the books were crawled faster than they were counted: take more');
  return (end.books - warm.books) / ((end.ms - warm.ms) / 1000);
}

export async function benchCrawl(rig: Rig): Promise<BenchRow[]> {
  const books = rig.quick ? 2_000 : 10_000;
  const pages = await measureLoad(`${rig.origin}/book/show/${FIRST_ID}`, { connections: CONCURRENCY, seconds: 2 });
  const measured = await inRounds(rig.quick ? 1 : 3, {
    one: async () => crawlBooks(rig, books, 1),
    loop: async () =>
      (await runLimit<{ perSecond: number }>('crawl-loop', [rig.redisUrl, rig.origin, books, CONCURRENCY, Math.ceil(books * WARM_PART)]))
        .perSecond,
    two: async () => crawlBooks(rig, books, 2),
  });
  await rig.redis.flushall();
  const [one, loop, two] = [median(measured.one), median(measured.loop), median(measured.two)];
  // Stand-in, Redis and two workers want a core each.
  const room = availableParallelism() >= 4;
  return [
    {
      name: `crawl, one worker, ${CONCURRENCY} pages at once (limit: loop without a queue)`,
      store: 'redis',
      ours: one,
      limit: loop,
      ratio: one / loop,
      unit: 'books/s',
      target: '≥ 0.8',
    },
    {
      name: 'crawl, one worker (limit: wanted)',
      store: 'redis',
      ours: one,
      limit: 1_000,
      ratio: one / 1_000,
      unit: 'books/s',
      target: '≥ 1',
    },
    {
      name: 'crawl, two workers (limit: one worker)',
      store: 'redis',
      ours: two,
      limit: one,
      ratio: two / one,
      unit: 'books/s',
      target: room ? '≥ 1.5' : '',
    },
    {
      name: 'the stand-in alone (limit: the loop)',
      store: null,
      ours: pages.perSecond,
      limit: loop,
      ratio: pages.perSecond / loop,
      unit: 'pages/s',
      target: '≥ 1.5',
    },
  ];
}
