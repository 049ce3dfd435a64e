/** What a waiting job and a stored book take in Redis, and what a large file takes in an api. */
import { benchLibraryExport } from './library-export.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { FIRST_ID, PREFIX, submitBooks, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';

const BYTES_A_JOB = 1_000;
const TIMES_JSON = 1.25;

const usedBytes = async (rig: Rig): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await rig.redis.info('memory'))?.[1]);

async function bytesPerJob(rig: Rig, jobs: number): Promise<number> {
  const api = await rig.quire('api');
  // The first request fills caches of scripts; it is not what a job takes.
  await submitBooks(api.address, 1_000, 7_000_000_000);
  const before = await usedBytes(rig);
  await submitBooks(api.address, jobs, 8_000_000_000);
  const after = await usedBytes(rig);
  await api.stop();
  return (after - before) / jobs;
}

/** Memory of the keys that hold books and their list, over the bytes of the JSON in them. */
async function timesTheJson(rig: Rig, books: number): Promise<number> {
  const quire = await rig.quire('all');
  await submitBooks(quire.address, books, FIRST_ID);
  await waitUntil('the books', async () => (await rig.redis.zcard(`{${PREFIX}}:books`)) === books, { timeoutMs: 60_000 });
  await quire.stop();
  let kept = Number(await rig.redis.memory('USAGE', `{${PREFIX}}:books`, 'SAMPLES', 0));
  let json = 0;
  for (let n = 0; n < books; n++) {
    const key = `{${PREFIX}}:book-${FIRST_ID + n}`;
    const pair = await Promise.all([rig.redis.memory('USAGE', key), rig.redis.strlen(key)]);
    kept += Number(pair[0]);
    json += pair[1] - 47;
  }
  return kept / json;
}

export async function benchMemory(rig: Rig): Promise<BenchRow[]> {
  await rig.redis.flushall();
  const job = await bytesPerJob(rig, rig.quick ? 10_000 : 100_000);
  await rig.redis.flushall();
  const book = await timesTheJson(rig, rig.quick ? 500 : 2_000);
  await rig.redis.flushall();
  const libraryExport = await benchLibraryExport(rig);
  await rig.redis.flushall();
  return [
    {
      name: 'Redis memory of a waiting job, its record and its batch item',
      store: 'redis',
      ours: job,
      limit: BYTES_A_JOB,
      ratio: job / BYTES_A_JOB,
      unit: 'bytes',
      target: '≤ 1',
    },
    {
      name: 'Redis memory of a stored book, over its JSON',
      store: 'redis',
      ours: book,
      limit: TIMES_JSON,
      ratio: book / TIMES_JSON,
      unit: 'times',
      target: '≤ 1',
    },
    libraryExport,
  ];
}
