/** Waits for a turn to ask the source for a page. */
import { currentRate, closureOf, requestSlot, type Grant, type ClosedReason, type PacingSettings } from './pacing.ts';
import { isProbed, type PacingState } from './pacing-state.ts';
import type { SharedState } from './shared-state.ts';
import type { SourceState } from './source-state.ts';
import { iso } from '../../domain/time/iso.ts';

/** The source may not be asked before `untilMs`. The caller returns its job to the queue, which costs the job no attempt. */
export class SourceClosed extends Error {
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
  readonly why: ClosedReason;

  constructor(untilMs: number, why: ClosedReason) {
    super(`the source is closed until ${iso(untilMs)} (${why})`);
    this.name = 'SourceClosed';
    this.untilMs = untilMs;
    this.why = why;
  }
}

/** The right to make one request now. */
export interface Entry {
  probe: boolean;
  startedAtMs: number;
}

export interface TurnOptions {
  shared: SharedState<PacingState>;
  pacing: () => PacingSettings;
  /** Calls `listener` when the source changes. Returns a function that unsubscribes. */
  onChange(listener: (state: SourceState) => void): () => void;
  now: () => number;
  random: () => number;
}

/** Waits for the next slot and takes it. While the source is open and the rate unlimited, that costs no store call. */
export async function takeTurn(options: TurnOptions, signal: AbortSignal | undefined): Promise<Entry> {
  const { shared, pacing, now, random } = options;
  const refuseWhileClosed = (): void => {
    const closed = closureOf(shared.local(), now(), pacing());
    if (closed !== null) throw new SourceClosed(closed.untilMs, closed.why);
  };
  for (;;) {
    const known = shared.local();
    if (known.mode === 'open' && currentRate(known, pacing()) === Number.POSITIVE_INFINITY) {
      refuseWhileClosed();
      return { probe: false, startedAtMs: now() };
    }
    const grant = await shared.update<Grant>((state) => {
      const slot = requestSlot(state, now(), pacing(), random);
      return { value: slot.state, result: slot.grant };
    });
    if (grant.kind === 'wait') throw new SourceClosed(grant.untilMs, grant.why);
    if (grant.probe) return { probe: true, startedAtMs: now() };
    await waitForSlot(options, grant.atMs, signal);
    refuseWhileClosed();
    // Meanwhile only probes go, and one is due: ask again.
    if (!isProbed(shared.local().mode)) return { probe: false, startedAtMs: now() };
  }
}

/** Waits until `atMs`, or until the source closes. Rejects with the signal's reason. */
async function waitForSlot({ pacing, onChange, now }: TurnOptions, atMs: number, signal: AbortSignal | undefined): Promise<void> {
  // A slot lies further ahead only when the clock jumped at this moment.
  const waitMs = Math.min(atMs - now(), pacing().maxWaitMs);
  if (waitMs <= 0) return;
  await new Promise<void>((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      unsubscribe();
      signal?.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(signal?.reason as Error));
    // Timers count whole milliseconds and may fire a little early; rounding up keeps the distance.
    const timer = setTimeout(() => finish(resolve), Math.ceil(waitMs));
    const unsubscribe = onChange(({ closed }) => (closed === null ? undefined : finish(resolve)));
    signal?.addEventListener('abort', onAbort);
  });
}
