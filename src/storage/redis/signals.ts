/**
 * Signals on Redis: one pub/sub channel for all databases of a server, one line of text a signal. The last word of a line names the
 * database that the signal is about.
 */
import { decodeSignal, encodeSignal } from '../signal-lines.ts';
import type { Signal, Signals } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** How often the subscriber's connection is asked whether it is still there. */
const HEARTBEAT_MS = 5_000;

/** The hooks of the store: `listen` is called once the subscriber connection may be opened, `stop` before it is closed. */
export interface RedisSignals extends Signals {
  listen(): Promise<void>;
  stop(): void;
}

export function createSignals(redis: RedisClient, subscriber: RedisClient, prefix: string, database: number): RedisSignals {
  let heartbeat: NodeJS.Timeout | undefined;
  const listeners = new Set<(signal: Signal) => void>();
  const channel = `${prefix}signals`;
  subscriber.on('message', (_channel: string, line: string) => {
    // A line without a database is of an earlier version: it may be about ours.
    const about = / db(\d+)$/.exec(line);
    if (about && Number(about[1]) !== database) return;
    const signal = decodeSignal(about ? line.slice(0, about.index) : line);
    if (signal) for (const listener of listeners) listener(signal);
  });
  return {
    async listen() {
      await asked(subscriber.subscribe(channel));
      // A listener hears nothing on a quiet day either. Only a question without an answer (`socketTimeout`) shows a dead connection.
      heartbeat = setInterval(() => {
        if (subscriber.status === 'ready') subscriber.ping().catch(() => undefined);
      }, HEARTBEAT_MS).unref();
    },
    stop: () => clearInterval(heartbeat),
    async publish(signal) {
      await asked(redis.publishSignal(prefix, encodeSignal(signal)));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
