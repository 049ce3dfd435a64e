/**
 * The state of the source as a pure state machine: when the next page may be asked for, and how an answer changes that. It has no I/O and
 * no clock: `nowMs` and `random` (0 ≤ x < 1) are given. All processes share one state (see source.ts), so it is plain JSON.
 *
 *   open ──pushback──▶ slowed ──successes──▶ open         any ──challenge──▶ blocked ──probe succeeds──▶ slowed
 */
import { doublingMs } from '../../domain/backoff.ts';
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import type { QuietHours } from '../../domain/time/quiet-hours.ts';
import { MAX_RETRY_AFTER_MS } from '../../domain/time/http-time.ts';

export interface PacingSettings {
  /** Pages per second, over all processes; 0 is unlimited. */
  ratePerSecond: number;
  /** `Crawl-delay` of robots.txt in milliseconds, an upper bound of the rate; 0 when there is none. */
  crawlDelayMs: number;
  /** First wait before a blocked source is probed. */
  blockProbeMs: number;
  /** A probe that has not reported after this long counts as lost, and another may go. */
  probeLeaseMs: number;
  quietHours: QuietHours | null;
  /** No slot is given further ahead than this. */
  maxWaitMs: number;
}

export interface PacingState {
  mode: 'open' | 'slowed' | 'blocked';
  /** When this mode began; 0 when there was no other mode. */
  sinceMs: number;
  /** Why it is slowed or blocked. */
  reason: string | null;
  /** The part of the full rate in use: 1 when open. */
  factor: number;
  nextSlotAtMs: number;
  /** Failures in a row, since the last success or cut. */
  failures: number;
  /** Failed probes since it was blocked. */
  probes: number;
  nextProbeAtMs: number;
  /** When a probe last ended a block. */
  reopenedAtMs: number;
  /** A probe may run until then; 0 when there is none. */
  probeLeaseUntilMs: number;
  /** Goodreads asked for no requests until then. */
  retryAfterUntilMs: number;
  /** When the rate was last cut, or raised. */
  cutAtMs: number;
  raisedAtMs: number;
}

/**
 * `ok` and `missing`: Goodreads serves us. `unrecognised`: an answer that proves nothing. `blocked`: challenge, captcha, 403 or
 * sign-in. `overloaded`: 429 or 5xx. `failed`: no complete answer. `abandoned`: we gave up ourselves, which proves nothing.
 */
export const OUTCOME_KINDS = ['ok', 'missing', 'unrecognised', 'blocked', 'overloaded', 'failed', 'abandoned'] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

export interface Outcome {
  kind: OutcomeKind;
  /** Whether the page was asked for as a probe of a blocked source. */
  probe: boolean;
  /** When the page was asked for. An answer to a request before the last cut says nothing about the rate after it. */
  startedAtMs: number;
  retryAfterMs?: number | null;
  reason?: string;
}

export type ClosedReason = 'blocked' | 'quiet-hours' | 'retry-after' | 'pace';
export type Grant = { kind: 'go'; atMs: number; probe: boolean } | { kind: 'wait'; untilMs: number; why: ClosedReason };

/** The slowest rate, as a part of the full rate. */
export const MIN_FACTOR = 1 / 64;
/** The full rate while an unlimited rate recovers, in pages per second. */
const UNLIMITED_NOMINAL = 64;
/** Slots are up to this part further apart, never closer: the rate is a limit for every second, not a mean. */
export const JITTER = 0.1;
export const MAX_PROBE_DELAY_MS = 3_600_000;
/** This many failures in a row slow the source down. */
const FAILURES_TO_SLOW = 3;
const MAX_RECOVERY_MS = 60_000;

/** The state of a source before its first request. */
export function initialState(): PacingState {
  return {
    mode: 'open',
    sinceMs: 0,
    reason: null,
    factor: 1,
    nextSlotAtMs: 0,
    failures: 0,
    probes: 0,
    nextProbeAtMs: 0,
    reopenedAtMs: 0,
    probeLeaseUntilMs: 0,
    retryAfterUntilMs: 0,
    cutAtMs: 0,
    raisedAtMs: 0,
  };
}

/** Reads a stored state. That of another version of Quire may lack numbers, and then gets the initial ones. */
export function parseState(value: unknown): PacingState | null {
  if (typeof value !== 'object' || value === null) return null;
  const state: PacingState = { ...initialState(), ...value };
  const numbers = [
    state.sinceMs,
    state.factor,
    state.nextSlotAtMs,
    state.failures,
    state.probes,
    state.nextProbeAtMs,
    state.reopenedAtMs,
    state.probeLeaseUntilMs,
    state.retryAfterUntilMs,
    state.cutAtMs,
    state.raisedAtMs,
  ];
  const sound =
    numbers.every((number) => Number.isFinite(number)) && state.factor > 0 && ['open', 'slowed', 'blocked'].includes(state.mode);
  return sound ? state : null;
}

/** The rate in use, in pages per second; `Infinity` when nothing limits it. */
export function currentRate(state: PacingState, settings: PacingSettings): number {
  const configured = settings.ratePerSecond > 0 ? settings.ratePerSecond : Number.POSITIVE_INFINITY;
  const full = settings.crawlDelayMs > 0 ? Math.min(configured, 1000 / settings.crawlDelayMs) : configured;
  if (state.factor >= 1) return full;
  return (Number.isFinite(full) ? full : UNLIMITED_NOMINAL) * state.factor;
}

/** Why the source is closed at `nowMs`, or `null`. The pace does not count. */
export function closureOf(state: PacingState, nowMs: number, settings: PacingSettings): Extract<Grant, { kind: 'wait' }> | null {
  const quietUntilMs = settings.quietHours?.untilMs(nowMs) ?? null;
  if (quietUntilMs !== null) return { kind: 'wait', untilMs: quietUntilMs, why: 'quiet-hours' };
  if (state.mode === 'blocked') {
    const untilMs = Math.max(state.nextProbeAtMs, state.probeLeaseUntilMs, state.retryAfterUntilMs);
    return untilMs > nowMs ? { kind: 'wait', untilMs, why: 'blocked' } : null;
  }
  return state.retryAfterUntilMs > nowMs ? { kind: 'wait', untilMs: state.retryAfterUntilMs, why: 'retry-after' } : null;
}

/** Asks for one slot. A `go` reserves a slot, now or later; a `wait` reserves nothing. */
export function requestSlot(
  state: PacingState,
  nowMs: number,
  settings: PacingSettings,
  random: () => number,
): { state: PacingState; grant: Grant } {
  const closed = closureOf(state, nowMs, settings);
  if (closed !== null) return { state, grant: closed };
  if (state.mode === 'blocked')
    return { state: { ...state, probeLeaseUntilMs: nowMs + settings.probeLeaseMs }, grant: { kind: 'go', atMs: nowMs, probe: true } };
  const rate = currentRate(state, settings);
  if (rate === Number.POSITIVE_INFINITY) return { state, grant: { kind: 'go', atMs: nowMs, probe: false } };
  const intervalMs = (1000 / rate) * (1 + JITTER * random());
  // Only a wrong clock or a much slower setting leaves a slot further ahead than the slowest rate explains.
  const furthestMs = settings.maxWaitMs + (1000 / rate) * (state.factor / MIN_FACTOR) * (1 + JITTER);
  const atMs = state.nextSlotAtMs - nowMs > furthestMs ? nowMs : Math.max(nowMs, state.nextSlotAtMs);
  if (atMs - nowMs > settings.maxWaitMs) return { state, grant: { kind: 'wait', untilMs: atMs, why: 'pace' } };
  return { state: { ...state, nextSlotAtMs: atMs + intervalMs }, grant: { kind: 'go', atMs, probe: false } };
}

/** Whether an outcome leaves the state as it is. Then it need not be stored. */
export function changesNothing(state: PacingState, outcome: Outcome): boolean {
  if (outcome.kind === 'abandoned' || outcome.kind === 'unrecognised') return !outcome.probe;
  return (outcome.kind === 'ok' || outcome.kind === 'missing') && state.mode === 'open' && state.failures === 0;
}

/** The state after the outcome of a page. */
export function reportOutcome(
  before: PacingState,
  outcome: Outcome,
  nowMs: number,
  settings: PacingSettings,
  random: () => number,
): PacingState {
  const state = withRetryAfter(before, outcome, nowMs);
  if (state.mode === 'blocked') return outcome.probe ? afterProbe(state, outcome, nowMs, settings, random) : state;
  switch (outcome.kind) {
    case 'ok':
    case 'missing':
      return afterSuccess(state, nowMs, settings);
    case 'blocked':
      // A request from before the block ended still met the block.
      if (isBefore(outcome, state.reopenedAtMs, nowMs)) return state;
      return {
        ...cut(state, outcome, nowMs, settings),
        mode: 'blocked',
        sinceMs: nowMs,
        reason: outcome.reason ?? 'Goodreads turns Quire away',
        probes: 0,
        probeLeaseUntilMs: 0,
        nextProbeAtMs: nowMs + probeDelayMs(0, settings, random),
      };
    case 'overloaded':
      return slowed(cut(state, outcome, nowMs, settings), outcome, nowMs);
    case 'failed':
      if (state.failures + 1 < FAILURES_TO_SLOW) return { ...state, failures: state.failures + 1 };
      return slowed(cut(state, outcome, nowMs, settings), outcome, nowMs);
    case 'unrecognised':
    case 'abandoned':
      return state;
  }
}

/** Wait before the next probe, after `probes` failed ones: it doubles, varies by a quarter, and is at most an hour. */
export function probeDelayMs(probes: number, settings: PacingSettings, random: () => number): number {
  const plainMs = doublingMs(probes, settings.blockProbeMs, MAX_PROBE_DELAY_MS);
  return Math.min(MAX_PROBE_DELAY_MS, Math.round(plainMs * (0.75 + 0.5 * random())));
}

function withRetryAfter(state: PacingState, outcome: Outcome, nowMs: number): PacingState {
  const wishMs = Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return wishMs > 0 ? { ...state, retryAfterUntilMs: Math.max(state.retryAfterUntilMs, nowMs + wishMs) } : state;
}

function afterProbe(state: PacingState, outcome: Outcome, nowMs: number, settings: PacingSettings, random: () => number): PacingState {
  switch (outcome.kind) {
    case 'ok':
    case 'missing':
      // The source starts slowly: the factor stays as the block cut it, and the next page waits for its slot.
      return {
        ...state,
        mode: 'slowed',
        sinceMs: nowMs,
        failures: 0,
        probes: 0,
        nextProbeAtMs: 0,
        reopenedAtMs: nowMs,
        probeLeaseUntilMs: 0,
        raisedAtMs: nowMs,
        nextSlotAtMs: nowMs + 1000 / currentRate(state, settings),
      };
    case 'abandoned':
      return { ...state, probeLeaseUntilMs: 0 };
    case 'blocked':
    case 'overloaded':
    case 'failed':
    case 'unrecognised': {
      const probes = state.probes + 1;
      const reason = outcome.kind === 'blocked' ? (outcome.reason ?? state.reason) : state.reason;
      return { ...state, reason, probes, probeLeaseUntilMs: 0, nextProbeAtMs: nowMs + probeDelayMs(probes, settings, random) };
    }
  }
}

/** Raises the rate in proportion to time, from zero to full within the recovery time, and at most doubles it at once. */
function afterSuccess(state: PacingState, nowMs: number, settings: PacingSettings): PacingState {
  if (state.mode === 'open') return state.failures === 0 ? state : { ...state, failures: 0 };
  const recoveryMs = Math.min(MAX_RECOVERY_MS, settings.blockProbeMs);
  const gain = Math.min(state.factor, Math.max(0, nowMs - state.raisedAtMs) / recoveryMs);
  const factor = state.factor + gain;
  if (factor >= 1) return { ...state, mode: 'open', sinceMs: nowMs, reason: null, factor: 1, failures: 0, raisedAtMs: nowMs };
  return { ...state, factor, failures: 0, raisedAtMs: nowMs };
}

/**
 * Whether the page was asked for before `atMs`. A time that a wrong clock left in the future does not count: it would hide all answers
 * until then.
 */
const isBefore = ({ startedAtMs }: Outcome, atMs: number, nowMs: number): boolean =>
  startedAtMs < atMs && atMs <= nowMs + CLOCK_TOLERANCE_MS;

/** Halves the rate, once for all pages that were being fetched at the time. */
function cut(state: PacingState, outcome: Outcome, nowMs: number, settings: PacingSettings): PacingState {
  if (isBefore(outcome, state.cutAtMs, nowMs)) return { ...state, failures: 0 };
  const after = { ...state, failures: 0, factor: Math.max(MIN_FACTOR, state.factor / 2), cutAtMs: nowMs, raisedAtMs: nowMs };
  return { ...after, nextSlotAtMs: Math.max(state.nextSlotAtMs, nowMs + 1000 / currentRate(after, settings)) };
}

function slowed(state: PacingState, outcome: Outcome, nowMs: number): PacingState {
  const reason = outcome.reason ?? state.reason ?? 'Goodreads is overloaded';
  return state.mode === 'slowed' ? { ...state, reason } : { ...state, mode: 'slowed', sinceMs: nowMs, reason };
}
