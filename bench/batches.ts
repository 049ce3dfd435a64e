/** `GET /batches/{id}` of a batch of 10,000 links on an idle service. */
import { measureLoad } from './load.ts';
import type { Rig } from './rig.ts';
import type { BenchRow } from './row.ts';

const ITEMS = 10_000;
const P99_MS = 5;

export async function benchBatches(rig: Rig): Promise<BenchRow[]> {
  const api = await rig.quire('api');
  const links = Array.from({ length: ITEMS }, (_, n) => `https://www.goodreads.com/book/show/${4_000_000_000 + n}`);
  const answer = await fetch(`${api.address}/parse-links`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(links),
  });
  const { batchId } = (await answer.json()) as { batchId: string };
  const url = `${api.address}/batches/${batchId}`;
  await measureLoad(url, { connections: 1, seconds: 1 });
  const { p99Ms } = await measureLoad(url, { connections: 1, seconds: rig.quick ? 2 : 5 });
  await api.stop();
  await rig.redis.flushall();
  return [
    {
      name: `GET /batches/{id} of ${ITEMS} waiting links, p99 of one reader`,
      store: 'redis',
      ours: p99Ms,
      limit: P99_MS,
      ratio: p99Ms / P99_MS,
      unit: 'ms',
      target: '≤ 1',
    },
  ];
}
