/**
 * The state of the source as a pure state machine: when the next page may be asked for, and what an answer changes
 * about that. No I/O and no clock: `nowMs` and `random` (0 ≤ x < 1) are given. One state is shared by all processes
 * (see source.ts), so every number in it is plain JSON.
 *
 *   open ──pushback──▶ slowed ──successes──▶ open         any ──challenge──▶ blocked ──probe succeeds──▶ slowed
 */
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
  /** Slots further ahead than this are not given out. */
  maxWaitMs: number;
}

export interface PacingState {
  mode: 'open' | 'slowed' | 'blocked';
  /** When it came into this mode; 0 when it was never otherwise. */
  sinceMs: number;
  /** Why it is slowed or blocked. */
  reason: string | null;
  /** The part of the full rate that is used: 1 when open. */
  factor: number;
  nextSlotAtMs: number;
  /** Failures in a row, since the last success or cut. */
  failures: number;
  /** Probes in vain since it was blocked. */
  probes: number;
  nextProbeAtMs: number;
  /** When a probe last ended a block. */
  reopenedAtMs: number;
  /** Somebody probes until then; 0 when nobody does. */
  probeLeaseUntilMs: number;
  /** Goodreads asked to be left alone until then. */
  retryAfterUntilMs: number;
  /** When the rate was last cut, or raised. */
  cutAtMs: number;
  raisedAtMs: number;
}

/**
 * `ok` and `missing`: it serves us. `unrecognised`: an answer that proves nothing. `blocked`: challenge, captcha, 403 or
 * sign-in. `overloaded`: 429 or 5xx. `failed`: no whole answer. `abandoned`: we gave up ourselves, it says nothing.
 */
export const OUTCOME_KINDS = ['ok', 'missing', 'unrecognised', 'blocked', 'overloaded', 'failed', 'abandoned'] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

export interface Outcome {
  kind: OutcomeKind;
  /** Whether the page was asked for as a probe of a blocked source. */
  probe: boolean;
  /** When the page was asked for: an answer to a question older than the last cut says nothing about the rate since. */
  startedAtMs: number;
  retryAfterMs?: number | null;
  reason?: string;
}

export type ClosedReason = 'blocked' | 'quiet-hours' | 'retry-after' | 'pace';
export type Grant = { kind: 'go'; atMs: number; probe: boolean } | { kind: 'wait'; untilMs: number; why: ClosedReason };

/** The slowest is this part of the full rate. */
export const MIN_FACTOR = 1 / 64;
/** What "full" means while an unlimited rate recovers: pages per second. */
const UNLIMITED_NOMINAL = 64;
/** Spacing varies by up to this part, upwards only: the rate is a ceiling for every second, not just a mean. */
export const JITTER = 0.1;
export const MAX_PROBE_DELAY_MS = 3_600_000;
/** So many failures in a row count as pushback. */
const FAILURES_TO_SLOW = 3;
const MAX_RECOVERY_MS = 60_000;

/** A source that nothing is known of. */
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

/** A stored state; one of another version of Quire may lack numbers, and then the initial ones stand in. */
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

/** What keeps everybody from asking for pages at `nowMs`, if anything. Says nothing about the pace. */
export function closureOf(state: PacingState, nowMs: number, settings: PacingSettings): Extract<Grant, { kind: 'wait' }> | null {
  const quietUntilMs = settings.quietHours?.untilMs(nowMs) ?? null;
  if (quietUntilMs !== null) return { kind: 'wait', untilMs: quietUntilMs, why: 'quiet-hours' };
  if (state.mode === 'blocked') {
    const untilMs = Math.max(state.nextProbeAtMs, state.probeLeaseUntilMs, state.retryAfterUntilMs);
    return untilMs > nowMs ? { kind: 'wait', untilMs, why: 'blocked' } : null;
  }
  return state.retryAfterUntilMs > nowMs ? { kind: 'wait', untilMs: state.retryAfterUntilMs, why: 'retry-after' } : null;
}

/** Asks for one slot. A `go` at a later time has reserved it; a `wait` has reserved nothing. */
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
  // A slot that lies further ahead than the slowest pace explains was left by a clock gone wrong or a much slower setting.
  const furthestMs = settings.maxWaitMs + (1000 / rate) * (state.factor / MIN_FACTOR) * (1 + JITTER);
  const atMs = state.nextSlotAtMs - nowMs > furthestMs ? nowMs : Math.max(nowMs, state.nextSlotAtMs);
  if (atMs - nowMs > settings.maxWaitMs) return { state, grant: { kind: 'wait', untilMs: atMs, why: 'pace' } };
  return { state: { ...state, nextSlotAtMs: atMs + intervalMs }, grant: { kind: 'go', atMs, probe: false } };
}

/** Whether an outcome would leave the state as it is: then nobody needs to write it down. */
export function changesNothing(state: PacingState, outcome: Outcome): boolean {
  if (outcome.kind === 'abandoned' || outcome.kind === 'unrecognised') return !outcome.probe;
  return (outcome.kind === 'ok' || outcome.kind === 'missing') && state.mode === 'open' && state.failures === 0;
}

/** Takes note of what became of a page. */
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
      // Asked before the block ended: that was answered by the block.
      if (isBefore(outcome, state.reopenedAtMs, nowMs)) return state;
      return {
        ...cut(state, outcome, nowMs, settings),
        mode: 'blocked',
        sinceMs: nowMs,
        reason: outcome.reason ?? 'Goodreads doubts us',
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

/** Wait before the probe that follows `probes` probes in vain: doubling, spread by a quarter either way, at most an hour. */
export function probeDelayMs(probes: number, settings: PacingSettings, random: () => number): number {
  const plainMs = Math.min(MAX_PROBE_DELAY_MS, settings.blockProbeMs * 2 ** Math.min(probes, 40));
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
      // Gently: the factor is what the block cut it to, and the first page after the probe keeps its distance.
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

/** Additive increase over time, from nothing to all within the recovery time; near the floor it doubles at most. */
function afterSuccess(state: PacingState, nowMs: number, settings: PacingSettings): PacingState {
  if (state.mode === 'open') return state.failures === 0 ? state : { ...state, failures: 0 };
  const recoveryMs = Math.min(MAX_RECOVERY_MS, settings.blockProbeMs);
  const gain = Math.min(state.factor, Math.max(0, nowMs - state.raisedAtMs) / recoveryMs);
  const factor = state.factor + gain;
  if (factor >= 1) return { ...state, mode: 'open', sinceMs: nowMs, reason: null, factor: 1, failures: 0, raisedAtMs: nowMs };
  return { ...state, factor, failures: 0, raisedAtMs: nowMs };
}

/** Whether the page was asked for before `atMs`. A time that a clock gone wrong left in the future must not make us deaf to what comes until then. */
const isBefore = ({ startedAtMs }: Outcome, atMs: number, nowMs: number): boolean =>
  startedAtMs < atMs && atMs <= nowMs + CLOCK_TOLERANCE_MS;

/** Halves the rate, once for all the pages that were under way at the time. */
function cut(state: PacingState, outcome: Outcome, nowMs: number, settings: PacingSettings): PacingState {
  if (isBefore(outcome, state.cutAtMs, nowMs)) return { ...state, failures: 0 };
  const after = { ...state, failures: 0, factor: Math.max(MIN_FACTOR, state.factor / 2), cutAtMs: nowMs, raisedAtMs: nowMs };
  return { ...after, nextSlotAtMs: Math.max(state.nextSlotAtMs, nowMs + 1000 / currentRate(after, settings)) };
}

function slowed(state: PacingState, outcome: Outcome, nowMs: number): PacingState {
  const reason = outcome.reason ?? state.reason ?? 'Goodreads is overloaded';
  return state.mode === 'slowed' ? { ...state, reason } : { ...state, mode: 'slowed', sinceMs: nowMs, reason };
}
