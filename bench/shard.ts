/** Where one Redis ends: CPU time of a job and of a read, memory of what is kept, connections of a process, and what bare BullMQ does. */
import { copyFile, mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { startGoodreadsProcess } from '../scripts/quire-process.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { fillBooks } from './fill.ts';
import { measureLoad } from './load.ts';
import { cpuSeconds, keyBytes, keysBytes, usedBytes } from './redis-facts.ts';
import { crawlOne, FIRST_ID, PREFIX, runLimit, submitBooks, type Rig } from './rig.ts';
import { plain, type BenchRow } from './row.ts';
import { timeByScript } from './script-times.ts';
import { median } from './statistics.ts';
import { withStore } from './stores.ts';

const SMALLEST_PAGE = join(import.meta.dirname, '..', 'test', 'fixtures', 'pages', 'legacy', '7200003.html');
const KEY = `{${PREFIX}}:`;
const QUEUE = `${KEY}parse-book:`;
const DEADLINE_MS = 600_000;
const READ = { first: 6_000_000_000, count: 30_000, step: 7_919 };

/** A folder with the smallest page alone: the worker has little to do, and Redis as much as ever. */
async function smallestPage(rig: Rig): Promise<string> {
  const dir = await rig.directory();
  await mkdir(join(dir, 'legacy'));
  await copyFile(SMALLEST_PAGE, join(dir, 'legacy', '7200003.html'));
  return dir;
}

/** Submits so many links, then has one worker crawl them. `between` looks at the queue while they wait. */
async function lifeOf(
  rig: Rig,
  origin: string,
  jobs: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<{ submitSeconds: number; crawlSeconds: number }> {
  await rig.redis.flushall();
  const api = await rig.quire('api');
  const atStart = await cpuSeconds(rig.redis);
  await submitBooks(api.address, jobs, FIRST_ID);
  const submitted = await cpuSeconds(rig.redis);
  await api.stop();
  await between();
  const worker = await rig.quire('worker', { GOODREADS_ORIGIN: origin, CRAWL_CONCURRENCY: '64' });
  const before = await cpuSeconds(rig.redis);
  const done = async (): Promise<boolean> => (await rig.redis.zcard(`${KEY}books`)) === jobs;
  await waitUntil('all books', done, { timeoutMs: DEADLINE_MS, everyMs: 100 });
  const crawled = await cpuSeconds(rig.redis);
  await worker.stop();
  return { submitSeconds: submitted - atStart, crawlSeconds: crawled - before };
}

/** Bytes a waiting job takes, by where they lie. */
async function waitingRows(rig: Rig, emptyBytes: number, jobs: number): Promise<BenchRow[]> {
  const each = async (pattern: string): Promise<number> => (await keysBytes(rig.redis, pattern)).bytes / jobs;
  const items = (await Promise.all([`${KEY}batch:*:items`, `${KEY}batch:*:states`, `${KEY}batch:*:log`].map(each))).reduce((a, b) => a + b);
  return [
    plain('memory of a waiting job, all of it', ((await usedBytes(rig.redis)) - emptyBytes) / jobs, 'bytes'),
    plain("of it: BullMQ's hash", await each(`${QUEUE}book-*`), 'bytes'),
    plain("of it: BullMQ's order of waiting jobs", (await keyBytes(rig.redis, `${QUEUE}prioritized`)) / jobs, 'bytes'),
    plain("of it: Quire's record", await each(`${KEY}job:*`), 'bytes'),
    plain('of it: the batch item', items, 'bytes'),
  ];
}

async function jobRows(rig: Rig, origin: string, jobs: number): Promise<BenchRow[]> {
  await rig.redis.flushall();
  const emptyBytes = await usedBytes(rig.redis);
  const waiting: BenchRow[] = [];
  const { submitSeconds, crawlSeconds } = await lifeOf(rig, origin, jobs, async () => {
    waiting.push(...(await waitingRows(rig, emptyBytes, jobs)));
  });
  const log = await keysBytes(rig.redis, `${KEY}batch:*:log`);
  const life = (submitSeconds + crawlSeconds) / jobs;
  return [
    plain('CPU of Redis for a job: submitting', (submitSeconds / jobs) * 1e6, 'µs'),
    plain('CPU of Redis for a job: taking, settling and finishing', (crawlSeconds / jobs) * 1e6, 'µs'),
    plain('one shard by its CPU: jobs from submission to end', 1 / life, 'jobs/s'),
    plain('one shard by its CPU: jobs that were submitted before', jobs / crawlSeconds, 'jobs/s'),
    ...waiting,
    plain('memory of the settled log, an item', log.bytes / jobs, 'bytes'),
  ];
}

/** Where Redis spends its time on a job: each command is noted, which costs a little itself. */
async function scriptRows(rig: Rig, origin: string): Promise<BenchRow[]> {
  const jobs = 2_000;
  const times = await timeByScript(rig.redis, async () => {
    await lifeOf(rig, origin, jobs);
  });
  return times
    .filter(({ us }) => us / jobs >= 0.5)
    .map(({ name, us, calls }) => plain(`time in Redis for a job: ${name}, ${(calls / jobs).toPrecision(2)} times a job`, us / jobs, 'µs'));
}

interface Bare {
  perSecond: number;
}

/** BullMQ without Quire: jobs that are there already, taken by no-op processors in several processes. */
async function bareRows(rig: Rig, jobs: number): Promise<BenchRow[]> {
  const rates: { processes: number; perSecond: number; ceiling: number }[] = [];
  for (const processes of [1, 2, 4].filter((count) => count <= Math.max(2, availableParallelism()))) {
    await rig.redis.flushall();
    const added = await cpuSeconds(rig.redis);
    const share = Math.ceil(jobs / processes);
    await runLimit<Bare>('add-bulk', [rig.redisUrl, share * processes, 2]);
    const before = await cpuSeconds(rig.redis);
    const startedMs = Date.now() + 1_500;
    const all = await Promise.all(
      Array.from({ length: processes }, () => runLimit<{ done: number; endedMs: number }>('no-op-worker', [rig.redisUrl, startedMs])),
    );
    const done = all.reduce((sum, one) => sum + one.done, 0);
    const seconds = (Math.max(...all.map((one) => one.endedMs)) - startedMs) / 1_000;
    const cpu = (await cpuSeconds(rig.redis)) - before;
    rates.push({ processes, perSecond: done / seconds, ceiling: done / cpu });
    if (processes === 1) rates.push({ processes: 0, perSecond: Number.NaN, ceiling: done / (cpu + before - added) });
  }
  const life = rates.find(({ processes }) => processes === 0);
  const limited = rates.filter(({ processes }) => processes > 0);
  return [
    ...limited.map(({ processes, perSecond, ceiling }): BenchRow => {
      const name = `bare BullMQ, waiting jobs, no-op processors, processes: ${processes} (limit: by the CPU of Redis)`;
      return { name, store: 'redis', ours: perSecond, limit: ceiling, ratio: perSecond / ceiling, unit: 'jobs/s', target: '' };
    }),
    plain('bare BullMQ by the CPU of Redis: jobs from addBulk to end', life?.ceiling ?? Number.NaN, 'jobs/s'),
  ];
}

/** Connections that Quire holds, by `CLIENT LIST`, with what each takes. */
async function connectionRows(rig: Rig): Promise<BenchRow[]> {
  await rig.redis.flushall();
  const mine = String(await rig.redis.client('ID'));
  const look = async (): Promise<number[]> =>
    String(await rig.redis.client('LIST'))
      .split('\n')
      .filter((line) => line !== '' && !line.includes(`id=${mine} `))
      .map((line) => Number(/tot-mem=(\d+)/.exec(line)?.[1]));
  const rows: BenchRow[] = [];
  for (const role of ['api', 'worker'] as const) {
    const before = (await look()).length;
    const quire = await rig.quire(role);
    const held = await look();
    rows.push(plain(`connections of one ${role}`, held.length - before, ''));
    rows.push(plain(`memory of a connection of the idle ${role} (median)`, median(held) / 1024, 'KiB'));
    await quire.stop();
  }
  return rows;
}

async function readRows(rig: Rig): Promise<BenchRow[]> {
  await rig.redis.flushall();
  await crawlOne(rig);
  const api = await rig.quire('api');
  const json = await (await fetch(`${api.address}/book-info?id=${FIRST_ID}`)).text();
  const before = await usedBytes(rig.redis);
  await withStore({ REDIS_URL: rig.redisUrl, QUEUE_PREFIX: PREFIX }, (store) =>
    fillBooks(store, { json, number: String(FIRST_ID) }, READ.first, READ.count),
  );
  const perBook = ((await usedBytes(rig.redis)) - before) / READ.count;
  const load = (seconds: number) => measureLoad(`${api.address}/book-info?id={id}`, { connections: 64, seconds, ids: READ });
  await load(1);
  const cpu = await cpuSeconds(rig.redis);
  const seconds = rig.quick ? 2 : 10;
  const { perSecond } = await load(seconds);
  const reads = perSecond * seconds;
  const used = (await cpuSeconds(rig.redis)) - cpu;
  await api.stop();
  return [
    plain(`memory of a stored book of ${(json.length / 1000).toFixed(1)} kB, all of it`, perBook, 'bytes'),
    plain('one shard by its CPU: reads of books, many in one MGET', reads / used, 'reads/s'),
    plain('the reads that this was measured with', perSecond, 'reads/s'),
  ];
}

export async function benchShard(rig: Rig): Promise<BenchRow[]> {
  const jobs = rig.quick ? 3_000 : 30_000;
  const site = await startGoodreadsProcess({ pages: await smallestPage(rig) });
  try {
    return [
      ...(await jobRows(rig, site.origin, jobs)),
      ...(await scriptRows(rig, site.origin)),
      ...(await bareRows(rig, rig.quick ? 10_000 : 60_000)),
      ...(await readRows(rig)),
      ...(await connectionRows(rig)),
    ];
  } finally {
    await site.stop();
    await rig.redis.flushall();
  }
}
