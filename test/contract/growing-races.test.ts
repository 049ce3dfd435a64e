/** Everything that changes a growing batch, at the same moment and from two processes: nothing blocks, and nothing is lost or counted twice. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Client } from 'pg';
import type { BatchId } from '../../src/domain/batch.ts';
import type { JobId } from '../../src/domain/identity.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { collectionItem } from './growing-samples.ts';
import { batchOf, itemsOf, jobOf, newBatchId, newBookId, newRun, NOW_MS, OPTIONS, settlement } from './samples.ts';

const ROUNDS = 6;
const BATCHES = 4;
const JOBS = 24;
const WANTED = 3;
const UNTIL = { field: 'title', contains: 'x', count: WANTED };

let database: Awaited<ReturnType<typeof createDatabase>>;
let stores: [Store, Store];
beforeAll(async () => {
  database = await createDatabase(sharedPostgresUrl());
  const open = (): Store => createPostgresStore({ url: database.url, settings: TEST_SETTINGS });
  stores = [open(), open()];
  for (const store of stores) await store.start();
});
afterAll(async () => {
  for (const store of stores) await store.stop();
  await database.drop();
});

/** Makes an order that is another for each `seed`. */
const shuffled = <T>(list: readonly T[], seed: number): T[] =>
  list
    .map((one, at) => [((at + 1) * (2 * seed + 7) * 7_919) % 1_009, one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);

const isRefused = (error: unknown): null => {
  if ((error as { code?: string }).code === 'cancelled') return null;
  throw error;
};

/** Brings jobs by the collection of a batch, whoever else does too. */
async function bring(store: Store, batchId: BatchId, jobIds: JobId[], isLast: boolean): Promise<void> {
  const [item] = (await store.batches.items(batchId, { fromIndex: 0, limit: 1, state: null }))!.items;
  const from = {
    index: 0,
    ifVersion: item!.collection!.version,
    json: '{}',
    end: isLast ? { state: 'expanded' as const, reason: null } : null,
  };
  await addTo(store, batchId, jobIds, from);
}

async function addTo(store: Store, batchId: BatchId, jobIds: JobId[], from: Parameters<Store['batches']['add']>[0]['from']): Promise<void> {
  const items = itemsOf(jobIds).map(({ index: _index, ...item }) => item);
  await store.batches.add({ batchId, nowMs: NOW_MS, run: newRun(), priority: 'normal', maxAgeMs: null, items, from }).catch(isRefused);
}

/** Settles as a worker does: judges when it is asked to, and ends the batches that found enough. */
async function work(store: Store, jobId: JobId): Promise<void> {
  const judged = new Map<BatchId, boolean>();
  for (;;) {
    const { toJudge, stopped } = await store.jobs.settle({ ...settlement(jobId), judged });
    for (const { batchId } of toJudge) judged.set(batchId, true);
    for (const batchId of stopped) await store.batches.cancel(batchId, NOW_MS, 'skipped');
    if (toJudge.length === 0) return;
  }
}

/** What must hold of a batch, whatever happened to it. */
async function expectWhole(store: Store, batchId: BatchId): Promise<void> {
  const batch = await batchOf(store, batchId);
  const { items } = (await store.batches.items(batchId, { fromIndex: 0, limit: 1_000, state: null }))!;
  expect(items.map(({ index }) => index)).toEqual(Array.from({ length: batch.total }, (_, at) => at));
  const jobs = items.flatMap(({ jobId }) => jobId ?? []);
  expect(new Set(jobs).size).toBe(jobs.length);
  for (const [state, count] of Object.entries(batch.counts))
    expect([state, items.filter((item) => item.state === state).length]).toEqual([state, count]);
  const log = await store.batches.settledSince(batchId, 0, 1_000);
  expect(log.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
  expect(new Set(log.map(({ index }) => index)).size).toBe(log.length);
  expect(new Set(batch.found).size).toBe(batch.found.length);
  expect(batch.found.length).toBeLessThanOrEqual(WANTED);
  expect(batch.stoppedAtMs === null).toBe(batch.found.length < WANTED);
  expect(batch.endedAtMs === null).toBe(batch.counts.queued + batch.counts.expanding > 0 || batch.open);
}

it('adding, settling, closing, reporting and cancelling at once leave every batch whole, without a deadlock', async () => {
  const live: JobId[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const jobs = Array.from({ length: JOBS }, () => jobOf(newBookId()));
    const batchIds = Array.from({ length: BATCHES }, newBatchId);
    for (const [at, batchId] of batchIds.entries())
      await stores[0].batches.submit({
        batch: { batchId, options: at % 2 === 0 ? { ...OPTIONS, until: UNTIL } : OPTIONS, total: 5, last: true, open: at < 3 },
        nowMs: NOW_MS,
        run: newRun(),
        priority: 'normal',
        maxAgeMs: null,
        items: [{ ...collectionItem(), index: 0 }, ...itemsOf(shuffled(jobs, at + round).slice(0, 4), 1)],
      });
    const acts = batchIds.flatMap((batchId, at) =>
      stores.flatMap((store, side) => [
        ...[0, 1, 2].map((page) => () => bring(store, batchId, shuffled(jobs, at + side + page).slice(page, page + 9), page === 2)),
        ...[0, 1].map((nth) => () => addTo(store, batchId, shuffled(jobs, at * nth + side).slice(3, 12), null)),
        () => store.batches.close(batchId, NOW_MS),
        () => store.batches.report(batchId, [jobs[at]!.slice(5) as never], NOW_MS),
        ...(at === round % BATCHES && side === 0 ? [() => store.batches.cancel(batchId, NOW_MS)] : []),
      ]),
    );
    // Batches 1 and 3 look for nothing, and one of them at most is cancelled: these jobs still wait in the end.
    const left = new Set([1, 3].map((at) => shuffled(jobs, at + round)[0]!));
    const worked = jobs.filter((jobId) => !left.has(jobId));
    const works = stores.flatMap((store, side) => shuffled(worked, side + round).map((jobId) => () => work(store, jobId)));
    await Promise.all(shuffled([...acts, ...works], round).map((act) => act()));
    for (const batchId of batchIds) await expectWhole(stores[1], batchId);

    // Nothing is left over: what still waits does so for a live job, and no live job is there for nobody.
    for (const batchId of batchIds) {
      const { items } = (await stores[1].batches.items(batchId, { fromIndex: 0, limit: 1_000, state: 'queued' }))!;
      live.push(...items.flatMap(({ jobId }) => jobId ?? []));
    }
    for (const jobId of jobs) {
      const job = await stores[1].jobs.get(jobId);
      expect([jobId, job?.state === 'live']).toEqual([jobId, live.includes(jobId)]);
    }
    for (const jobId of jobs) await work(stores[0], jobId);
    for (const batchId of batchIds) await expectWhole(stores[0], batchId);
  }
  expect(live.length).toBeGreaterThanOrEqual(ROUNDS);

  // The statistics of a connection are complete when it has ended.
  for (const store of stores) await store.stop();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query('SELECT deadlocks::integer FROM pg_stat_database WHERE datname = current_database()');
  await client.end();
  expect(rows).toEqual([{ deadlocks: 0 }]);
}, 60_000);
