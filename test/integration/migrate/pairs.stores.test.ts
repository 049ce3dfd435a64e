/** Every store into every other, record by record. */
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { migrate, MigrationRefused, type MigrationOptions, type MigrationProgress } from '../../../src/migrate/migrate.ts';
import { createProducer } from '../../../src/queue/producer.ts';
import { openQueue, type ParseBookQueue } from '../../../src/queue/parse-book-queue.ts';
import { createDeliveries } from '../../../src/webhooks/deliveries.ts';
import { createDeliveryQueue, openWebhookQueue } from '../../../src/queue/deliver-webhook-queue.ts';
import { createRedisStore } from '../../../src/storage/redis/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { MIGRATION_DOCUMENT } from '../../../src/storage/transfer.ts';
import { contentsOf, populate } from '../../contract/populated.ts';
import {
  HOUR_MS,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBatchId,
  newBookId,
  NOW_MS,
  sampleBook,
  settleParsed,
  submit,
} from '../../contract/samples.ts';
import { sharedRedisUrl } from '../../support/redis-server.ts';
import { inThisRun } from '../../support/sizes.ts';
import { embeddedStore, postgresStore, redisStore, TEST_SETTINGS, type StoreKind } from '../../support/stores.ts';

const PAIRS: [StoreKind, StoreKind][] = [
  [embeddedStore, redisStore],
  [redisStore, embeddedStore],
  [embeddedStore, postgresStore],
  [postgresStore, embeddedStore],
  [redisStore, postgresStore],
  [postgresStore, redisStore],
  [redisStore, redisStore],
];

const made: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of made.splice(0).toReversed()) await cleanup();
});

async function open(kind: StoreKind): Promise<Store> {
  const { store, cleanup } = await kind.make();
  made.push(cleanup);
  return store;
}

const move = (from: Store, to: Store, more: Partial<MigrationOptions> = {}): ReturnType<typeof migrate> =>
  // Stores of tests are not named on a command line, so PostgreSQL cannot tell their connections from those of a service.
  migrate({
    from,
    to,
    merge: false,
    force: true,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onError: () => undefined,
    ...more,
  });

function queueOf(store: Store): ParseBookQueue {
  const queue = openQueue(store, () => undefined);
  made.push(() => queue.close());
  return queue;
}

/** Ids of runs as a worker would take them. */
async function order(queue: ParseBookQueue): Promise<string[]> {
  const first = (await queue.getRanges(['waiting'], 0, 100_000, false)).toReversed();
  return [...first, ...(await queue.getRanges(['prioritized'], 0, 100_000, true))];
}

async function enqueue(store: Store, queue: ParseBookQueue, jobIds: JobId[]): Promise<void> {
  const producer = createProducer(store, queue);
  for (const jobId of jobIds) {
    const record = await store.jobs.get(jobId);
    if (record?.state === 'live') await producer.enqueue([{ jobId, run: record.run }], record.priority);
  }
}

/** A pair counts as PostgreSQL's when that is on either side: another SQL store speaks for it in the quick tests. */
const named = PAIRS.map(([from, to]) => ({
  from,
  to,
  name: `${from.name} to ${to.name}`,
  store: from === postgresStore || to === postgresStore ? 'postgres' : 'redis',
}));

describe.each(inThisRun(named))('from $name', ({ from: fromKind, to: toKind }) => {
  it('everything arrives as it was, jobs wait in their order, and the source keeps all', async () => {
    const from = await open(fromKind);
    const to = await open(toKind);
    const { waiting, solo, grown } = await populate(from);
    const source = queueOf(from);
    // Neither sorted by id nor all of them: one is left out, as by a process that died between recording and enqueuing.
    const queued = [...waiting.slice(20, 39), solo, ...waiting.slice(0, 20), ...grown];
    await enqueue(from, source, queued);
    const before = await contentsOf(from);
    const seen: MigrationProgress[] = [];
    const report = await move(from, to, { onProgress: (progress) => seen.push(progress) });

    expect(report).toMatchObject({ complete: true, resumed: false });
    expect(Object.fromEntries(report.counts.map(({ subject, inTarget }) => [subject, inTarget]))).toEqual({
      books: 9,
      batches: 5,
      jobs: 48,
      documents: 2,
      tallies: 3,
      pages: 1,
      'waiting jobs': 43,
      'webhook calls': 0,
    });
    expect(await contentsOf(to)).toEqual(before);
    expect(await contentsOf(from)).toEqual(before);
    const left = await from.jobs.get(waiting[39] as JobId);
    expect(await order(queueOf(to))).toEqual([...(await order(source)), `${left?.jobId}.${left?.run}`]);
    expect(seen.map(({ step, subject }) => `${step} ${subject}`)).toEqual(
      expect.arrayContaining(['copy books', 'copy pages', 'enqueue waiting jobs', 'check jobs']),
    );
  });

  it('a webhook call that was not made yet is queued in the target', async () => {
    const from = await open(fromKind);
    const to = await open(toKind);
    const calls = openWebhookQueue(from, () => undefined);
    made.push(() => calls.close());
    const deliveries = createDeliveries({ documents: from.documents, queue: createDeliveryQueue(calls) });
    await deliveries.announce('wh0123456789', { type: 'batch.completed', atMs: NOW_MS, key: 'one', data: {} });
    const { complete, counts } = await move(from, to);
    expect([complete, counts.find(({ subject }) => subject === 'webhook calls')]).toEqual([
      true,
      { subject: 'webhook calls', inSource: 1, inTarget: 1 },
    ]);
    const there = openWebhookQueue(to, () => undefined);
    made.push(() => there.close());
    expect(await there.getRanges(['waiting'], 0, 10)).toEqual(await calls.getRanges(['waiting'], 0, 10));
  });
});

describe('a migration', () => {
  it('that was interrupted goes on where it was, and sees what the source did in between', async () => {
    const from = await open(redisStore);
    const to = await open(postgresStore);
    const { waiting, running } = await populate(from, 1_500);
    const interruption = new AbortController();
    const pages: string[] = [];
    const first = move(from, to, {
      signal: interruption.signal,
      onProgress: ({ subject, done }) => {
        pages.push(subject);
        // A page of Redis has no fixed size: the first that holds jobs is enough.
        if (subject === 'jobs' && done > 0) interruption.abort(new Error('enough'));
      },
    });
    await expect(first).rejects.toThrow('enough');
    expect(pages).toContain('batches');
    // Another source may not be mixed in, nor may this one be forgotten.
    const other = await open(redisStore);
    await other.books.put(sampleBook(newBookId()), [], KEEP_UNTIL_MS);
    await expect(move(other, to)).rejects.toThrow(/was interrupted: run that one again first/);

    for (const jobId of waiting.slice(0, 300)) await settleParsed(from, jobId, { nowMs: NOW_MS + 5_000 });
    const again: string[] = [];
    const report = await move(from, to, { onProgress: ({ step, subject }) => again.push(`${step} ${subject}`) });
    expect(report).toMatchObject({ complete: true, resumed: true });
    expect(again).not.toContain('copy books');
    expect(again).toContain('copy jobs');
    expect(await contentsOf(to)).toEqual(await contentsOf(from));
    expect(await to.batches.get(running)).toMatchObject({ counts: { queued: 1_200, parsed: 302 } });
    await expect(move(from, to)).rejects.toThrow(/was finished at/);
  });

  it('with --merge keeps what is newer of both, and one job for all who wait for a book', async () => {
    const from = await open(embeddedStore);
    const to = await open(redisStore);
    const [newer, older, both] = [newBookId(), newBookId(), newBookId()] as [BookId, BookId, BookId];
    for (const [store, at] of [
      [from, 0],
      [to, 1],
    ] as const) {
      await store.books.put(sampleBook(newer, { fetchedAtMs: NOW_MS - at * HOUR_MS, label: `s${at}` }), [], KEEP_UNTIL_MS);
      await store.books.put(sampleBook(older, { fetchedAtMs: NOW_MS - HOUR_MS + at * HOUR_MS, label: `s${at}` }), [], KEEP_UNTIL_MS);
    }
    const [ours, theirs] = [newBatchId(), newBatchId()];
    await submit(from, ours, itemsOf([jobOf(both)]), { priority: 'interactive' });
    await submit(to, theirs, itemsOf([jobOf(both)]), { priority: 'bulk' });
    await expect(move(from, to)).rejects.toThrow(MigrationRefused);
    const held = await to.jobs.get(jobOf(both));
    expect(await move(from, to, { merge: true })).toMatchObject({ complete: true });
    expect(await move(from, to, { merge: true })).toMatchObject({ complete: true });

    expect((await to.books.list(null, 10)).map(({ etag }) => etag.slice(0, 7))).toEqual(['etag_s0', 'etag_s1']);
    expect(await to.jobs.get(jobOf(both))).toMatchObject({ run: held?.run, priority: 'interactive', waiters: 2 });
    expect(await order(queueOf(to))).toEqual([`${jobOf(both)}.${held?.run}`]);
    await settleParsed(to, jobOf(both));
    for (const batchId of [ours, theirs]) expect((await to.batches.get(batchId))?.endedAtMs).toBe(NOW_MS);
  });

  it('is refused from an empty source, into a target that is not empty, into itself, and beside a running Quire', async () => {
    const from = await open(redisStore);
    const to = await open(redisStore);
    await expect(move(from, to)).rejects.toThrow(/The source is empty/);
    await from.books.put(sampleBook(newBookId()), [], KEEP_UNTIL_MS);
    await expect(move(from, from)).rejects.toThrow(/the same store/);
    // Another name for the same server does not help.
    await expect(move({ ...from, description: 'somewhere else' }, from, { merge: true })).rejects.toThrow(/the same store/);
    await to.books.put(sampleBook(newBookId()), [], KEEP_UNTIL_MS);
    await expect(move(from, to)).rejects.toThrow(/The target is not empty .*1 books/);
    expect(await to.documents.get(MIGRATION_DOCUMENT, NOW_MS)).toBeNull();

    const prefix = /prefix (\w+)/.exec(from.description)?.[1] ?? '';
    const beside = createRedisStore({ url: sharedRedisUrl(), settings: { ...TEST_SETTINGS, prefix } });
    await beside.start();
    onTestFinished(() => beside.stop());
    await expect(move(from, to, { merge: true, force: false })).rejects.toThrow(/A Quire is running on the source .*1 other connection\)/);
    expect(await move(from, to, { merge: true, force: true })).toMatchObject({ complete: true });
  });
});
