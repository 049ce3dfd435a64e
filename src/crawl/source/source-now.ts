/** What readers need to know of the source just now: enough for states, estimates and `Retry-After`. */
import type { SourceState } from './source-state.ts';

export type SourceNow = Pick<SourceState, 'mode' | 'rate' | 'nextProbeAtMs' | 'closed'>;

/**
 * Seconds until `pages` more pages are fetched, what is left of a hold (`Retry-After`, quiet hours) included; `null` when that cannot be said: a
 * blocked source, an unlimited rate that nothing holds up.
 */
export function etaSeconds(pages: number, { mode, rate, closed }: SourceNow, nowMs: number): number | null {
  if (mode === 'blocked' || (rate === null && closed === null)) return null;
  const closedSeconds = closed === null ? 0 : Math.max(0, closed.untilMs - nowMs) / 1000;
  return Math.ceil(closedSeconds + (rate === null ? 0 : pages / rate));
}
