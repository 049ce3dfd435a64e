/**
 * Pauses a worker while the source is closed, so that it does not take jobs only to return them. crawl/source keeps the state of the
 * source; this file only follows it.
 */
import type { Source } from '../crawl/source/source.ts';
import type { Log } from '../domain/log.ts';

/** A pause is checked again after this many milliseconds: its end is a time of the wall clock, which may jump. */
const LOOK_AGAIN_MS = 10_000;
/** Workers of a fleet resume within this many milliseconds of each other, not in the same instant. */
const SPREAD_MS = 50;

/** The part of BullMQ's worker that this file uses. */
interface Pausable {
  isPaused(): boolean;
  pause(doNotWaitActive: boolean): Promise<void>;
  resume(): Promise<void> | void;
}

export interface SourcePause {
  /** Pauses until this time (milliseconds since the epoch), or until the source opens. */
  until(untilMs: number): void;
  /** Stops following the source. A paused worker stays paused. */
  end(): void;
}

export interface SourcePauseOptions {
  worker: Pausable;
  source: Pick<Source, 'current' | 'onChange'>;
  log: Log;
  now: () => number;
  random: () => number;
}

/** Starts following the source. */
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
