/** Whether memory stays bounded: many links through one api and one worker, and what is left in them and in Redis afterwards. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startGoodreadsProcess, type QuireProcess } from '../scripts/quire-process.ts';
import { freePort } from '../test/support/free-port.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { openHeap, type Heap } from './heap.ts';
import { keyBytes, keysBytes, memoryStats, usedBytes } from './redis-facts.ts';
import { FIRST_ID, PREFIX, submitBooks, type Rig } from './rig.ts';
import { plain, type BenchRow } from './row.ts';
import { slope } from './statistics.ts';

/** Small pages of our own: it is memory that is looked at, not parsing. */
const PAGES = join(import.meta.dirname, '..', 'test', 'fixtures', 'pages');
const BATCH = 1_000;
/** Links that wait at most while the next are submitted. */
const BACKLOG = 5_000;
const BATCH_TTL_SECONDS = 10;
const DEADLINE_MS = 900_000;
/** Of the samples: before, processes grow to their size. */
const SETTLED_PART = 0.2;
/** A record kept of each job would be larger: its id, its run, and an entry that leads there. */
const LEAK_BYTES = 100;
/** The same with what the allocator holds on to, which comes and goes by megabytes. */
const RESIDENT_BYTES = 250;
/** 10,000 records of settled jobs, 1,000 finished jobs and 1,000 events of BullMQ's, the scripts, and the buffers of the connections. */
const REST_BYTES = 10 * 2 ** 20;

interface Sample {
  jobs: number;
  resident: Record<'api' | 'worker', number>;
  heap: Record<'api' | 'worker', number>;
  redis: number;
}

const residentBytes = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** A process of Quire, and a way to its heap. */
async function startWatched(rig: Rig, role: 'api' | 'worker', origin: string): Promise<{ quire: QuireProcess; heap: Heap }> {
  const port = await freePort();
  const env = { GOODREADS_ORIGIN: origin, BATCH_TTL: `${BATCH_TTL_SECONDS}s` };
  const quire = await rig.quire(role, env, [`--inspect=127.0.0.1:${port}`]);
  return { quire, heap: await openHeap(port) };
}

/** What books take: their keys, the list of their numbers, and their share of the tables that Redis finds keys and ends by. */
async function bookBytes(rig: Rig): Promise<number> {
  const { bytes } = await keysBytes(rig.redis, `{${PREFIX}}:book-*`);
  const stats = await memoryStats(rig.redis);
  const at = (name: string): number => stats.get(name) ?? 0;
  // MEMORY USAGE of a key has its entry in the main table, of 24 bytes, but neither that table's places nor the table of ends.
  const tables = at('db.0.overhead.hashtable.main') - 24 * at('keys.count') + at('db.0.overhead.hashtable.expires');
  return bytes + tables + (await keyBytes(rig.redis, `{${PREFIX}}:books`));
}

interface Run {
  samples: Sample[];
  /** Bytes of Redis before the first link, and at the end, when the batches are gone. */
  redisStart: number;
  redisEnd: number;
  /** Bytes of the records of finished batches, a link. */
  batchBytes: number;
}

async function pass(rig: Rig, jobs: number, every: number, origin: string): Promise<Run> {
  const api = await startWatched(rig, 'api', origin);
  const worker = await startWatched(rig, 'worker', origin);
  const redisStart = await usedBytes(rig.redis);
  const stored = (): Promise<number> => rig.redis.zcard(`{${PREFIX}}:books`);
  const sample = async (): Promise<Sample> => ({
    jobs: await stored(),
    heap: { api: await api.heap.usedBytes(), worker: await worker.heap.usedBytes() },
    resident: { api: await residentBytes(api.quire.pid), worker: await residentBytes(worker.quire.pid) },
    redis: await usedBytes(rig.redis),
  });
  const samples: Sample[] = [];
  let batchBytes = Number.NaN;
  for (let submitted = 0; submitted < jobs;) {
    const batchIds = await submitBooks(api.quire.address, BATCH, FIRST_ID + submitted);
    submitted += BATCH;
    await waitUntil('the worker to catch up', async () => (await stored()) > submitted - BACKLOG, { timeoutMs: DEADLINE_MS, everyMs: 50 });
    if (submitted % every === 0) samples.push(await sample());
    if (submitted === jobs) {
      const key = `{${PREFIX}}:batch:${batchIds[0]}`;
      await waitUntil('the last batch', async () => (await rig.redis.hget(key, 'finished')) !== null, { timeoutMs: DEADLINE_MS });
      batchBytes =
        (await Promise.all(['', ':items', ':states', ':log'].map((name) => keyBytes(rig.redis, key + name)))).reduce((a, b) => a + b) /
        BATCH;
    }
  }
  await waitUntil('all books', async () => (await stored()) === jobs, { timeoutMs: DEADLINE_MS });
  samples.push(await sample());
  const gone = async (): Promise<boolean> => (await keysBytes(rig.redis, `{${PREFIX}}:batch:*`, 1)).count === 0;
  await waitUntil('the batches to go', gone, { timeoutMs: BATCH_TTL_SECONDS * 3_000, everyMs: 1_000 });
  const redisEnd = await usedBytes(rig.redis);
  for (const { quire, heap } of [api, worker]) {
    heap.close();
    await quire.stop();
  }
  return { samples, redisStart, redisEnd, batchBytes };
}

const atMost = (name: string, ours: number, unit: string, limit: number): BenchRow => ({
  ...plain(name, ours, unit),
  limit,
  ratio: ours / limit,
  target: '≤ 1',
});

/** What the rest of Redis consists of, in KiB. Bytes of connections come and go and are not among it. */
async function partsOfRest(rig: Rig): Promise<BenchRow[]> {
  const queue = `{${PREFIX}}:parse-book`;
  const size = async (...patterns: string[]): Promise<number> => {
    const sizes = await Promise.all(patterns.map((pattern) => keysBytes(rig.redis, pattern)));
    return sizes.reduce((sum, { bytes }) => sum + bytes, 0) / 1024;
  };
  const info = await rig.redis.info('memory');
  const scripts = Number(/^used_memory_scripts:(\d+)/m.exec(info)?.[1] ?? Number.NaN) / 1024;
  return [
    plain('of it: records of settled jobs and their list (at most 10,000)', await size(`{${PREFIX}}:job:*`, `{${PREFIX}}:finished`), 'KiB'),
    plain("of it: BullMQ's finished jobs (at most 1,000) and its events (about 1,000)", await size(`${queue}:*`), 'KiB'),
    plain(
      'of it: counters, documents and other lists',
      await size(`{${PREFIX}}:tally:*`, `{${PREFIX}}:doc*`, `{${PREFIX}}:unannounced`),
      'KiB',
    ),
    plain('scripts that Redis knows, most of them from before the start', scripts, 'KiB'),
  ];
}

export async function benchSlope(rig: Rig): Promise<BenchRow[]> {
  const [jobs, every] = rig.quick ? [10_000, 1_000] : [100_000, 5_000];
  await rig.redis.flushall();
  const site = await startGoodreadsProcess({ pages: PAGES });
  try {
    const { samples, redisStart, redisEnd, batchBytes } = await pass(rig, jobs, every, site.origin);
    const books = await bookBytes(rig);
    const rest = redisEnd - redisStart - books;
    const late = samples.slice(Math.floor(samples.length * SETTLED_PART));
    const growth = (of: (sample: Sample) => number): number => slope(late.map((sample) => ({ x: sample.jobs, y: of(sample) })));
    const what = `${jobs.toLocaleString('en')} small pages, one worker`;
    return [
      ...(['api', 'worker'] as const).flatMap((role) => [
        atMost(
          `${what}: growth of the heap of the ${role} a job, after a collection`,
          growth(({ heap }) => heap[role]),
          'bytes',
          LEAK_BYTES,
        ),
        // Within few jobs a process has not grown to its size.
        (rig.quick ? plain : atMost)(
          `${what}: growth of the resident memory of the ${role} a job`,
          growth(({ resident }) => resident[role]),
          'bytes',
          RESIDENT_BYTES,
        ),
        plain(`${what}: resident memory of the ${role} at the end`, (samples.at(-1)?.resident[role] ?? Number.NaN) / 2 ** 20, 'MiB'),
      ]),
      plain(`${what}: Redis at the end, over its start`, (redisEnd - redisStart) / 2 ** 20, 'MiB'),
      atMost(`${what}: the same without the books, BATCH_TTL ${BATCH_TTL_SECONDS} s and over`, rest / 2 ** 20, 'MiB', REST_BYTES / 2 ** 20),
      ...(await partsOfRest(rig)),
      plain('records of a finished batch of 1,000, a link, kept for BATCH_TTL', batchBytes, 'bytes'),
    ];
  } finally {
    await site.stop();
    await rig.redis.flushall();
  }
}
