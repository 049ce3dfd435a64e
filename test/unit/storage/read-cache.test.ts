import { describe, expect, it } from 'vitest';
import { bookReference, isbnReference, parseBookId, parseIsbn, type BookId, type JobId } from '../../../src/domain/identity.ts';
import { withReadCache } from '../../../src/storage/read-cache.ts';
import type { BookStore, Found, Signal, Signals } from '../../../src/storage/store.ts';

const id = parseBookId('2767052') as BookId;
const jobId: JobId = bookReference(id).jobId;
const isbnJob: JobId = isbnReference(parseIsbn('9780439023481') as never).jobId;

/** A store whose reads the test answers by hand: only so can a change fall between the question and its answer. */
function scene() {
  const reads: { jobId: JobId; answer(version: number): void; fail(error: Error): void }[] = [];
  const listeners = new Set<(signal: Signal) => void>();
  const books = {
    find: (asked: JobId) =>
      new Promise<Found>((resolve, reject) => {
        reads.push({
          jobId: asked,
          answer: (version) =>
            resolve({
              kind: 'book',
              book: {
                bookId: id,
                body: Buffer.from(`v${version}`),
                etag: 'e'.repeat(16),
                fetchedAtMs: version,
                freshUntilMs: 9e12,
                richness: 9,
              },
            }),
          fail: reject,
        });
      }),
    put: async () => 'stored',
    delete: async () => true,
  } as unknown as BookStore;
  const signals: Signals = {
    publish: async () => undefined,
    subscribe: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
  };
  const cache = withReadCache(books, signals, { maxBytes: 10_000, maxAgeMs: 60_000 });
  const changed = (): void => listeners.forEach((listener) => listener({ kind: 'book', bookId: id }));
  const version = async (read: Promise<Found | null>): Promise<number | undefined> => {
    const found = await read;
    return found?.kind === 'book' ? found.book.fetchedAtMs : undefined;
  };
  /** The first read of a book is not held: everything else begins at the second. */
  const askOnce = async (asked: JobId): Promise<void> => {
    const first = cache.find(asked, 1);
    reads.pop()?.answer(0);
    await first;
  };
  return { cache, reads, changed, version, listeners, askOnce };
}

describe('the read cache', () => {
  it('reads a book once for all who ask at the same time, and then from memory', async () => {
    const { cache, reads, version, askOnce } = scene();
    await askOnce(jobId);
    const asked = [cache.find(jobId, 1), cache.find(jobId, 1), cache.find(jobId, 1)];
    reads[0]?.answer(1);
    expect(await Promise.all(asked.map(version))).toEqual([1, 1, 1]);
    expect(await version(cache.find(jobId, 2))).toBe(1);
    expect(reads).toHaveLength(1);
  });

  it('forgets a book that changed', async () => {
    const { cache, reads, changed, version, askOnce } = scene();
    await askOnce(jobId);
    const first = cache.find(jobId, 1);
    reads[0]?.answer(1);
    await first;
    changed();
    const second = cache.find(jobId, 2);
    reads[1]?.answer(2);
    expect(await version(second)).toBe(2);
  });

  it('does not keep what was read before a change, nor hand it to those who ask after it', async () => {
    const { cache, reads, changed, version, askOnce } = scene();
    await askOnce(jobId);
    const before = cache.find(jobId, 1);
    changed();
    const after = cache.find(jobId, 2);
    reads[0]?.answer(1);
    reads[1]?.answer(2);
    expect(await version(before)).toBe(1);
    expect(await version(after)).toBe(2);
    expect(await version(cache.find(jobId, 3))).toBe(2);
    expect(reads).toHaveLength(2);
  });

  it('does not keep what an ISBN leads to', async () => {
    const { cache, reads, version, askOnce } = scene();
    await askOnce(isbnJob);
    const first = cache.find(isbnJob, 1);
    reads[0]?.answer(1);
    await first;
    const second = cache.find(isbnJob, 2);
    reads[1]?.answer(2);
    expect(await version(second)).toBe(2);
  });

  it('hands an error to those who ask, and asks again the next time', async () => {
    const { cache, reads, version, askOnce } = scene();
    await askOnce(jobId);
    const first = cache.find(jobId, 1);
    reads[0]?.fail(new Error('away'));
    await expect(first).rejects.toThrow('away');
    const second = cache.find(jobId, 2);
    reads[1]?.answer(2);
    expect(await version(second)).toBe(2);
  });

  it('stops listening when closed', () => {
    const { cache, listeners } = scene();
    cache.close();
    expect(listeners.size).toBe(0);
  });
});
