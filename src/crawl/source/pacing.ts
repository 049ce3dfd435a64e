/**
 * The state of the source as a pure state machine: when the next page may be asked for, and how an answer changes that. It has no I/O and
 * no clock: `nowMs` and `random` (0 ≤ x < 1) are given. All processes share one state (see source.ts), so it is plain JSON.
 *
 *   open ──pushback──▶ slowed ──successes──▶ open         any ──challenge──▶ blocked ──probe succeeds──▶ slowed
 *                                                         any ──no way there──▶ unreachable ──probe is answered──▶ as before
 */
import { doublingMs } from '../../domain/backoff.ts';
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import type { QuietHours } from '../../domain/time/quiet-hours.ts';
import { MAX_RETRY_AFTER_MS } from '../../domain/time/http-time.ts';
import { isProbed, type PacingState, type ProbedMode } from './pacing-state.ts';

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
  /** Why Quire sends no request at all; `null` when it does. A setting decides that, so it lasts as long as the process. */
  paused: string | null;
  /** No slot is given further ahead than this. */
  maxWaitMs: number;
}

/**
 * `ok` and `missing`: Goodreads serves us. `unrecognised`: an answer that proves nothing. `blocked`: challenge, captcha, 403 or
 * sign-in. `overloaded`: 429 or 5xx. `failed`: no complete answer. `unreachable`: the request never left, a fault of the network here.
 * `abandoned`: we gave up ourselves, which proves nothing.
 */
export const OUTCOME_KINDS = ['ok', 'missing', 'unrecognised', 'blocked', 'overloaded', 'failed', 'unreachable', 'abandoned'] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

export interface Outcome {
  kind: OutcomeKind;
  /** Whether the page was asked for as a probe. */
  probe: boolean;
  /** When the page was asked for. An answer to a request before the last cut says nothing about the rate after it. */
  startedAtMs: number;
  retryAfterMs?: number | null;
  reason?: string;
}

export type ClosedReason = ProbedMode | 'paused' | 'quiet-hours' | 'retry-after' | 'pace';
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
/** This many requests in a row that found no way to Goodreads make it unreachable. Any answer in between starts the count again. */
const MOST_UNREACHED = 3;
/** First and longest wait before a probe while unreachable. Such probes do not reach Goodreads, so they may be frequent. */
const UNREACHABLE_PROBE_MS = 5_000;
const MAX_UNREACHABLE_PROBE_MS = 60_000;
const MAX_RECOVERY_MS = 60_000;
/** How long a paused source is closed at least, counted from each question. */
const PAUSED_MS = 3_600_000;

/** The rate in use, in pages per second; `Infinity` when nothing limits it. */
export function currentRate(state: PacingState, settings: PacingSettings): number {
  const configured = settings.ratePerSecond > 0 ? settings.ratePerSecond : Number.POSITIVE_INFINITY;
  const full = settings.crawlDelayMs > 0 ? Math.min(configured, 1000 / settings.crawlDelayMs) : configured;
  if (state.factor >= 1) return full;
  return (Number.isFinite(full) ? full : UNLIMITED_NOMINAL) * state.factor;
}

/** Why the source is closed at `nowMs`, or `null`. The pace does not count. */
export function closureOf(state: PacingState, nowMs: number, settings: PacingSettings): Extract<Grant, { kind: 'wait' }> | null {
  if (settings.paused !== null) return { kind: 'wait', untilMs: nowMs + PAUSED_MS, why: 'paused' };
  const quietUntilMs = settings.quietHours?.untilMs(nowMs) ?? null;
  if (quietUntilMs !== null) return { kind: 'wait', untilMs: quietUntilMs, why: 'quiet-hours' };
  if (isProbed(state.mode)) {
    const untilMs = Math.max(state.nextProbeAtMs, state.probeLeaseUntilMs, state.retryAfterUntilMs);
    return untilMs > nowMs ? { kind: 'wait', untilMs, why: state.mode } : null;
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
  if (isProbed(state.mode))
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
  if (outcome.kind === 'abandoned') return !outcome.probe;
  if (outcome.kind === 'unrecognised') return !outcome.probe && state.unreached === 0;
  return (outcome.kind === 'ok' || outcome.kind === 'missing') && state.mode === 'open' && state.failures === 0 && state.unreached === 0;
}

/** The state after the outcome of a page. */
export function reportOutcome(
  before: PacingState,
  outcome: Outcome,
  nowMs: number,
  settings: PacingSettings,
  random: () => number,
): PacingState {
  const asked = withRetryAfter(before, outcome, nowMs);
  if (isProbed(asked.mode)) return outcome.probe ? afterProbe(asked, outcome, nowMs, settings, random) : asked;
  const state = withoutUnreached(asked, outcome);
  switch (outcome.kind) {
    case 'ok':
    case 'missing':
      return afterSuccess(state, nowMs, settings);
    case 'blocked':
      // A request from before the block ended still met the block.
      if (isBefore(outcome, state.reopenedAtMs, nowMs)) return state;
      return probedOnly(
        cut(state, outcome, nowMs, settings),
        'blocked',
        outcome.reason ?? 'Goodreads turns Quire away',
        nowMs,
        settings,
        random,
      );
    case 'unreachable':
      if (isBefore(outcome, state.reopenedAtMs, nowMs)) return state;
      if (state.unreached + 1 < MOST_UNREACHED) return { ...state, unreached: state.unreached + 1 };
      return probedOnly(state, 'unreachable', outcome.reason ?? 'No connection to Goodreads comes about', nowMs, settings, random);
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

/** Wait before the next probe, after `probes` failed ones: it doubles, varies by a quarter, and is at most an hour (unreachable: a minute). */
export function probeDelayMs(probes: number, settings: PacingSettings, random: () => number, mode: ProbedMode = 'blocked'): number {
  const blocked = mode === 'blocked';
  const mostMs = blocked ? MAX_PROBE_DELAY_MS : MAX_UNREACHABLE_PROBE_MS;
  const firstMs = blocked ? settings.blockProbeMs : Math.min(settings.blockProbeMs, UNREACHABLE_PROBE_MS);
  return Math.min(mostMs, Math.round(doublingMs(probes, firstMs, mostMs) * (0.75 + 0.5 * random())));
}

/** From now on only single probes go. */
function probedOnly(
  state: PacingState,
  mode: ProbedMode,
  reason: string,
  nowMs: number,
  settings: PacingSettings,
  random: () => number,
): PacingState {
  const nextProbeAtMs = nowMs + probeDelayMs(0, settings, random, mode);
  return { ...state, mode, sinceMs: nowMs, reason, unreached: 0, probes: 0, probeLeaseUntilMs: 0, nextProbeAtMs };
}

/** Any answer, and any failure on the way back, shows that requests leave. */
function withoutUnreached(state: PacingState, { kind }: Outcome): PacingState {
  return state.unreached === 0 || kind === 'unreachable' || kind === 'abandoned' ? state : { ...state, unreached: 0 };
}

function withRetryAfter(state: PacingState, outcome: Outcome, nowMs: number): PacingState {
  const wishMs = Math.min(outcome.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
  return wishMs > 0 ? { ...state, retryAfterUntilMs: Math.max(state.retryAfterUntilMs, nowMs + wishMs) } : state;
}

function afterProbe(state: PacingState, outcome: Outcome, nowMs: number, settings: PacingSettings, random: () => number): PacingState {
  const { kind } = outcome;
  if (kind === 'abandoned') return { ...state, probeLeaseUntilMs: 0 };
  const again = (probes: number, reason: string | null): PacingState => {
    const nextProbeAtMs = nowMs + probeDelayMs(probes, settings, random, state.mode as ProbedMode);
    return { ...state, reason, probes, probeLeaseUntilMs: 0, nextProbeAtMs };
  };
  if (state.mode === 'unreachable') {
    if (kind === 'unreachable') return again(state.probes + 1, outcome.reason ?? state.reason);
    // The way is free, and the answer counts like any other.
    const free = opened(state, state.factor >= 1 ? 'open' : 'slowed', nowMs, settings);
    return reportOutcome({ ...free, reopenedAtMs: outcome.startedAtMs }, { ...outcome, probe: false }, nowMs, settings, random);
  }
  // A probe that never left says nothing about the block.
  if (kind === 'unreachable') return again(state.probes, state.reason);
  // The source starts slowly: the factor stays as the block cut it.
  if (kind === 'ok' || kind === 'missing') return opened(state, 'slowed', nowMs, settings);
  return again(state.probes + 1, kind === 'blocked' ? (outcome.reason ?? state.reason) : state.reason);
}

/** The end of `blocked` and `unreachable`. The next page waits for its slot. */
function opened(state: PacingState, mode: 'open' | 'slowed', nowMs: number, settings: PacingSettings): PacingState {
  return {
    ...state,
    mode,
    sinceMs: nowMs,
    reason: mode === 'open' ? null : state.reason,
    failures: 0,
    probes: 0,
    nextProbeAtMs: 0,
    reopenedAtMs: nowMs,
    probeLeaseUntilMs: 0,
    raisedAtMs: nowMs,
    nextSlotAtMs: nowMs + 1000 / currentRate(state, settings),
  };
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
