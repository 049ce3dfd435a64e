/** Reads per second of `GET /book-info`, against bare Fastify routes that send the same bytes. */
import { measureLoad, type Load } from './load.ts';
import { crawlOne, serveLimit, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { inRounds, median } from './statistics.ts';

const CONNECTIONS = 64;

export async function benchRead(rig: Rig): Promise<BenchRow[]> {
  const seconds = rig.quick ? 2 : 5;
  const bookId = await crawlOne(rig);
  const api = await rig.quire('api');
  // A key with the bytes of the answer: what ours keeps has a header of 47 bytes before them.
  const body = await (await fetch(`${api.address}/book-info?id=${bookId}`)).text();
  await rig.redis.set('bare:book', body);
  const bare = await serveLimit('read-server', [rig.redisUrl, 'bare:book']);
  const load = (url: string) => async (): Promise<Load> => measureLoad(url, { connections: CONNECTIONS, seconds });
  const targets = {
    ours: load(`${api.address}/book-info?id=${bookId}`),
    redis: load(`${bare.address}/redis`),
    memory: load(`${bare.address}/memory`),
  };
  for (const target of Object.values(targets)) await target();
  const measured = await inRounds(rig.quick ? 2 : 5, targets);
  await bare.stop();
  await api.stop();
  await rig.redis.flushall();

  const of = (name: keyof typeof targets, field: keyof Load): number => median(measured[name].map((one) => one[field]));
  const row = (name: string, field: keyof Load, against: 'redis' | 'memory', unit: string, target: string): BenchRow => {
    const [ours, limit] = [of('ours', field), of(against, field)];
    return { name, store: 'redis', ours, limit, ratio: ours / limit, unit, target };
  };
  const kilobytes = (Buffer.byteLength(body) / 1000).toFixed(1);
  return [
    row(`GET /book-info, ${kilobytes} kB (limit: bare Fastify and one Redis GET)`, 'perSecond', 'redis', 'reads/s', '≥ 0.95'),
    row(`GET /book-info, p50 at ${CONNECTIONS} connections`, 'p50Ms', 'redis', 'ms', ''),
    row(`GET /book-info, p99 at ${CONNECTIONS} connections`, 'p99Ms', 'redis', 'ms', '≤ 2'),
    row('GET /book-info (limit: bare Fastify, bytes in memory)', 'perSecond', 'memory', 'reads/s', '≥ 0.8'),
  ];
}
