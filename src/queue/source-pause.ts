/**
 * Pauses a worker while the source is closed. The state of the source is kept in crawl/source alone; this file only follows it, so that
 * a worker does not take jobs in order to put them back.
 */
import type { Source } from '../crawl/source/source.ts';
import type { Log } from '../domain/log.ts';

/** A pause is looked at again after this many milliseconds: its end is told by the wall clock, which may have jumped. */
const LOOK_AGAIN_MS = 10_000;
/** Workers of a fleet resume within this many milliseconds of each other, not in the same instant. */
const SPREAD_MS = 50;

/** What BullMQ's worker offers for this. */
interface Pausable {
  isPaused(): boolean;
  pause(doNotWaitActive: boolean): Promise<void>;
  resume(): Promise<void> | void;
}

export interface SourcePause {
  /** A job met the closed source: no job is taken until then (milliseconds since the epoch), or until the source opens. */
  until(untilMs: number): void;
  /** Ends the watch. A paused worker stays paused. */
  end(): void;
}

export interface SourcePauseOptions {
  worker: Pausable;
  source: Pick<Source, 'current' | 'onChange'>;
  log: Log;
  now: () => number;
  random: () => number;
}

/** Begins to follow the source. */
export function pauseWhileClosed({ worker, source, log, now, random }: SourcePauseOptions): SourcePause {
  let pausedUntilMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;

  const resume = (): void => {
    clearTimeout(timer);
    pausedUntilMs = 0;
    if (ended || !worker.isPaused()) return;
    Promise.resolve(worker.resume()).catch((error: unknown) => log.error({ err: error }, 'the worker could not be resumed'));
  };
  const resumeLater = (): void => {
    clearTimeout(timer);
    const waitMs = pausedUntilMs - now() + random() * SPREAD_MS;
    timer = waitMs > LOOK_AGAIN_MS ? setTimeout(lookAgain, LOOK_AGAIN_MS) : setTimeout(resume, waitMs);
  };
  const lookAgain = (): void => ((source.current().closed?.untilMs ?? 0) > now() ? resumeLater() : resume());
  const unsubscribe = source.onChange(({ closed }) => {
    if (closed === null) resume();
  });

  return {
    until(untilMs) {
      if (ended || untilMs <= Math.max(pausedUntilMs, now())) return;
      pausedUntilMs = untilMs;
      resumeLater();
      if (!worker.isPaused()) worker.pause(true).catch((error: unknown) => log.error({ err: error }, 'the worker could not be paused'));
    },
    end() {
      ended = true;
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
