/** The part of the source's state that estimates need. */
import { blocksJobs, type SourceState } from './source-state.ts';

export type SourceNow = Pick<SourceState, 'mode' | 'rate' | 'nextProbeAtMs' | 'closed'>;

/**
 * Seconds until `pages` more pages are fetched, including the rest of a closed time (`Retry-After`, quiet hours). `null` when there is no
 * estimate: the source is blocked or unreachable, or it is open with an unlimited rate.
 */
export function etaSeconds(pages: number, { mode, rate, closed }: SourceNow, nowMs: number): number | null {
  if (blocksJobs({ mode }) || (rate === null && closed === null)) return null;
  const closedSeconds = closed === null ? 0 : Math.max(0, closed.untilMs - nowMs) / 1000;
  return Math.ceil(closedSeconds + (rate === null ? 0 : pages / rate));
}
