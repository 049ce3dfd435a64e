/** The state of the source as one process knows it, for the parts that act on it. */
import { currentRate, closureOf, type ClosedReason, type PacingSettings } from './pacing.ts';
import { isProbed, MODES, type PacingState } from './pacing-state.ts';

/** The mode as readers see it. `paused`: this process sends no request, by its settings. */
export const SOURCE_STATES = [...MODES, 'paused'] as const;
export type ShownMode = (typeof SOURCE_STATES)[number];

export interface SourceState {
  mode: ShownMode;
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
export const blocksJobs = ({ mode }: Pick<SourceState, 'mode'>): boolean => isProbed(mode) || mode === 'paused';

/** Derives the state at `nowMs` from a stored one. */
export function sourceStateOf(state: PacingState, nowMs: number, settings: PacingSettings): SourceState {
  const closed = closureOf(state, nowMs, settings);
  const until = closed === null ? null : { untilMs: closed.untilMs, why: closed.why };
  if (settings.paused !== null) return { mode: 'paused', sinceMs: 0, reason: settings.paused, rate: 0, nextProbeAtMs: null, closed: until };
  const rate = currentRate(state, settings);
  return {
    mode: state.mode,
    sinceMs: state.sinceMs,
    reason: state.reason,
    rate: Number.isFinite(rate) ? rate : null,
    nextProbeAtMs: isProbed(state.mode) ? Math.max(state.nextProbeAtMs, state.retryAfterUntilMs) : null,
    closed: until,
  };
}

/** Whether two stored states differ for those that act on them. Slots and small changes of the rate do not count. */
export function differ(a: PacingState, b: PacingState): boolean {
  if (a.probeLeaseUntilMs > 0 !== b.probeLeaseUntilMs > 0) return true;
  return a.mode !== b.mode || a.reason !== b.reason || a.retryAfterUntilMs !== b.retryAfterUntilMs || a.nextProbeAtMs !== b.nextProbeAtMs;
}
