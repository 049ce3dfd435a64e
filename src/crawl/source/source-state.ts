/** The state of the source as one process knows it: what others act on. */
import { currentRate, closureOf, type ClosedReason, type PacingSettings, type PacingState } from './pacing.ts';

export interface SourceState {
  mode: PacingState['mode'];
  sinceMs: number;
  reason: string | null;
  /** Pages per second; `null` is unlimited. */
  rate: number | null;
  /** While blocked: when the next probe may go. */
  nextProbeAtMs: number | null;
  /** What keeps pages from being asked for just now, the pace apart. */
  closed: { untilMs: number; why: ClosedReason } | null;
}

/** What a stored state means at `nowMs`. */
export function sourceStateOf(state: PacingState, nowMs: number, settings: PacingSettings): SourceState {
  const rate = currentRate(state, settings);
  const closed = closureOf(state, nowMs, settings);
  return {
    mode: state.mode,
    sinceMs: state.sinceMs,
    reason: state.reason,
    rate: Number.isFinite(rate) ? rate : null,
    nextProbeAtMs: state.mode === 'blocked' ? Math.max(state.nextProbeAtMs, state.retryAfterUntilMs) : null,
    closed: closed === null ? null : { untilMs: closed.untilMs, why: closed.why },
  };
}

/** Whether two stored states differ in what others act on. Slots and small steps of the rate are not among that. */
export function differ(a: PacingState, b: PacingState): boolean {
  if (a.probeLeaseUntilMs > 0 !== b.probeLeaseUntilMs > 0) return true;
  return a.mode !== b.mode || a.reason !== b.reason || a.retryAfterUntilMs !== b.retryAfterUntilMs || a.nextProbeAtMs !== b.nextProbeAtMs;
}
