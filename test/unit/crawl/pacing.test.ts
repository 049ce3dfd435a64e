import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  changesNothing,
  currentRate,
  closureOf,
  JITTER,
  MAX_PROBE_DELAY_MS,
  MIN_FACTOR,
  OUTCOME_KINDS,
  probeDelayMs,
  reportOutcome,
  requestSlot,
  type Outcome,
  type PacingSettings,
} from '../../../src/crawl/source/pacing.ts';
import { initialState, type PacingState } from '../../../src/crawl/source/pacing-state.ts';
import { parseQuietHours } from '../../../src/domain/time/quiet-hours.ts';

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

/** Asks for slots as fast as they are given from `fromMs` on, and returns when the pages go out. */
function crawlFor(state: PacingState, fromMs: number, lengthMs: number, chosen: PacingSettings, random: () => number): number[] {
  const times: number[] = [];
  let nowMs = fromMs;
  while (nowMs < fromMs + lengthMs) {
    const slot = requestSlot(state, nowMs, chosen, random);
    state = slot.state;
    if (slot.grant.kind === 'go') times.push(slot.grant.atMs);
    else nowMs = slot.grant.why === 'pace' ? slot.grant.untilMs - chosen.maxWaitMs : slot.grant.untilMs;
    if (slot.grant.kind === 'go') nowMs = Math.max(nowMs, slot.grant.atMs - chosen.maxWaitMs);
  }
  return times;
}

const randoms = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 20 }).map((values) => {
  let at = 0;
  return (): number => values[at++ % values.length] ?? 0;
});

describe('the pace', () => {
  test('no window ever holds more pages than the rate allows, plus one', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.05, max: 200, noNaN: true }),
        randoms,
        fc.double({ min: 0.1, max: 30, noNaN: true }),
        (ratePerSecond, random, windowIntervals) => {
          const times = crawlFor(initialState(), T0, 40_000 / ratePerSecond, settings({ ratePerSecond }), random);
          const windowMs = (windowIntervals * 1000) / ratePerSecond;
          for (let from = 0; from < times.length; from++) {
            const inWindow = times.filter((atMs) => atMs >= (times[from] ?? 0) && atMs < (times[from] ?? 0) + windowMs).length;
            expect(inWindow).toBeLessThanOrEqual(Math.ceil(windowIntervals + 1e-6));
          }
        },
      ),
    );
  });

  test('uses the rate: the mean stays within its jitter', () => {
    const times = crawlFor(initialState(), T0, 100_000, settings({ ratePerSecond: 5 }), half);
    expect(times.length).toBeGreaterThanOrEqual(500 / (1 + JITTER / 2) - 2);
    expect(times.length).toBeLessThanOrEqual(530);
  });

  test('saves no slots: after an idle hour pages still go one by one', () => {
    const { state } = requestSlot(initialState(), T0, settings(), half);
    const times = crawlFor(state, T0 + 3_600_000, 10_000, settings(), half);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test('Crawl-delay limits the rate, also an unlimited one', () => {
    expect(currentRate(initialState(), settings({ ratePerSecond: 5, crawlDelayMs: 1000 }))).toBe(1);
    expect(currentRate(initialState(), settings({ ratePerSecond: 0, crawlDelayMs: 2000 }))).toBe(0.5);
    expect(currentRate(initialState(), settings({ ratePerSecond: 1, crawlDelayMs: 100 }))).toBe(1);
    expect(currentRate(initialState(), settings({ ratePerSecond: 0 }))).toBe(Number.POSITIVE_INFINITY);
  });

  test('slots further ahead than the longest wait are not reserved', () => {
    let state = initialState();
    for (let n = 0; n < 6; n++) state = requestSlot(state, T0, settings(), () => 0).state;
    const slot = requestSlot(state, T0, settings(), () => 0);
    expect(slot.grant).toEqual({ kind: 'wait', untilMs: T0 + 6000, why: 'pace' });
    expect(slot.state).toBe(state);
  });

  test('a slot that a wrong clock left in the far future causes no wait', () => {
    const slot = requestSlot({ ...initialState(), nextSlotAtMs: T0 + 365 * 86_400_000 }, T0, settings(), half);
    expect(slot.grant).toEqual({ kind: 'go', atMs: T0, probe: false });
  });
});

describe('a clock that was ahead', () => {
  const aheadMs = T0 + 3_600_000;

  test('does not hide later pushback', () => {
    const state: PacingState = { ...initialState(), cutAtMs: aheadMs };
    expect(
      currentRate(
        reportOutcome(state, outcome('overloaded', T0), T0 + 50, settings({ ratePerSecond: 8 }), half),
        settings({ ratePerSecond: 8 }),
      ),
    ).toBe(4);
  });

  test('does not hide a later block', () => {
    const state: PacingState = { ...initialState(), reopenedAtMs: aheadMs };
    expect(reportOutcome(state, outcome('blocked', T0), T0 + 50, settings(), half).mode).toBe('blocked');
  });
});

describe('pushback', () => {
  test('halves the rate at 429 and 5xx, once for all pages of that time', () => {
    let state = reportOutcome(initialState(), outcome('overloaded', T0 - 50), T0, settings({ ratePerSecond: 8 }), half);
    expect(currentRate(state, settings({ ratePerSecond: 8 }))).toBe(4);
    state = reportOutcome(state, outcome('overloaded', T0 - 20), T0 + 30, settings({ ratePerSecond: 8 }), half);
    expect(currentRate(state, settings({ ratePerSecond: 8 }))).toBe(4);
    state = reportOutcome(state, outcome('overloaded', T0 + 40), T0 + 90, settings({ ratePerSecond: 8 }), half);
    expect(currentRate(state, settings({ ratePerSecond: 8 }))).toBe(2);
    expect(state.mode).toBe('slowed');
  });

  test('a single failure does not slow down, three in a row do, and never block', () => {
    let state = initialState();
    for (const mode of ['open', 'open', 'slowed']) {
      state = reportOutcome(state, outcome('failed', T0), T0, settings(), half);
      expect(state.mode).toBe(mode);
    }
    let mixed = initialState();
    for (const kind of ['failed', 'failed', 'ok', 'failed', 'failed'] as const)
      mixed = reportOutcome(mixed, outcome(kind, T0), T0, settings(), half);
    expect(mixed.mode).toBe('open');
    let many = initialState();
    for (let n = 0; n < 100; n++) many = reportOutcome(many, outcome('failed', T0 + n), T0 + n, settings(), half);
    expect(many.mode).toBe('slowed');
  });

  test('successes bring the rate back within about two recovery times, from the floor too', () => {
    let state = initialState();
    for (let n = 0; n < 20; n++) state = reportOutcome(state, outcome('overloaded', T0 + n), T0 + n, settings(), half);
    expect(state.factor).toBe(MIN_FACTOR);
    let nowMs = T0 + 1000;
    const start = nowMs;
    while (state.mode !== 'open' && nowMs < start + 3_600_000) {
      nowMs += 1000 / currentRate(state, settings());
      state = reportOutcome(state, outcome('ok', nowMs - 100), nowMs, settings(), half);
    }
    expect(state).toMatchObject({ mode: 'open', factor: 1, reason: null });
    expect(nowMs - start).toBeLessThan(240_000);
  });

  test('an unlimited rate becomes finite and then unlimited again', () => {
    const unlimited = settings({ ratePerSecond: 0, blockProbeMs: 1000 });
    let state = reportOutcome(initialState(), outcome('overloaded', T0), T0, unlimited, half);
    expect(currentRate(state, unlimited)).toBe(32);
    for (let n = 1; n <= 20; n++) state = reportOutcome(state, outcome('ok', T0), T0 + n * 50, unlimited, half);
    expect(currentRate(state, unlimited)).toBe(Number.POSITIVE_INFINITY);
  });

  test('Retry-After is obeyed by all and never shortened', () => {
    let state = reportOutcome(initialState(), outcome('overloaded', T0, { retryAfterMs: 30_000 }), T0, settings(), half);
    state = reportOutcome(state, outcome('overloaded', T0, { retryAfterMs: 5000 }), T0, settings(), half);
    state = reportOutcome(state, outcome('ok', T0), T0 + 10, settings(), half);
    for (const afterMs of [20, 15_000, 29_999]) {
      expect(requestSlot(state, T0 + afterMs, settings(), half).grant).toEqual({ kind: 'wait', untilMs: T0 + 30_000, why: 'retry-after' });
    }
    expect(requestSlot(state, T0 + 30_000, settings(), half).grant.kind).toBe('go');
  });

  test('in the open state only a change is written', () => {
    expect(changesNothing(initialState(), outcome('ok', T0))).toBe(true);
    expect(changesNothing(initialState(), outcome('unrecognised', T0))).toBe(true);
    expect(changesNothing({ ...initialState(), failures: 1 }, outcome('ok', T0))).toBe(false);
    for (const kind of ['blocked', 'overloaded', 'failed'] as const) expect(changesNothing(initialState(), outcome(kind, T0))).toBe(false);
    fc.assert(
      fc.property(fc.constantFrom(...OUTCOME_KINDS), fc.boolean(), (kind, probe) => {
        const reported = outcome(kind, T0, { probe });
        fc.pre(changesNothing(initialState(), reported));
        expect(reportOutcome(initialState(), reported, T0, settings(), half)).toEqual(initialState());
      }),
    );
  });
});

describe('a block', () => {
  const blocked = (): PacingState => reportOutcome(initialState(), outcome('blocked', T0, { reason: 'a challenge' }), T0, settings(), half);

  test('allows no request before the first probe, and then exactly one', () => {
    const state = blocked();
    expect(state).toMatchObject({ mode: 'blocked', sinceMs: T0, reason: 'a challenge', factor: 0.5 });
    expect(requestSlot(state, T0 + 59_999, settings(), half).grant).toEqual({ kind: 'wait', untilMs: T0 + 60_000, why: 'blocked' });
    const first = requestSlot(state, T0 + 60_000, settings(), half);
    expect(first.grant).toEqual({ kind: 'go', atMs: T0 + 60_000, probe: true });
    expect(requestSlot(first.state, T0 + 60_001, settings(), half).grant).toEqual({ kind: 'wait', untilMs: T0 + 85_000, why: 'blocked' });
    // A prober that died does not hold the source for ever.
    expect(requestSlot(first.state, T0 + 85_000, settings(), half).grant).toMatchObject({ kind: 'go', probe: true });
  });

  test('a failed probe doubles the wait, up to an hour, for every kind of failure', () => {
    let state = blocked();
    let nowMs = T0;
    const waits: number[] = [];
    for (const kind of ['blocked', 'failed', 'overloaded', 'unrecognised', 'blocked', 'blocked', 'blocked', 'blocked'] as const) {
      waits.push(state.nextProbeAtMs - nowMs);
      nowMs = state.nextProbeAtMs;
      state = requestSlot(state, nowMs, settings(), half).state;
      state = reportOutcome(state, outcome(kind, nowMs, { probe: true }), nowMs, settings(), half);
      expect(state.mode).toBe('blocked');
    }
    expect(waits.map((ms) => ms / 60_000)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(state.sinceMs).toBe(T0);
  });

  test('a probe that succeeds opens it slowly, and an abandoned one costs nothing', () => {
    const probing = requestSlot(blocked(), T0 + 60_000, settings(), half).state;
    const given = reportOutcome(probing, outcome('abandoned', T0 + 60_000, { probe: true }), T0 + 61_000, settings(), half);
    expect(requestSlot(given, T0 + 61_000, settings(), half).grant).toMatchObject({ kind: 'go', probe: true });
    const open = reportOutcome(probing, outcome('missing', T0 + 60_000, { probe: true }), T0 + 61_000, settings(), half);
    expect(open).toMatchObject({ mode: 'slowed', probes: 0, factor: 0.5 });
    expect(requestSlot(open, T0 + 61_000, settings(), half).grant).toEqual({ kind: 'go', atMs: T0 + 63_000, probe: false });
  });

  test('pages from before neither open it nor block it again', () => {
    const state = blocked();
    expect(reportOutcome(state, outcome('ok', T0 - 100), T0 + 100, settings(), half)).toEqual(state);
    expect(reportOutcome(state, outcome('blocked', T0 - 100), T0 + 100, settings(), half)).toEqual(state);
    const probing = requestSlot(state, T0 + 60_000, settings(), half).state;
    const open = reportOutcome(probing, outcome('ok', T0 + 60_000, { probe: true }), T0 + 60_100, settings(), half);
    expect(reportOutcome(open, outcome('blocked', T0 - 100), T0 + 60_200, settings(), half).mode).toBe('slowed');
    expect(reportOutcome(open, outcome('blocked', T0 + 60_150), T0 + 60_200, settings(), half).mode).toBe('blocked');
  });

  test('Retry-After moves the probe', () => {
    const state = reportOutcome(initialState(), outcome('blocked', T0, { retryAfterMs: 600_000 }), T0, settings(), half);
    expect(closureOf(state, T0 + 60_000, settings())).toMatchObject({ untilMs: T0 + 600_000 });
  });

  test('the delay varies, and is at most an hour', () => {
    expect(probeDelayMs(0, settings(), () => 0)).toBe(45_000);
    expect(probeDelayMs(0, settings(), () => 0.999)).toBeGreaterThan(74_000);
    for (const probes of [10, 100, 10_000]) expect(probeDelayMs(probes, settings(), () => 0.999)).toBeLessThanOrEqual(MAX_PROBE_DELAY_MS);
  });
});

test('quiet hours close the source in every mode', () => {
  const quiet = settings({ quietHours: parseQuietHours('22:00-06:00') });
  const atNight = Date.UTC(2026, 0, 15, 23);
  const wait = { kind: 'wait', untilMs: Date.UTC(2026, 0, 16, 6), why: 'quiet-hours' };
  expect(requestSlot(initialState(), atNight, quiet, half).grant).toEqual(wait);
  expect(requestSlot({ ...initialState(), mode: 'blocked' }, atNight, quiet, half).grant).toEqual(wait);
});

test('after any events in any order, the state is valid and at most one probe runs', () => {
  const step = fc.record({
    act: fc.constantFrom('ask', ...OUTCOME_KINDS),
    waitMs: fc.integer({ min: 0, max: 40_000 }),
    retryAfterMs: fc.option(fc.integer({ min: 0, max: 1e9 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), randoms, fc.constantFrom(0, 1, 50), (steps, random, ratePerSecond) => {
      const chosen = settings({ ratePerSecond });
      let state = initialState();
      let nowMs = T0;
      let probing: number | null = null;
      const faults: string[] = [];
      for (const { act, waitMs, retryAfterMs } of steps) {
        nowMs += waitMs;
        if (probing !== null && nowMs >= probing + chosen.probeLeaseMs) probing = null;
        if (act === 'ask') {
          const slot = requestSlot(state, nowMs, chosen, random);
          state = slot.state;
          const { grant } = slot;
          const isProbe = grant.kind === 'go' && grant.probe;
          const sound = grant.kind === 'go' ? grant.atMs - nowMs <= chosen.maxWaitMs : grant.untilMs > nowMs;
          if (!sound) faults.push('a grant in the past or too far ahead');
          if (isProbe && probing !== null) faults.push('a second probe');
          if (isProbe) probing = nowMs;
        } else {
          state = reportOutcome(state, outcome(act, nowMs, { probe: probing !== null, retryAfterMs }), nowMs, chosen, random);
          probing = null;
        }
        expect(state.factor).toBeGreaterThanOrEqual(MIN_FACTOR);
        expect(state.factor).toBeLessThanOrEqual(1);
        // The fault of the network here leaves the rate as it was.
        expect(state.mode === 'open' || (state.mode === 'unreachable' && state.factor === 1)).toBe(state.factor === 1);
        expect(state.nextProbeAtMs).toBeLessThanOrEqual(nowMs + MAX_PROBE_DELAY_MS);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }
      expect(faults).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
