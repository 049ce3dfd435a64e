/** Signals on Redis: one pub/sub channel, one line of text a signal. */
import { decodeSignal, encodeSignal } from '../signal-lines.ts';
import type { Signal, Signals } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** Signals and the hook that starts listening: `listen` is called once the subscriber connection may be opened. */
export function createSignals(redis: RedisClient, subscriber: RedisClient, prefix: string): Signals & { listen(): Promise<void> } {
  const listeners = new Set<(signal: Signal) => void>();
  const channel = `${prefix}signals`;
  subscriber.on('message', (_channel: string, line: string) => {
    const signal = decodeSignal(line);
    if (signal) for (const listener of listeners) listener(signal);
  });
  return {
    async listen() {
      await subscriber.subscribe(channel);
    },
    async publish(signal) {
      await asked(redis.tell(prefix, encodeSignal(signal)));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
