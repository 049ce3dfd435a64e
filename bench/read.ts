/** Reads per second of `GET /book-info`, against bare Fastify routes that send the same bytes. */
import type { BookId } from '../src/domain/identity.ts';
import { createRedisStore } from '../src/storage/redis/store.ts';
import { measureLoad, type Load, type LoadOptions } from './load.ts';
import { crawlOne, FIRST_ID, PREFIX, serveLimit, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { inRounds, median } from './statistics.ts';

const CONNECTIONS = 64;
/** More books than the process keeps in memory, read one after the other: each read finds its book gone from there. */
const MANY = { first: 6_000_000_000, count: 30_000 };
const AT_ONCE = 1_000;

/** Keeps the bytes of a real book under many numbers, for ours and for the bare routes. */
async function storeMany(rig: Rig, body: Buffer): Promise<void> {
  const store = createRedisStore({
    url: rig.redisUrl,
    settings: { prefix: PREFIX, batchTtlMs: 3_600_000, maxSettledJobs: 10_000, maxFailedJobs: 10_000 },
  });
  await store.start();
  const nowMs = Date.now();
  const copy = { body, etag: 'abcdefghijklmnop', fetchedAtMs: nowMs, freshUntilMs: nowMs + 3_600_000, richness: 1 };
  for (let from = 0; from < MANY.count; from += AT_ONCE) {
    const ids = Array.from({ length: AT_ONCE }, (_, n) => String(MANY.first + from + n) as BookId);
    await Promise.all(
      ids.flatMap((bookId) => [store.books.put({ ...copy, bookId }, [], nowMs + 7_200_000), rig.redis.set(`bare:${bookId}`, body)]),
    );
  }
  await store.stop();
}

export async function benchRead(rig: Rig): Promise<BenchRow[]> {
  const seconds = rig.quick ? 1 : 5;
  await crawlOne(rig);
  const api = await rig.quire('api');
  const body = Buffer.from(await (await fetch(`${api.address}/book-info?id=${FIRST_ID}`)).arrayBuffer());
  await storeMany(rig, body);
  const bare = await serveLimit('read-server', [rig.redisUrl, 'bare:', MANY.first]);
  const load = (url: string, more: Partial<LoadOptions>) => async (): Promise<Load> =>
    measureLoad(url, { connections: CONNECTIONS, seconds, ...more });
  const targets = {
    many: load(`${api.address}/book-info?id={id}`, { ids: MANY }),
    redis: load(`${bare.address}/redis?id={id}`, { ids: MANY }),
    hot: load(`${api.address}/book-info?id=${MANY.first}`, {}),
    memory: load(`${bare.address}/memory`, {}),
  };
  for (const target of Object.values(targets)) await target();
  const measured = await inRounds(rig.quick ? 1 : 5, targets);
  await bare.stop();
  await api.stop();
  await rig.redis.flushall();

  const of = (name: keyof typeof targets, field: keyof Load): number => median(measured[name].map((one) => one[field]));
  const row = (name: string, field: keyof Load, which: 'many' | 'hot', target: string): BenchRow => {
    const [ours, limit] = [of(which, field), of(which === 'many' ? 'redis' : 'memory', field)];
    return { name, store: 'redis', ours, limit, ratio: ours / limit, unit: field === 'perSecond' ? 'reads/s' : 'ms', target };
  };
  const what = `GET /book-info, ${(body.length / 1000).toFixed(1)} kB, ${CONNECTIONS} connections`;
  return [
    row(`${what}, ${MANY.count} books in turn (limit: bare Fastify and one Redis GET)`, 'perSecond', 'many', '≥ 0.95'),
    row(`${what}, p50 of the same`, 'p50Ms', 'many', ''),
    row(`${what}, p99 of the same`, 'p99Ms', 'many', '≤ 2'),
    row(`${what}, one hot book (limit: bare Fastify, bytes in memory)`, 'perSecond', 'hot', '≥ 0.8'),
    row(`${what}, p99 of the same`, 'p99Ms', 'hot', '≤ 2'),
  ];
}
