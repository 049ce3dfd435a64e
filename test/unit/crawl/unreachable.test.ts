import { describe, expect, test } from 'vitest';
import {
  changesNothing,
  probeDelayMs,
  reportOutcome,
  requestSlot,
  type Outcome,
  type PacingSettings,
} from '../../../src/crawl/source/pacing.ts';
import { initialState, type PacingState } from '../../../src/crawl/source/pacing-state.ts';

const T0 = Date.UTC(2026, 0, 15, 12);
const settings = (more: Partial<PacingSettings> = {}): PacingSettings => ({
  ratePerSecond: 1,
  crawlDelayMs: 0,
  blockProbeMs: 60_000,
  probeLeaseMs: 25_000,
  quietHours: null,
  paused: null,
  maxWaitMs: 5000,
  ...more,
});
const half = (): number => 0.5;

const outcome = (kind: Outcome['kind'], startedAtMs: number, more: Partial<Outcome> = {}): Outcome => ({
  kind,
  probe: false,
  startedAtMs,
  ...more,
});

describe('no way to Goodreads', () => {
  const REASON = 'No connection to Goodreads came about (ENOTFOUND).';
  const report = (state: PacingState, kind: Outcome['kind'], nowMs: number, more: Partial<Outcome> = {}): PacingState =>
    reportOutcome(state, outcome(kind, nowMs, { reason: REASON, ...more }), nowMs, settings(), half);
  const cut = (from = initialState()): PacingState => [0, 1, 2].reduce((state, n) => report(state, 'unreachable', T0 + n), from);

  test('three requests in a row make it unreachable; any answer in between starts the count again', () => {
    expect(cut()).toMatchObject({ mode: 'unreachable', reason: REASON, sinceMs: T0 + 2, factor: 1, nextProbeAtMs: T0 + 2 + 5000 });
    for (const kind of ['ok', 'missing', 'unrecognised', 'failed'] as const) {
      const twice = report(report(initialState(), 'unreachable', T0), 'unreachable', T0);
      expect(changesNothing(twice, outcome(kind, T0))).toBe(false);
      expect(report(report(twice, kind, T0), 'unreachable', T0)).toMatchObject({ mode: 'open', unreached: 1 });
    }
    const given = report(report(report(initialState(), 'unreachable', T0), 'abandoned', T0), 'unreachable', T0);
    expect(report(given, 'unreachable', T0).mode).toBe('unreachable');
  });

  test('single probes go after 5 s, then each wait is twice as long, at most a minute', () => {
    let state = cut();
    const waits: number[] = [];
    for (let n = 0; n < 8; n++) {
      const nowMs = state.nextProbeAtMs;
      expect(requestSlot(state, nowMs - 1, settings(), half).grant).toMatchObject({ kind: 'wait', untilMs: nowMs, why: 'unreachable' });
      const slot = requestSlot(state, nowMs, settings(), half);
      expect(slot.grant).toMatchObject({ kind: 'go', probe: true });
      expect(requestSlot(slot.state, nowMs, settings(), half).grant).toMatchObject({ kind: 'wait', why: 'unreachable' });
      state = report(slot.state, 'unreachable', nowMs, { probe: true });
      waits.push(state.nextProbeAtMs - nowMs);
    }
    expect(waits).toEqual([10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000, 60_000]);
    expect(probeDelayMs(0, settings({ blockProbeMs: 100 }), half, 'unreachable')).toBe(100);
  });

  test.each([
    ['ok', 'open', 1],
    ['missing', 'open', 1],
    ['unrecognised', 'open', 1],
    ['failed', 'open', 1],
    ['overloaded', 'slowed', 0.5],
    ['blocked', 'blocked', 0.5],
  ] as const)('a probe that ends as %s shows that requests leave, and makes it %s', (kind, mode, factor) => {
    const after = report(cut(), kind, T0 + 5000, { probe: true, reason: 'what the answer says' });
    expect(after).toMatchObject({ mode, factor, unreached: 0, probeLeaseUntilMs: 0 });
    expect(after.reason).toBe(mode === 'open' ? null : 'what the answer says');
  });

  test('the next page after it waits for its slot', () => {
    const after = report(cut(), 'ok', T0 + 5000, { probe: true });
    expect(requestSlot(after, T0 + 5000, settings(), half).grant).toEqual({ kind: 'go', atMs: T0 + 6000, probe: false });
  });

  test('a slowed source is as slow after it, and a block outlasts it', () => {
    const slow = report(initialState(), 'overloaded', T0);
    expect(report(cut(slow), 'missing', T0 + 5000, { probe: true })).toMatchObject({ mode: 'slowed' });
    const blocked = report(initialState(), 'blocked', T0);
    const after = report(blocked, 'unreachable', T0 + 60_000, { probe: true });
    expect(after).toMatchObject({ mode: 'blocked', probes: 0, nextProbeAtMs: T0 + 120_000 });
  });

  test('a request from before the end of it does not begin it again', () => {
    const back = report(cut(), 'ok', T0 + 5000, { probe: true });
    let state = back;
    for (let n = 0; n < 3; n++) state = reportOutcome(state, outcome('unreachable', T0 + 10), T0 + 5100, settings(), half);
    expect(state).toEqual(back);
  });
});
