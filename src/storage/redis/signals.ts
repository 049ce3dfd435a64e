/** Signals on Redis: one pub/sub channel, one line of text a signal. */
import type { BatchId } from '../../batches/batch.ts';
import type { BookId, JobId } from '../../books/identity.ts';
import type { Signal, Signals } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** A signal as a line: `batch <id>`, `book <id>`, `cancel <jobId> <run>`, `source`. */
export function encodeSignal(signal: Signal): string {
  switch (signal.kind) {
    case 'batch':
      return `batch ${signal.batchId}`;
    case 'book':
      return `book ${signal.bookId}`;
    case 'cancel':
      return `cancel ${signal.jobId} ${signal.run}`;
    case 'source':
      return 'source';
  }
}

/** The signal of a line, or `null` when the line is of a newer or foreign kind. */
export function decodeSignal(line: string): Signal | null {
  const [kind, first, second] = line.split(' ');
  if (kind === 'source') return { kind };
  if (kind === 'batch' && first) return { kind, batchId: first as BatchId };
  if (kind === 'book' && first) return { kind, bookId: first as BookId };
  if (kind === 'cancel' && first && second) return { kind, jobId: first as JobId, run: second };
  return null;
}

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
      await asked(redis.publish(channel, encodeSignal(signal)));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
