/** What readers need to know of the source just now: enough for states, estimates and `Retry-After`. */
import type { SourceState } from './source.ts';

export type SourceNow = Pick<SourceState, 'mode' | 'rate' | 'nextProbeAtMs'>;

/** Seconds until `pages` more pages are fetched, or `null` when that cannot be said: a blocked source, an unlimited rate. */
export function etaSeconds(pages: number, source: SourceNow): number | null {
  if (source.mode === 'blocked' || source.rate === null) return null;
  return Math.ceil(pages / source.rate);
}
