/** What was begun is ended in reverse, each part within what is left of one deadline. */
import { withDeadline } from '../domain/deadline.ts';
import type { Log } from '../domain/log.ts';

/** What stopping everything may take beyond the drain, in milliseconds; and what is left to each part when that is used up. */
export const STOP_TIMEOUT_MS = 5_000;
const LEAST_STOP_MS = 1_000;

export interface Lifecycle {
  /** Takes note of a part that was begun, and of how it ends. Returns the part. */
  add<T>(name: string, part: T, end: (part: T) => Promise<unknown>): T;
  /** Whether `end` was called. */
  readonly ending: boolean;
  /** What a part that ends now may take, in milliseconds. */
  leftMs(): number;
  /** Ends every part once `started` is over, the last one first. Resolves when nothing runs, or when its time is over. Parts that fail are logged. */
  end(started: Promise<unknown> | null): Promise<void>;
  /** Ends every part of a start that failed. Failures are not told: the start's own is. */
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
        log.warn(
          { left },
          'stopped, but not every part in good order, as happens while the store is away; nothing that was accepted is lost',
        );
    },
    async undo() {
      for (let last = parts.pop(); last; last = parts.pop()) await last.end().catch(() => undefined);
    },
  };
}
