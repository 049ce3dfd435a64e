/** The current version starts on a store that an older version left, and loses nothing of it. */
import { isNotQuire } from '../support/hold-answers.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startQuire, type QuireEnd, type QuireProcess } from '../../scripts/quire-process.ts';
import type { JobView } from '../../src/app/jobs/job-view.ts';
import type { Goodreads } from '../support/goodreads.ts';
import { startReceiver, verified, type Receiver } from '../integration/webhooks/receiver.ts';
import {
  onUpgradePort,
  readExpected,
  restoreStore,
  startUpgradeGoodreads,
  unpackProgram,
  upgradeFile,
  UPGRADE_PORTS,
  UPGRADE_SETTINGS,
  UPGRADE_STORES,
  upgradeVersions,
  type UpgradeExpected,
  type UpgradeStore,
} from '../support/upgrade-fixtures.ts';
import { readEverything, readJson, settledLog, type Reading } from '../support/upgrade-reading.ts';
import { waitUntil } from '../support/wait-until.ts';
import { ask, itemsOf, linkTo, settled, submit } from './scene.ts';

const LEDGER_KEPT_MS = 89 * 86_400_000;
const TIMEOUT_MS = 60_000;

/** What of a reading has to be there still: hours of the ledger are kept for a while only, and the old secret of a webhook signs along for a day. Ended jobs are no backlog. */
function notAgedOut(reading: Reading): Reading {
  const sinceMs = (text: string | null): number => Date.now() - Date.parse(text ?? '');
  const { failed: _failed, completed: _completed, ...backlog } = reading.backlog;
  return {
    ...reading,
    backlog,
    webhooks: reading.webhooks.map((webhook) => ({
      ...webhook,
      previousSecretUntil: sinceMs(webhook.previousSecretUntil) < 0 ? webhook.previousSecretUntil : null,
    })),
    ledger: reading.ledger.filter(({ at }) => sinceMs(at) < LEDGER_KEPT_MS),
  };
}

const LIVE_ITEM = new Set(['queued', 'active', 'delayed', 'blocked']);
const LIVE_JOB = new Set(['waiting', 'active', 'delayed', 'blocked']);
const countLive = (counts: Record<string, number>): Record<string, number> => {
  const settledCounts = Object.entries(counts).filter(([state]) => !LIVE_ITEM.has(state));
  const live = Object.entries(counts).filter(([state]) => LIVE_ITEM.has(state));
  return { ...Object.fromEntries(settledCounts), live: live.reduce((sum, [, count]) => sum + count, 0) };
};

/**
 * The embedded store cannot be read without its worker, which takes up what waits at once. Live states are one there, and a call may have been made.
 * Quiet hours keep the worker from crawling.
 */
function whileItWorks(reading: Reading): object {
  const { backlog: _moves, source: _probes, ...rest } = reading;
  const batches = Object.entries(reading.batches).map(([id, { view, items, settled: log }]) => [
    id,
    {
      view: { ...view, counts: countLive(view.counts) },
      items: items.map((item) => ({ ...item, state: LIVE_ITEM.has(item.state) ? 'live' : item.state })),
      settled: log,
    },
  ]);
  const jobs = Object.entries(reading.jobs).map(([id, job]) => [id, { ...job, state: LIVE_JOB.has(job.state) ? 'live' : job.state }]);
  const deliveries = Object.entries(reading.deliveries).map(([id, delivery]) => {
    const { state: _state, attempts: _attempts, settledAt: _settledAt, nextAttemptAt: _next, ...kept } = delivery;
    return [id, delivery.state === 'pending' || delivery.attempts.length > 1 ? kept : delivery];
  });
  return {
    ...rest,
    batches: Object.fromEntries(batches),
    jobs: Object.fromEntries(jobs),
    deliveries: Object.fromEntries(deliveries),
  };
}

interface Scene {
  site: Goodreads;
  receiver: Receiver;
  expected: UpgradeExpected;
  start(role: 'all' | 'api' | 'worker', settings?: Record<string, string>, program?: string): Promise<QuireProcess>;
}

async function openUpgradeScene(version: string, store: UpgradeStore): Promise<Scene> {
  const site = await startUpgradeGoodreads(store);
  onTestFinished(() => site.stop());
  const receiver = await onUpgradePort(() => startReceiver(UPGRADE_PORTS[store].receiver));
  onTestFinished(() => receiver.stop());
  const env = await restoreStore(version, store, (undo) => onTestFinished(async () => void (await undo())));
  return {
    site,
    receiver,
    expected: await readExpected(version, store),
    async start(role, settings = {}, program) {
      const quire = await startQuire({
        role,
        env: { ...UPGRADE_SETTINGS, ...env, GOODREADS_ORIGIN: site.origin, BLOCK_PROBE: '1s', ...settings },
        ...(program === undefined ? {} : { program }),
      });
      onTestFinished(async () => void (await quire.kill9()));
      if (program !== undefined) isNotQuire(quire.address);
      return quire;
    },
  };
}

/** Hours that do not end while the test runs. */
function quietNow(): string {
  const hour = new Date().getUTCHours();
  const text = (at: number): string => `${String((at + 24) % 24).padStart(2, '0')}:00`;
  return `${text(hour - 1)}-${text(hour + 3)}`;
}

/** Ends a process and expects that it has nothing to complain of. */
async function stopWell(quire: QuireProcess): Promise<void> {
  const end: QuireEnd = await quire.stop();
  expect(end).toEqual({ code: 0, signal: null, errors: '' });
  expect(quire.log.filter(({ level }) => level >= 50)).toEqual([]);
}

const post = async <T>(quire: QuireProcess, path: string, body?: object): Promise<T> =>
  (
    await ask<T>(quire, path, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
  ).body;

/** An ISBN whose book was merged into another led nowhere on Redis: only SQL moved older aliases on to the book that remains. A version that repairs this may find the book. */
function expectNames(names: Reading['names'], { reading, isbnOfMerged, mergedInto }: UpgradeExpected): void {
  const { [isbnOfMerged]: merged, ...others } = names;
  const { [isbnOfMerged]: mergedThen, ...expected } = reading.names;
  expect(others).toMatchObject(expected);
  expect([mergedThen, { status: 200, leadsTo: mergedInto }]).toContainEqual(merged);
}

/** Links that name a stored book in any way are not crawled again. */
async function expectAliases(api: QuireProcess, { reading, isbnOfMerged }: UpgradeExpected): Promise<void> {
  const known = Object.entries(reading.names).filter(([name, { status }]) => status === 200 && name !== isbnOfMerged);
  expect(known.length).toBeGreaterThan(5);
  for (const [name, { leadsTo }] of known) {
    const { searchParams } = new URL(name, api.address);
    const isbn = searchParams.get('isbn');
    const link =
      isbn === null ? (searchParams.get('url') ?? linkTo(searchParams.get('id') ?? '')) : `https://www.goodreads.com/book/isbn/${isbn}`;
    expect([name, (await submit(api, [link])).body.items]).toMatchObject([name, [{ status: 'cached', bookId: leadsTo }]]);
  }
}

/** Every job that was live ran to its end: once, and with the attempts that it had used. */
async function expectJobsEnded(api: QuireProcess, site: Goodreads, { live, reading }: UpgradeExpected): Promise<void> {
  for (const bookId of [...live.parsed, ...live.notFound]) {
    const jobId = `book-${bookId}`;
    const before = reading.jobs[jobId];
    const job = await waitUntil(
      `${jobId} to end`,
      async () => {
        const body = await readJson<JobView>(api.address, `/jobs/${jobId}`);
        return !LIVE_JOB.has(body.state) && body;
      },
      { timeoutMs: TIMEOUT_MS },
    );
    expect(job).toMatchObject({ state: live.parsed.includes(bookId) ? 'parsed' : 'not-found', attempts: (before?.attempts ?? 0) + 1 });
    // What happened to it before is part of its story still.
    const events = (before?.timeline ?? []).map(({ at, event }) => ({ at, event }));
    expect(job.timeline.slice(0, events.length)).toMatchObject(events);
  }
  const once = [...live.parsed, ...live.notFound].map((bookId) => [bookId, 1]);
  expect((await site.stats()).byId).toEqual(Object.fromEntries(once));
}

async function expectBatchesEnded(api: QuireProcess, { batches, live, reading }: UpgradeExpected): Promise<void> {
  for (const batchId of batches.open) {
    const before = reading.batches[batchId];
    const batch = await settled(api, batchId, TIMEOUT_MS);
    expect(batch).toMatchObject({ state: 'completed', total: before?.view.total, createdAt: before?.view.createdAt });
    const items = await itemsOf(api, batchId);
    const wanted = (before?.items ?? []).map(({ index, state, bookId }) => {
      if (!LIVE_ITEM.has(state)) return { index, state };
      return { index, state: live.notFound.includes(bookId ?? '') ? 'not-found' : 'parsed' };
    });
    expect(items).toMatchObject(wanted);
    // Items that were settled from the start are not in the log; every other one is there once.
    const log = (await settledLog(api.address, batchId)).map(({ data }) => Number(data['index']));
    expect(log.toSorted((a, b) => a - b)).toEqual([...new Set(log)].toSorted((a, b) => a - b));
    const ran = wanted.filter(({ index }) => LIVE_ITEM.has(before?.items[index]?.state ?? ''));
    expect(log).toEqual(expect.arrayContaining(ran.map(({ index }) => index)));
  }
}

/** Every call that waited was made with the id and the body that it had, and every call is signed by the secret of its webhook. */
async function expectCalls(api: QuireProcess, receiver: Receiver, { reading, secrets, batches }: UpgradeExpected): Promise<void> {
  const waited = Object.values(reading.deliveries).filter(({ state }) => state === 'pending');
  const own = batches.open.filter((batchId) => secrets[batchId] !== undefined);
  const everything = reading.webhooks.find(({ events, state }) => state === 'enabled' && events.includes('*'));
  const { deliveries } = await waitUntil(
    'the calls that waited, and those of each batch that ended',
    async () => {
      const states = await Promise.all(waited.map(({ id }) => readJson<{ state: string }>(api.address, `/deliveries/${id}`)));
      if (!states.every(({ state }) => state === 'delivered')) return false;
      for (const batchId of own) {
        const { body } = await ask<{ deliveries: { state: string }[] }>(api, `/deliveries?batchId=${batchId}`);
        if (body.deliveries.length !== 1 || body.deliveries[0]?.state !== 'delivered') return false;
      }
      const { body } = await ask<{ deliveries: { type: string; state: string }[] }>(
        api,
        `/webhooks/${everything?.id}/deliveries?limit=100`,
      );
      const ended = body.deliveries.filter(({ type, state }) => type === 'batch.completed' && state === 'delivered');
      return ended.length > batches.open.length && body;
    },
    { timeoutMs: TIMEOUT_MS, everyMs: 100 },
  );
  expect(deliveries.length).toBeGreaterThan(batches.open.length);

  for (const { id, payload } of waited) {
    const calls = receiver.calls.filter(({ headers }) => headers['webhook-id'] === id);
    expect([id, calls.length]).toEqual([id, 1]);
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual(payload);
  }
  const pathOf = new Map(reading.webhooks.map(({ id, url }) => [new URL(url).pathname, id]));
  for (const call of receiver.calls) {
    const { data } = JSON.parse(call.body) as { data: { batchId?: string } };
    const [secret = ''] = secrets[pathOf.get(call.path) ?? data.batchId ?? ''] ?? [];
    expect(verified(call, secret)).toMatchObject({ data });
  }
  // Nobody calls a receiver that wanted no more.
  expect(receiver.calls.filter(({ path }) => path === '/gone')).toEqual([]);
}

/** Failed jobs are queued again; what robots.txt disallows fails again. */
async function expectRedrive(api: QuireProcess, { reading }: UpgradeExpected): Promise<void> {
  const disallowed = reading.failed.filter((jobId) => reading.jobs[jobId]?.lastError?.code === 'disallowed');
  expect(disallowed).toHaveLength(1);
  await post(api, '/failures/redrive', {});
  for (const jobId of reading.failed) {
    const job = await waitUntil(
      `${jobId} to end again`,
      async () => {
        const body = await readJson<JobView>(api.address, `/jobs/${jobId}`);
        return body.settledAt !== null && body.createdAt !== reading.jobs[jobId]?.createdAt && body;
      },
      { timeoutMs: TIMEOUT_MS },
    );
    expect([jobId, job.state]).toEqual([jobId, disallowed.includes(jobId) ? 'failed' : 'parsed']);
  }
}

/**
 * What later versions tell of a job beyond what this one told: entries at the end of its timeline that are made when it is read, and the error of its
 * last attempt while it is live.
 */
function withoutNewWords(found: Reading, wanted: Reading): { found: Reading; wanted: Reading } {
  const known = Object.entries(wanted.jobs);
  const jobs = known.map(([jobId, { lastError, ...job }]) => [jobId, lastError === null ? job : { ...job, lastError }] as const);
  const cut = known.flatMap(([jobId, { timeline }]) => {
    const job = found.jobs[jobId];
    return job ? [[jobId, { ...job, timeline: job.timeline.slice(0, timeline.length) }] as const] : [];
  });
  return { found: { ...found, jobs: Object.fromEntries(cut) }, wanted: { ...wanted, jobs: Object.fromEntries(jobs) as Reading['jobs'] } };
}

/** Items of an ISBN whose book was merged later may name the book that remains: earlier versions on Redis named the merged one. */
function acceptMerged(found: unknown, wanted: unknown, { isbnOfMerged, mergedInto }: UpgradeExpected): void {
  if (typeof found !== 'object' || typeof wanted !== 'object' || found === null || wanted === null) return;
  const [now, before] = [found, wanted] as Record<string, unknown>[];
  if (!now || !before) return;
  const isbn = isbnOfMerged.slice(isbnOfMerged.indexOf('=') + 1);
  if (before['jobId'] === `isbn-${isbn}` && now['bookId'] === mergedInto) Object.assign(before, { bookId: mergedInto, url: now['url'] });
  for (const [name, child] of Object.entries(before)) acceptMerged(now[name], child, { isbnOfMerged, mergedInto } as UpgradeExpected);
}

/** An older version refuses a database with tables that it does not know. */
async function expectRefusal(startOlder: () => Promise<unknown>): Promise<void> {
  await expect(startOlder()).rejects.toThrow(/newer than the 3 that this Quire knows/);
}

const booksOf = (reading: Reading): object => ({ books: reading.books });

describe.each(upgradeVersions())('a store that version %s left', (version) => {
  it.each(UPGRADE_STORES)(
    'is read whole by this version, and what waited in it ends: %s',
    async (store) => {
      const { site, receiver, expected, start } = await openUpgradeScene(version, store);
      const apart = store !== 'embedded';
      // First nothing may move: an api changes nothing by itself.
      let api = await start(apart ? 'api' : 'all', apart ? {} : { QUIET_HOURS: quietNow() });
      const now = await readEverything(api.address, expected.known);
      const before = notAgedOut(expected.reading);
      acceptMerged(now, before, expected);
      const same = withoutNewWords(now, before);
      const { names: _now, ...found } = same.found;
      const { names: _then, ...wanted } = same.wanted;
      expect(apart ? found : whileItWorks(found as Reading)).toMatchObject(apart ? wanted : whileItWorks(wanted as Reading));
      expectNames(now.names, expected);
      expect((await site.stats()).requests).toBe(0);

      // Then the source opens and a worker comes.
      let worker: QuireProcess | undefined;
      if (apart) worker = await start('worker');
      else {
        await stopWell(api);
        api = await start('all');
      }
      await expectJobsEnded(api, site, expected);
      await expectBatchesEnded(api, expected);
      await expectCalls(api, receiver, expected);
      await expectRedrive(api, expected);
      await expectAliases(api, expected);

      // What was kept is kept still, and the source is open again.
      const after = await readEverything(api.address, { batchIds: [], jobIds: [], names: expected.known.names });
      const refreshed = '7100002';
      const { [refreshed]: _again, ...kept } = before.books;
      expect(after.books).toMatchObject(kept);
      for (const bookId of expected.live.parsed) expect(after.books).toHaveProperty(bookId);
      expect(after.source.state).not.toBe('blocked');
      // A request that was answered before is answered again, whether its key is remembered still or not.
      const { key, body } = expected.idempotent;
      const again = await ask(api, '/parse-links', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
      });
      expect([200, 202]).toContain(again.status);
      // A webhook that was disabled can be enabled.
      const disabled = before.webhooks.find(({ state }) => state === 'disabled');
      expect(await post(api, `/webhooks/${disabled?.id}/enable`)).toMatchObject({ id: disabled?.id, state: 'enabled' });
      if (worker) await stopWell(worker);
      await stopWell(api);

      // The older version starts on what this one wrote in Redis. It refuses a database with tables that it does not know.
      const program = await unpackProgram(upgradeFile(version, `quire-${version}.tgz`), (undo) =>
        onTestFinished(async () => void (await undo())),
      );
      if (store !== 'redis') return expectRefusal(() => start(apart ? 'api' : 'all', {}, program));
      const old = await start(apart ? 'api' : 'all', {}, program);
      const back = await readEverything(old.address, { batchIds: expected.batches.open, jobIds: expected.known.jobIds, names: [] });
      expect(booksOf(back)).toEqual(booksOf(after));
      await stopWell(old);
    },
    240_000,
  );
});
