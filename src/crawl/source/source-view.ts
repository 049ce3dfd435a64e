/** The answer of `GET /source`. */
import { currentRate, type PacingSettings } from './pacing.ts';
import { initialState, isProbed, type PacingState } from './pacing-state.ts';
import type { ShownMode } from './source-state.ts';
import type { QuietHours } from '../../domain/time/quiet-hours.ts';
import type { RobotsView } from '../robots.ts';
import { iso, isoOrNull } from '../../domain/time/iso.ts';

/** The body of `GET /source`; times are ISO 8601. */
export interface SourceView {
  state: ShownMode;
  since: string | null;
  reason: string | null;
  nextProbeAt: string | null;
  /** Goodreads asked for no requests until then. */
  retryAfterUntil: string | null;
  /** Pages per second now; `null` is unlimited. */
  rate: number | null;
  /** Pages per second as configured; `null` is unlimited. */
  fullRate: number | null;
  /** Since midnight UTC. A request that never left does not count. */
  requestsToday: number;
  robots: RobotsView | null;
  quietHours: { hours: string; until: string | null } | null;
}

/** Shows a state. */
export function viewOf(
  state: PacingState,
  facts: { nowMs: number; settings: PacingSettings; quietHours: QuietHours | null; requestsToday: number; robots: RobotsView | null },
): SourceView {
  const { nowMs, settings, quietHours, requestsToday, robots } = facts;
  const finite = (rate: number): number | null => (Number.isFinite(rate) ? rate : null);
  const paused =
    settings.paused === null ? {} : { state: 'paused' as const, since: null, reason: settings.paused, nextProbeAt: null, rate: 0 };
  return {
    state: state.mode,
    since: shown(state.sinceMs),
    reason: state.reason,
    nextProbeAt: isProbed(state.mode) ? shown(Math.max(state.nextProbeAtMs, state.retryAfterUntilMs)) : null,
    retryAfterUntil: state.retryAfterUntilMs > nowMs ? iso(state.retryAfterUntilMs) : null,
    rate: finite(currentRate(state, settings)),
    fullRate: finite(currentRate(initialState(), settings)),
    requestsToday,
    robots,
    quietHours: quietHours === null ? null : { hours: quietHours.text, until: isoOrNull(quietHours.untilMs(nowMs)) },
    ...paused,
  };
}

/** A time of the state, where 0 means "never". */
const shown = (ms: number): string | null => (ms === 0 ? null : iso(ms));
