/** The embedded store: everything in one process, so that the parts share one core. */
import { join } from 'node:path';
import { Agent } from 'undici';
import type { BatchView } from '../src/app/batches/batch-view.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { measureLoad } from './load.ts';
import { peakMebibytes } from './process-figures.ts';
import { FIRST_ID, submitBooks, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { postLinks } from './submit.ts';

const DEADLINE_MS = 300_000;

/** Row against a figure that is wanted. */
const wanted = (name: string, ours: number, limit: number, unit: string, target: string): BenchRow => ({
  name,
  store: 'embedded',
  ours,
  limit,
  ratio: ours / limit,
  unit,
  target,
});

/** Submits links to so many books, waits until they are settled, and gives books per second. */
export async function crawlAll(address: string, books: number, firstId = FIRST_ID): Promise<number> {
  const startedMs = performance.now();
  const batchIds = await submitBooks(address, books, firstId);
  for (const batchId of batchIds) {
    await waitUntil(
      'the batch to end',
      async () => {
        const view = (await (await fetch(`${address}/batches/${batchId}`)).json()) as BatchView;
        return view.state !== 'running';
      },
      { timeoutMs: DEADLINE_MS, everyMs: 50 },
    );
  }
  return books / ((performance.now() - startedMs) / 1000);
}

/** Time from the start of the process to the first 200 of `/readyz`. */
async function startMs(rig: Rig, dataDir: string): Promise<number> {
  const startedMs = performance.now();
  const quire = await rig.quire('all', { DATA_DIR: dataDir });
  await waitUntil('/readyz', async () => (await fetch(`${quire.address}/readyz`)).status === 200, { everyMs: 5 });
  const ms = performance.now() - startedMs;
  await quire.stop();
  return ms;
}

export async function benchEmbedded(rig: Rig): Promise<BenchRow[]> {
  const dir = await rig.directory();
  const newMs = await startMs(rig, join(dir, 'data'));
  const existingMs = await startMs(rig, join(dir, 'data'));

  const quire = await rig.quire('all', { DATA_DIR: join(dir, 'data') });
  const booksPerSecond = await crawlAll(quire.address, rig.quick ? 500 : 5_000);
  const reads = await measureLoad(`${quire.address}/book-info?id=${FIRST_ID}`, { connections: 64, seconds: rig.quick ? 1 : 5 });
  const peak = await peakMebibytes(quire.pid);
  await quire.stop();

  // Quiet hours keep the worker from taking its share of the one core.
  const idle = await rig.quire('all', { DATA_DIR: join(dir, 'submissions'), QUIET_HOURS: '00:00-23:59' });
  const dispatcher = new Agent();
  const bodies = Array.from({ length: rig.quick ? 10 : 30 }, (_, n) =>
    JSON.stringify(Array.from({ length: 1_000 }, (_x, m) => `https://www.goodreads.com/book/show/${3_000_000_000 + n * 1_000 + m}`)),
  );
  await postLinks(idle.address, bodies.splice(0, 2), dispatcher);
  const links = await postLinks(idle.address, bodies, dispatcher);
  await dispatcher.close();
  await idle.stop();

  return [
    wanted('first answer, new data directory', newMs, 5_000, 'ms', '≤ 1'),
    wanted('first answer, existing data directory', existingMs, 2_000, 'ms', '≤ 1'),
    wanted('from POST /parse-links to the last stored book', booksPerSecond, 250, 'books/s', '≥ 1'),
    wanted('GET /book-info at 64 connections', reads.perSecond, 8_000, 'reads/s', '≥ 1'),
    wanted('POST /parse-links, 1000 new links (limit: none set)', links, Number.NaN, 'links/s', ''),
    wanted('most memory held by the process', peak, 400, 'MiB', '≤ 1'),
  ];
}
