/** Something that emits events by name: a Node EventEmitter, a BullMQ Worker or QueueEvents. */
interface Emitter {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  off(event: string, listener: (...args: unknown[]) => void): unknown;
}

/** One event as it was seen: its name and what came with it. */
export interface RecordedEvent {
  event: string;
  args: unknown[];
}

/**
 * Records the named events of `emitter`, in order, until one of them satisfies `done`, and resolves to all it recorded,
 * that one included. Rejects with the list of what it saw when `timeoutMs` passes first. Call it before the action
 * that causes the events, and await the result after it.
 */
export async function recordUntil(
  emitter: object,
  events: readonly string[],
  done: (seen: RecordedEvent, all: readonly RecordedEvent[]) => boolean,
  timeoutMs = 10_000,
): Promise<RecordedEvent[]> {
  // The event maps of typed emitters are narrower than plain strings, so the loose shape is asserted in this one place.
  const source = emitter as Emitter;
  return new Promise((resolve, reject) => {
    const recorded: RecordedEvent[] = [];
    const listeners = events.map((event) => {
      const listener = (...args: unknown[]): void => {
        const seen = { event, args };
        recorded.push(seen);
        try {
          if (!done(seen, recorded)) return;
          stop();
          resolve(recorded);
        } catch (error) {
          stop();
          reject(error);
        }
      };
      source.on(event, listener);
      return { event, listener };
    });
    const timer = setTimeout(() => {
      stop();
      const names = recorded.map(({ event }) => event).join(', ') || 'nothing';
      reject(new Error(`waited ${timeoutMs} ms for one of ${events.join(', ')}; saw ${names}`));
    }, timeoutMs);
    const stop = (): void => {
      clearTimeout(timer);
      for (const { event, listener } of listeners) source.off(event, listener);
    };
  });
}
