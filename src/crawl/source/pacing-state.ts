/** The state of the source, as the store keeps it for all processes. pacing.ts has its rules. */

/** `blocked`: Goodreads turns us away. `unreachable`: no request finds a way to Goodreads. In both only single probes go. */
export const MODES = ['open', 'slowed', 'blocked', 'unreachable'] as const;
export type Mode = (typeof MODES)[number];
/** The modes in which only single probes go. */
export type ProbedMode = Extract<Mode, 'blocked' | 'unreachable'>;

export interface PacingState {
  mode: Mode;
  /** When this mode began; 0 when there was no other mode. */
  sinceMs: number;
  /** Why it is not open. */
  reason: string | null;
  /** The part of the full rate in use: 1 when open. */
  factor: number;
  nextSlotAtMs: number;
  /** Failures in a row, since the last success or cut. */
  failures: number;
  /** Requests in a row that found no way to Goodreads. */
  unreached: number;
  /** Failed probes since only probes go. */
  probes: number;
  nextProbeAtMs: number;
  /** When a probe last opened it. */
  reopenedAtMs: number;
  /** A probe may run until then; 0 when there is none. */
  probeLeaseUntilMs: number;
  /** Goodreads asked for no requests until then. */
  retryAfterUntilMs: number;
  /** When the rate was last cut, or raised. */
  cutAtMs: number;
  raisedAtMs: number;
}

/** Whether only single probes go. */
export const isProbed = (mode: string): mode is ProbedMode => mode === 'blocked' || mode === 'unreachable';

/** The state of a source before its first request. */
export function initialState(): PacingState {
  return {
    mode: 'open',
    sinceMs: 0,
    reason: null,
    factor: 1,
    nextSlotAtMs: 0,
    failures: 0,
    unreached: 0,
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
    state.unreached,
    state.probes,
    state.nextProbeAtMs,
    state.reopenedAtMs,
    state.probeLeaseUntilMs,
    state.retryAfterUntilMs,
    state.cutAtMs,
    state.raisedAtMs,
  ];
  const sound = numbers.every((number) => Number.isFinite(number)) && state.factor > 0 && MODES.includes(state.mode);
  return sound ? state : null;
}
