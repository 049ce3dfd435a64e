/** Stops the started parts in reverse order, all within one deadline. */
import { withDeadline } from '../domain/deadline.ts';
import type { Log } from '../domain/log.ts';

/** How long stopping may take after the drain, in milliseconds, and how long each part still gets when that time is over. */
export const STOP_TIMEOUT_MS = 5_000;
const LEAST_STOP_MS = 1_000;

export interface Lifecycle {
  /** Registers a started part and how to stop it. Returns the part. */
  add<T>(name: string, part: T, end: (part: T) => Promise<unknown>): T;
  /** Whether `end` was called. */
  readonly ending: boolean;
  /** How long a part that stops now may take, in milliseconds. */
  leftMs(): number;
  /**
   * Stops every part once `started` is over, the last one first. Resolves when nothing runs, or after the deadline. Logs parts that fail.
   */
  end(started: Promise<unknown> | null): Promise<void>;
  /** Stops every part of a failed start. Ignores further failures, because the caller gets that of the start. */
  undo(): Promise<void>;
}

export function createLifecycle({ drainMs, log }: { drainMs: number; log: Log }): Lifecycle {
  const parts: { name: string; end: () => Promise<unknown> }[] = [];
  let endByMs: number | null = null;

  const leftMs = (): number => (endByMs === null ? Infinity : Math.max(endByMs - performance.now(), LEAST_STOP_MS));

  return {
    add(name, part, end) {
      parts.push({ name, end: () => end(part) });
      return part;
    },
    get ending() {
      return endByMs !== null;
    },
    leftMs,
    async end(started) {
      endByMs = performance.now() + drainMs + STOP_TIMEOUT_MS;
      await started?.catch(() => undefined);
      const left: Record<string, string> = {};
      for (let last = parts.pop(); last; last = parts.pop()) {
        try {
          // A store that is gone must not keep the process alive.
          await withDeadline(last.end(), leftMs(), () => new Error('did not stop in time'));
        } catch (error) {
          left[last.name] = error instanceof Error ? error.message : String(error);
        }
      }
      if (Object.keys(left).length > 0)
        log.warn({ left }, 'stopped, but not every part stopped cleanly, as happens while the store is away; no accepted job is lost');
    },
    async undo() {
      for (let last = parts.pop(); last; last = parts.pop()) await last.end().catch(() => undefined);
    },
  };
}
