/** The state of the source as one process knows it, for the parts that act on it. */
import { currentRate, closureOf, type ClosedReason, type PacingSettings } from './pacing.ts';
import { isProbed, type Mode, type PacingState } from './pacing-state.ts';

export interface SourceState {
  mode: Mode;
  sinceMs: number;
  reason: string | null;
  /** Pages per second; `null` is unlimited. */
  rate: number | null;
  /** While blocked or unreachable: when the next probe may go. */
  nextProbeAtMs: number | null;
  /** Until when and why the source is closed; `null` when it is not. The pace does not count. */
  closed: { untilMs: number; why: ClosedReason } | null;
}

/** Whether waiting jobs are blocked: no job goes on, and none loses an attempt. */
export const blocksJobs = ({ mode }: Pick<SourceState, 'mode'>): boolean => isProbed(mode);

/** Derives the state at `nowMs` from a stored one. */
export function sourceStateOf(state: PacingState, nowMs: number, settings: PacingSettings): SourceState {
  const rate = currentRate(state, settings);
  const closed = closureOf(state, nowMs, settings);
  return {
    mode: state.mode,
    sinceMs: state.sinceMs,
    reason: state.reason,
    rate: Number.isFinite(rate) ? rate : null,
    nextProbeAtMs: isProbed(state.mode) ? Math.max(state.nextProbeAtMs, state.retryAfterUntilMs) : null,
    closed: closed === null ? null : { untilMs: closed.untilMs, why: closed.why },
  };
}

/** Whether two stored states differ for those that act on them. Slots and small changes of the rate do not count. */
export function differ(a: PacingState, b: PacingState): boolean {
  if (a.probeLeaseUntilMs > 0 !== b.probeLeaseUntilMs > 0) return true;
  return a.mode !== b.mode || a.reason !== b.reason || a.retryAfterUntilMs !== b.retryAfterUntilMs || a.nextProbeAtMs !== b.nextProbeAtMs;
}
