/**
 * The gate that every request to Goodreads goes through, in every process: one budget, one state (pacing.ts), kept in
 * the store. While the source is open and the rate unlimited it costs no store call at all.
 */
import type { DocumentStore, Signals } from '../../storage/store.ts';
import type { Ledger } from '../ledger.ts';
import type { CrawlLog } from '../log.ts';
import {
  changesNothing,
  currentRate,
  holdOf,
  initialState,
  parseState,
  reportOutcome,
  requestSlot,
  type Grant,
  type HoldReason,
  type OutcomeKind,
  type PacingSettings,
  type PacingState,
} from './pacing.ts';
import { parseQuietHours } from '../../domain/quiet-hours.ts';
import type { Robots } from '../robots.ts';
import { createSharedState } from './shared-state.ts';
import { iso, viewOf, type SourceView } from './source-view.ts';

/** The source may not be asked now: the caller puts its job back until `untilMs`, which costs the job no attempt. */
export class SourceHeld extends Error {
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
  readonly why: HoldReason;

  constructor(untilMs: number, why: HoldReason) {
    super(`the source is held until ${new Date(untilMs).toISOString()} (${why})`);
    this.name = 'SourceHeld';
    this.untilMs = untilMs;
    this.why = why;
  }
}

export interface SourceSettings {
  /** The origin that is crawled: each has a state of its own. */
  origin: string;
  /** Pages per second over all processes; 0 is unlimited. */
  ratePerSecond: number;
  blockProbeMs: number;
  /** How long one page may take: a probe is given up some seconds after. */
  timeoutMs: number;
  /** The text of QUIET_HOURS. */
  quietHours: string | null;
  /** Longest wait for a slot inside `enter`; default 5 s. */
  maxWaitMs?: number;
}

/** What became of a page, for {@link Source.report}. */
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

/** The right to make one request now. */
export interface Entry {
  probe: boolean;
  startedAtMs: number;
}

/** The state of the source as this process knows it. */
export interface SourceState {
  mode: PacingState['mode'];
  sinceMs: number;
  reason: string | null;
  /** Pages per second; `null` is unlimited. */
  rate: number | null;
  /** While blocked: when the next probe may go. */
  nextProbeAtMs: number | null;
  /** What keeps pages from being asked for just now, the pace apart. */
  hold: { untilMs: number; why: HoldReason } | null;
}

export type { SourceView } from './source-view.ts';

export interface Source {
  /** Waits for the next slot and takes it. Rejects with {@link SourceHeld}, with the signal's reason, or when the store is unavailable. */
  enter(options?: { signal?: AbortSignal }): Promise<Entry>;
  /** Takes note of what became of a page. Never rejects: an outcome that cannot be stored is logged, the next page will show the same. */
  report(report: SourceReport): Promise<void>;
  view(): Promise<SourceView>;
  /** The local copy, at most a second old while the store answers. Costs nothing. */
  current(): SourceState;
  /** Calls `listener` when mode, reason or a hold changes, by whatever process. Returns a function that ends it. */
  onChange(listener: (state: SourceState) => void): () => void;
  close(): Promise<void>;
}

export interface SourceOptions {
  documents: DocumentStore;
  signals: Signals;
  settings: SourceSettings;
  log: CrawlLog;
  ledger?: Pick<Ledger, 'requestsToday'>;
  robots?: Pick<Robots, 'view' | 'crawlDelayMs'>;
  now?: () => number;
  random?: () => number;
}

const REFRESH_MS = 1000;
const MAX_WAIT_MS = 5000;
/** What a probe may take beyond the deadline of its page: decompression, parsing, a slow store. */
const LEASE_SLACK_MS = 5000;

/** Makes the gate. It begins to follow the stored state when it is first used; `close` ends that. Throws when QUIET_HOURS makes no sense. */
export function createSource({
  documents,
  signals,
  settings,
  log,
  ledger,
  robots,
  now = Date.now,
  random = Math.random,
}: SourceOptions): Source {
  const quietHours = settings.quietHours === null ? null : parseQuietHours(settings.quietHours);
  const listeners = new Set<(state: SourceState) => void>();
  const fixed = {
    ratePerSecond: settings.ratePerSecond,
    blockProbeMs: settings.blockProbeMs,
    probeLeaseMs: settings.timeoutMs + LEASE_SLACK_MS,
    quietHours,
    maxWaitMs: settings.maxWaitMs ?? MAX_WAIT_MS,
    crawlDelayMs: 0,
  };
  const pacing = (): PacingSettings => Object.assign(fixed, { crawlDelayMs: robots?.crawlDelayMs() ?? 0 });

  const shared = createSharedState<PacingState>({
    documents,
    key: `source/${new URL(settings.origin).host}`,
    initial: initialState,
    parse: parseState,
    now,
    random,
    onReplaced(before, after, ours) {
      if (!tellsApart(before, after)) return;
      if (ours) {
        if (before.mode !== after.mode) logMode(log, after, currentRate(after, pacing()));
        signals
          .publish({ kind: 'source' })
          .catch((error: unknown) =>
            log.warn({ err: error }, 'the other processes could not be told that the source changed; they will see it within a second'),
          );
      }
      const state = current();
      for (const listener of listeners) listener(state);
    },
  });

  let closed = false;
  let following: (() => void) | undefined;
  const refresh = (): void => {
    // An unreachable store shows itself to those who need it; here the next second tries again.
    shared.refresh().catch(() => {});
  };
  const follow = (): void => {
    if (following !== undefined || closed) return;
    const timer = setInterval(refresh, REFRESH_MS).unref();
    const unsubscribe = signals.subscribe((signal) => {
      if (signal.kind === 'source') refresh();
    });
    following = () => {
      clearInterval(timer);
      unsubscribe();
    };
    refresh();
  };

  const current = (): SourceState => {
    const state = shared.local();
    const rate = currentRate(state, pacing());
    const hold = holdOf(state, now(), pacing());
    return {
      mode: state.mode,
      sinceMs: state.sinceMs,
      reason: state.reason,
      rate: Number.isFinite(rate) ? rate : null,
      nextProbeAtMs: state.mode === 'blocked' ? Math.max(state.nextProbeAtMs, state.retryAfterUntilMs) : null,
      hold: hold === null ? null : { untilMs: hold.untilMs, why: hold.why },
    };
  };

  const refuse = (hold: Extract<Grant, { kind: 'wait' }>): never => {
    throw new SourceHeld(hold.untilMs, hold.why);
  };

  /** Waits until `atMs`; ends early when the source is held in the meantime. */
  const waitFor = async (atMs: number, signal: AbortSignal | undefined): Promise<void> => {
    // No slot lies further ahead, unless the clock jumped in this moment.
    const waitMs = Math.min(atMs - now(), fixed.maxWaitMs);
    if (waitMs <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        listeners.delete(onHold);
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const onHold = (state: SourceState): void => {
        if (state.hold !== null) finish(resolve);
      };
      const onAbort = (): void => finish(() => reject(signal?.reason as Error));
      // Timers count whole milliseconds and may fire a little early; rounding up keeps the distance.
      const timer = setTimeout(() => finish(resolve), Math.ceil(waitMs));
      listeners.add(onHold);
      signal?.addEventListener('abort', onAbort);
    });
  };

  return {
    async enter({ signal } = {}) {
      signal?.throwIfAborted();
      follow();
      if (shared.loadedAtMs() === 0) await shared.refresh();
      for (;;) {
        const known = shared.local();
        if (known.mode === 'open' && currentRate(known, pacing()) === Number.POSITIVE_INFINITY) {
          const hold = holdOf(known, now(), pacing());
          return hold === null ? { probe: false, startedAtMs: now() } : refuse(hold);
        }
        const grant = await shared.update<Grant>((state) => {
          const slot = requestSlot(state, now(), pacing(), random);
          return { value: slot.state, result: slot.grant };
        });
        if (grant.kind === 'wait') return refuse(grant);
        if (grant.probe) return { probe: true, startedAtMs: now() };
        await waitFor(grant.atMs, signal);
        const hold = holdOf(shared.local(), now(), pacing());
        if (hold !== null) return refuse(hold);
        // Blocked while we waited, and a probe is due: ask again, as everybody.
        if (shared.local().mode !== 'blocked') return { probe: false, startedAtMs: now() };
      }
    },
    async report(report) {
      follow();
      const retryAfterMs = report.retryAfterMs ?? null;
      const outcome = {
        kind: report.kind,
        probe: report.probe,
        startedAtMs: report.startedAtMs,
        retryAfterMs,
        ...(report.reason === undefined ? {} : { reason: report.reason }),
      };
      if (retryAfterMs === null && changesNothing(shared.local(), outcome)) return;
      try {
        await shared.update((state) => ({ value: reportOutcome(state, outcome, now(), pacing(), random), result: undefined }));
      } catch (error) {
        log.warn({ err: error, outcome: report.kind }, 'what became of a page could not be noted for the other processes');
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
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closed = true;
      following?.();
      following = undefined;
      listeners.clear();
    },
  };
}

/** Whether two states differ in what others act on; slots and small steps of the rate are not among that. */
function tellsApart(a: PacingState, b: PacingState): boolean {
  if (a.probeLeaseUntilMs > 0 !== b.probeLeaseUntilMs > 0) return true;
  return a.mode !== b.mode || a.reason !== b.reason || a.retryAfterUntilMs !== b.retryAfterUntilMs || a.nextProbeAtMs !== b.nextProbeAtMs;
}

function logMode(log: CrawlLog, state: PacingState, rate: number): void {
  const fields = { source: state.mode, reason: state.reason, ...(Number.isFinite(rate) ? { pagesPerSecond: rate } : {}) };
  if (state.mode === 'blocked')
    log.warn({ ...fields, nextProbeAt: iso(state.nextProbeAtMs) }, 'the source is blocked: nothing is asked for but single probes');
  else if (state.mode === 'slowed') log.warn(fields, 'the source is slowed down');
  else log.info(fields, 'the source is open');
}
