/** Stand-ins for what a test does not look at: a log that nobody reads, a source that is open. */
import type { SourceState } from '../../src/crawl/source/source-state.ts';
import type { CollectionQueue } from '../../src/app/collections/collection-queue.ts';
import type { Log } from '../../src/domain/log.ts';

export const silentLog: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export const openSource: SourceState = { mode: 'open', sinceMs: 0, reason: null, rate: null, nextProbeAtMs: null, closed: null };

/** A queue of collections, for tests without any. */
export const noCollections: CollectionQueue = {
  enqueue: () => Promise.reject(new Error('this test has no collections')),
  cancel: async () => undefined,
  has: async (collections) => collections.map(() => false),
  counts: async () => ({ waiting: 0, active: 0, delayed: 0 }),
};
