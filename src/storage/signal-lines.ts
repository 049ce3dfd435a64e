/** Signals as one line of text each: what travels over a pub/sub channel. */
import type { BatchId } from '../domain/batch.ts';
import type { BookId, JobId } from '../domain/identity.ts';
import type { Signal } from './store.ts';

/** A signal as a line: `batch <id>`, `book <id>`, `cancel <jobId> <run>`, `look-up <id>`, `keys`, `source`. */
export function encodeSignal(signal: Signal): string {
  switch (signal.kind) {
    case 'batch':
      return `batch ${signal.batchId}`;
    case 'book':
      return `book ${signal.bookId}`;
    case 'cancel':
      return `cancel ${signal.jobId} ${signal.run}`;
    case 'look-up':
      return `look-up ${signal.id}`;
    case 'keys':
    case 'source':
      return signal.kind;
  }
}

/** The signal of a line, or `null` when the line is of a newer or foreign kind. */
export function decodeSignal(line: string): Signal | null {
  const [kind, first, second] = line.split(' ');
  if (kind === 'source' || kind === 'keys') return { kind };
  if (kind === 'batch' && first) return { kind, batchId: first as BatchId };
  if (kind === 'book' && first) return { kind, bookId: first as BookId };
  if (kind === 'look-up' && first) return { kind, id: first };
  if (kind === 'cancel' && first && second) return { kind, jobId: first as JobId, run: second };
  return null;
}
