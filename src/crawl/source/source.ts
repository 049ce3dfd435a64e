/**
 * The gate that every request to Goodreads passes, in every process. The store keeps one state (pacing.ts) for all. While the source is
 * open and the rate unlimited, the gate costs no store call.
 */
import type { DocumentStore, Signals } from '../../storage/store.ts';
import type { Ledger } from '../ledger.ts';
import type { Log } from '../../domain/log.ts';
import { changesNothing, currentRate, reportOutcome, type OutcomeKind, type PacingSettings } from './pacing.ts';
import { initialState, isProbed, parseState, type PacingState } from './pacing-state.ts';
import { parseQuietHours, type QuietHours } from '../../domain/time/quiet-hours.ts';
import type { Robots } from '../robots.ts';
import { createSharedState, type SharedState } from './shared-state.ts';
import { differ, sourceStateOf, type SourceState } from './source-state.ts';
import { viewOf, type SourceView } from './source-view.ts';
import { takeTurn, type Entry } from './turn.ts';
import { iso } from '../../domain/time/iso.ts';

export interface SourceSettings {
  /** The origin that is crawled. Each origin has its own state. */
  origin: string;
  /** Pages per second over all processes; 0 is unlimited. */
  ratePerSecond: number;
  blockProbeMs: number;
  /** How long one page may take. A probe counts as lost some seconds later. */
  timeoutMs: number;
  /** The text of QUIET_HOURS. */
  quietHours: string | null;
  /** Why no request is sent at all. Default: some are. */
  paused?: string | null;
  /** Longest wait for a slot inside `enter`; default 5 s. */
  maxWaitMs?: number;
}

/** The outcome of a page, for {@link Source.report}. */
export interface SourceReport {
  kind: OutcomeKind;
  probe: boolean;
  /** From {@link Entry}. */
  startedAtMs: number;
  /** HTTP status, 0 when there was none. */
  status: number;
  bytes: number;
  retryAfterMs?: number | null;
  reason?: string;
}

export interface Source {
  /**
   * Waits for the next slot and takes it. Rejects with {@link SourceClosed}, with the signal's reason, or when the store is unavailable.
   */
  enter(options?: { signal?: AbortSignal }): Promise<Entry>;
  /** Reports the outcome of a page. Never rejects: an outcome that cannot be stored is logged, and the next page shows the same. */
  report(report: SourceReport): Promise<void>;
  view(): Promise<SourceView>;
  /** The local copy, at most a second old while the store answers. Costs no store call. */
  current(): SourceState;
  /** Calls `listener` when any process changes the mode, the reason or a closed time. Returns a function that unsubscribes. */
  onChange(listener: (state: SourceState) => void): () => void;
  close(): Promise<void>;
}

/** Takes the states before and after a change of the mode. */
export type ModeListener = (before: PacingState, after: PacingState) => void;

export interface SourceOptions {
  documents: DocumentStore;
  signals: Signals;
  settings: SourceSettings;
  log: Log;
  /** Is called in the one process whose change it is, when the mode changes. Must not throw. */
  onModeChange?: ModeListener;
  ledger?: Pick<Ledger, 'requestsToday'>;
  robots?: Pick<Robots, 'view' | 'crawlDelayMs'>;
  now?: () => number;
  random?: () => number;
}

const REFRESH_MS = 1000;
const MAX_WAIT_MS = 5000;
/** How long a probe may take after the deadline of its page: for decompression, parsing and a slow store. */
const LEASE_SLACK_MS = 5000;

/** Makes the gate. It follows the stored state from its first use until `close`. Throws when QUIET_HOURS is not valid. */
export function createSource(options: SourceOptions): Source {
  const { documents, signals, settings, log, ledger, robots, now = Date.now, random = Math.random } = options;
  const quietHours = settings.quietHours === null ? null : parseQuietHours(settings.quietHours);
  const listeners = new Set<(state: SourceState) => void>();
  const fixed = fixedPacing(settings, quietHours);
  const pacing = (): PacingSettings => Object.assign(fixed, { crawlDelayMs: robots?.crawlDelayMs() ?? 0 });

  const shared = createSharedState<PacingState>({
    documents,
    key: `source/${new URL(settings.origin).host}`,
    initial: initialState,
    parse: parseState,
    now,
    random,
    onReplaced(before, after, ours) {
      if (!differ(before, after)) return;
      if (ours) publishChange(before, after);
      const state = current();
      for (const listener of listeners) listener(state);
    },
  });

  const current = (): SourceState => sourceStateOf(shared.local(), now(), pacing());
  const onChange: Source['onChange'] = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const publishChange = (before: PacingState, after: PacingState): void => {
    if (before.mode !== after.mode) {
      logMode(log, after, currentRate(after, pacing()));
      options.onModeChange?.(before, after);
    }
    signals
      .publish({ kind: 'source' })
      .catch((error: unknown) =>
        log.warn(
          { err: error },
          'the signal that the source changed could not be sent; the other processes see the change within a second',
        ),
      );
  };
  const { follow, unfollow } = createFollower(shared, signals);

  return {
    async enter({ signal } = {}) {
      signal?.throwIfAborted();
      follow();
      if (shared.loadedAtMs() === 0) await shared.refresh();
      return takeTurn({ shared, pacing, onChange, now, random }, signal);
    },
    async report({ kind, probe, startedAtMs, retryAfterMs = null, reason }) {
      follow();
      const outcome = { kind, probe, startedAtMs, retryAfterMs, ...(reason === undefined ? {} : { reason }) };
      if (retryAfterMs === null && changesNothing(shared.local(), outcome)) return;
      try {
        await shared.update((state) => ({ value: reportOutcome(state, outcome, now(), pacing(), random), result: undefined }));
      } catch (error) {
        log.warn({ err: error, outcome: kind }, 'the outcome of a page could not be stored for the other processes');
      }
    },
    async view() {
      follow();
      const [, requestsToday, robotsView] = await Promise.all([shared.refresh(), ledger?.requestsToday() ?? 0, robots?.view() ?? null]);
      return viewOf(shared.local(), { nowMs: now(), settings: pacing(), quietHours, requestsToday, robots: robotsView });
    },
    current() {
      follow();
      return current();
    },
    onChange(listener) {
      follow();
      return onChange(listener);
    },
    async close() {
      unfollow();
      listeners.clear();
    },
  };
}

const fixedPacing = (
  { ratePerSecond, blockProbeMs, timeoutMs, paused = null, maxWaitMs = MAX_WAIT_MS }: SourceSettings,
  quietHours: QuietHours | null,
) => ({
  ratePerSecond,
  blockProbeMs,
  probeLeaseMs: timeoutMs + LEASE_SLACK_MS,
  quietHours,
  paused,
  maxWaitMs,
  crawlDelayMs: 0,
});

/** Keeps the local copy fresh from the first `follow` until `unfollow`. */
function createFollower(shared: SharedState<PacingState>, signals: Signals): { follow(): void; unfollow(): void } {
  let end: (() => void) | null = null;
  let over = false;
  const refresh = (): void => {
    // Callers that need the store see the error themselves. The next refresh is a second away.
    shared.refresh().catch(() => {});
  };
  return {
    follow() {
      if (end !== null || over) return;
      const timer = setInterval(refresh, REFRESH_MS).unref();
      const unsubscribe = signals.subscribe((signal) => (signal.kind === 'source' ? refresh() : undefined));
      end = () => {
        clearInterval(timer);
        unsubscribe();
      };
      refresh();
    },
    unfollow() {
      over = true;
      end?.();
      end = null;
    },
  };
}

function logMode(log: Log, state: PacingState, rate: number): void {
  const fields = { source: state.mode, reason: state.reason, ...(Number.isFinite(rate) ? { pagesPerSecond: rate } : {}) };
  if (isProbed(state.mode))
    log.warn(
      { ...fields, nextProbeAt: iso(state.nextProbeAtMs) },
      `the source is ${state.mode}: jobs wait, and only single probes are sent`,
    );
  else if (state.mode === 'slowed') log.warn(fields, 'the source is slowed down');
  else log.info(fields, 'the source is open');
}
