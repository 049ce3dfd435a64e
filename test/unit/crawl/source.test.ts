import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLedger } from '../../../src/crawl/ledger.ts';
import { createSource, type Source, type SourceReport, type SourceSettings } from '../../../src/crawl/source/source.ts';
import { SourceClosed } from '../../../src/crawl/source/turn.ts';
import { createLogRecorder, createMemoryDocuments, type MemoryDocuments } from '../../support/memory-documents.ts';

const T0 = Date.UTC(2026, 0, 15, 12);
let store: MemoryDocuments;
let log: ReturnType<typeof createLogRecorder>;
const sources: Source[] = [];

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  store = createMemoryDocuments();
  log = createLogRecorder();
});
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close();
  vi.useRealTimers();
});

function gate(more: Partial<SourceSettings> = {}): Source {
  const { documents, signals } = store;
  const settings = {
    origin: 'https://www.goodreads.com',
    ratePerSecond: 1,
    blockProbeMs: 60_000,
    timeoutMs: 20_000,
    quietHours: null,
    ...more,
  };
  const source = createSource({ documents, signals, settings, log, random: () => 0.5 });
  sources.push(source);
  return source;
}

function told(kind: SourceReport['kind'], more: Partial<SourceReport> = {}): SourceReport {
  return { kind, probe: false, startedAtMs: Date.now(), status: 200, bytes: 1, ...more };
}

async function closed(entering: Promise<unknown>): Promise<{ why: string; inMs: number }> {
  const error = await entering.then(
    () => new Error('it was let in'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SourceClosed);
  return { why: (error as SourceClosed).why, inMs: (error as SourceClosed).untilMs - Date.now() };
}

describe('the gate', () => {
  test('ten gates share one budget, evenly spaced', async () => {
    const times: number[] = [];
    const gates = Array.from({ length: 10 }, () => gate({ ratePerSecond: 5 }));
    const workers = gates.map(async (own) => {
      while (Date.now() < T0 + 20_000) {
        await own.enter();
        times.push(Date.now());
      }
    });
    await vi.advanceTimersByTimeAsync(30_000);
    await Promise.all(workers);
    const within = times.filter((atMs) => atMs < T0 + 20_000);
    expect(within.length).toBeGreaterThanOrEqual(92);
    expect(within.length).toBeLessThanOrEqual(100);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(199);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(250);
  });

  test('costs no store call while open and unlimited', async () => {
    const source = gate({ ratePerSecond: 0 });
    await source.enter();
    const before = store.calls();
    for (let n = 0; n < 1000; n++) await source.report(told('ok', await source.enter()));
    expect(store.calls()).toBe(before);
  });

  test('limits the wait of a caller, and stops it when the signal fires', async () => {
    const source = gate({ ratePerSecond: 0.1 });
    await source.enter();
    expect(await closed(source.enter())).toEqual({ why: 'pace', inMs: 10_500 });
    const patient = gate({ ratePerSecond: 0.1, maxWaitMs: 60_000 });
    const controller = new AbortController();
    const entering = patient.enter({ signal: controller.signal });
    await vi.advanceTimersByTimeAsync(100);
    controller.abort(new Error('cancelled'));
    await expect(entering).rejects.toThrow('cancelled');
    await expect(patient.enter({ signal: controller.signal })).rejects.toThrow('cancelled');
  });
});

describe('a challenge', () => {
  test('closes every gate at once, also for callers that wait for a slot', async () => {
    const [one, other] = [gate(), gate()];
    await one.enter();
    const waiting = closed(other.enter());
    await vi.advanceTimersByTimeAsync(100);
    await one.report(told('blocked', { reason: 'a challenge' }));
    expect(await waiting).toEqual({ why: 'blocked', inMs: 60_000 });
    expect(other.current()).toMatchObject({
      mode: 'blocked',
      reason: 'a challenge',
      nextProbeAtMs: T0 + 60_100,
      closed: { why: 'blocked' },
    });
    expect(log.lines).toEqual([expect.objectContaining({ level: 'warn', message: expect.stringContaining('blocked') })]);
  });

  test('stops an unlimited gate too', async () => {
    const [one, other] = [gate({ ratePerSecond: 0 }), gate({ ratePerSecond: 0 })];
    await one.enter();
    await other.enter();
    await one.report(told('blocked'));
    await vi.advanceTimersByTimeAsync(0);
    expect(await closed(other.enter())).toMatchObject({ why: 'blocked' });
  });

  test('lets one gate probe, and the others go on after its success', async () => {
    const gates = Array.from({ length: 5 }, () => gate());
    await gates[0]?.enter();
    await gates[0]?.report(told('blocked'));
    await vi.advanceTimersByTimeAsync(61_000);
    const entries = await Promise.allSettled(gates.map(async (each) => each.enter()));
    const probes = entries.filter((entry) => entry.status === 'fulfilled');
    expect(probes.map(({ value }) => value.probe)).toEqual([true]);
    const heard: string[] = [];
    for (const each of gates) each.onChange((state) => heard.push(state.mode));
    await gates[1]?.report(told('ok', { probe: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(gates.map(() => 'slowed'));
    const entering = gates[3]?.enter();
    await vi.advanceTimersByTimeAsync(2000);
    expect(await entering).toMatchObject({ probe: false });
  });

  test('survives a restart', async () => {
    await gate().report(told('blocked', { reason: 'a captcha' }));
    await Promise.all(sources.splice(0).map(async (source) => source.close()));
    const restarted = gate();
    expect(await closed(restarted.enter())).toMatchObject({ why: 'blocked' });
    expect(await restarted.view()).toMatchObject({
      state: 'blocked',
      reason: 'a captcha',
      since: new Date(T0).toISOString(),
      nextProbeAt: new Date(T0 + 60_000).toISOString(),
      rate: 0.5,
      fullRate: 1,
    });
  });

  test('of one origin says nothing about another', async () => {
    await gate().report(told('blocked'));
    expect(await gate({ origin: 'http://127.0.0.1:8099' }).enter()).toMatchObject({ probe: false });
  });
});

test('a change is seen within a second even when its signal is lost', async () => {
  const deaf = createMemoryDocuments();
  const settings = { origin: 'https://www.goodreads.com', ratePerSecond: 0, blockProbeMs: 60_000, timeoutMs: 20_000, quietHours: null };
  const lonely = createSource({ documents: store.documents, signals: deaf.signals, settings, log });
  sources.push(lonely);
  await lonely.enter();
  await gate({ ratePerSecond: 0 }).report(told('blocked'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(lonely.current().mode).toBe('blocked');
});

test('Retry-After and quiet hours close all gates', async () => {
  const [one, other] = [gate({ ratePerSecond: 0 }), gate({ ratePerSecond: 0 })];
  await other.enter();
  await one.report(told('overloaded', { retryAfterMs: 30_000, status: 429 }));
  await vi.advanceTimersByTimeAsync(0);
  expect(await closed(other.enter())).toEqual({ why: 'retry-after', inMs: 30_000 });
  expect(await one.view()).toMatchObject({ state: 'slowed', retryAfterUntil: new Date(T0 + 30_000).toISOString() });
  const resting = gate({ quietHours: '11:00-13:00', ratePerSecond: 0, origin: 'http://127.0.0.1:1' });
  expect(await closed(resting.enter())).toEqual({ why: 'quiet-hours', inMs: 3_600_000 });
  expect((await resting.view()).quietHours).toEqual({ hours: '11:00-13:00', until: new Date(T0 + 3_600_000).toISOString() });
});

test('a store that is away fails callers that enter, not those that report', async () => {
  const away = async (): Promise<never> => Promise.reject(new Error('the store is away'));
  const documents = { ...store.documents, get: away, put: away };
  const source = createSource({
    documents,
    signals: store.signals,
    settings: { origin: 'http://127.0.0.1:1', ratePerSecond: 0, blockProbeMs: 1000, timeoutMs: 1000, quietHours: null },
    log,
  });
  sources.push(source);
  await expect(source.enter()).rejects.toThrow('the store is away');
  await source.report(told('blocked'));
  expect(log.lines.map(({ level }) => level)).toContain('warn');
  expect(source.current().mode).toBe('open');
});

test('quiet hours that are not valid throw at once', () => {
  expect(() => gate({ quietHours: '22:00-06:00 Mars/Olympus' })).toThrow(/time zone/);
});

test('the ledger adds up over processes, hours and days, and writes at most once a second', async () => {
  const ledgers = [1, 2].map(() => createLedger({ tallies: store.tallies, log }));
  for (let n = 0; n < 100; n++) ledgers[n % 2]?.record({ outcome: n % 10 === 0 ? 'missing' : 'ok', requests: 1, bytes: 1000 });
  expect(store.calls()).toBe(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(store.calls()).toBe(2);
  await vi.advanceTimersByTimeAsync(13 * 3_600_000);
  ledgers[0]?.record({ outcome: 'robots', requests: 2, bytes: 5 });
  await ledgers[0]?.close();
  const view = await ledgers[1]?.read({ days: 3 });
  expect(view?.hours).toEqual([
    { at: '2026-01-15T12:00:00.000Z', requests: 100, bytes: 100_000, outcomes: { ok: 90, missing: 10 } },
    { at: '2026-01-16T01:00:00.000Z', requests: 2, bytes: 5, outcomes: { robots: 1 } },
  ]);
  expect(view?.days.map(({ at, requests }) => [at, requests])).toEqual([
    ['2026-01-15', 100],
    ['2026-01-16', 2],
  ]);
  expect(await ledgers[1]?.requestsToday()).toBe(2);
});

test('the ledger keeps its counts while the store is away', async () => {
  let away = true;
  const tallies = {
    ...store.tallies,
    add: async (...args: Parameters<typeof store.tallies.add>) => (away ? Promise.reject(new Error('away')) : store.tallies.add(...args)),
  };
  const ledger = createLedger({ tallies, log });
  ledger.record({ outcome: 'ok', requests: 1, bytes: 1 });
  await vi.advanceTimersByTimeAsync(1000);
  away = false;
  ledger.record({ outcome: 'ok', requests: 1, bytes: 1 });
  await ledger.close();
  expect(await ledger.requestsToday()).toBe(2);
});
