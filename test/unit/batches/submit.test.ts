import { describe, expect, it, onTestFinished } from 'vitest';
import { inputOf } from '../../../src/batches/batch.ts';
import { createBatches } from '../../../src/batches/batches.ts';
import type { Store } from '../../../src/storage/store.ts';

describe('an entry as it is kept', () => {
  const deep = (open: string, close: string): unknown => JSON.parse(open.repeat(100_000) + close.repeat(100_000));
  it.each([
    ['a link', 'https://www.goodreads.com/book/show/1', 'https://www.goodreads.com/book/show/1'],
    ['a long one', 'x'.repeat(5_000), 'x'.repeat(2_048)],
    ['a number', 5, '5'],
    ['nothing', null, 'null'],
    ['an object', { a: [1] }, '{"a":[1]}'],
    ['a large array', Array.from({ length: 1_000 }, () => 1), `[${'1,'.repeat(99)}1`],
    ['an array in arrays without end', deep('[', ']'), '[…]'],
    ['the same in an object', { a: deep('[', ']') }, '{…}'],
  ])('%s', (_name, entry, input) => {
    expect(inputOf(entry)).toBe(input);
  });
});

describe('a submission in steps', () => {
  it('that the store fails half-way leaves no rejection to nobody', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    let steps = 0;
    const submit: Store['batches']['submit'] = async ({ items }) => {
      steps += 1;
      if (steps === 2) throw new Error('the store went away');
      return items.map(() => ({ status: 'queued' }));
    };
    const batches = createBatches({
      store: { batches: { submit } } as unknown as Store,
      enter: () => Promise.resolve(() => undefined),
      enqueue: () => Promise.reject(new Error('the queue went away')),
      raise: () => Promise.resolve(),
      withdraw: () => Promise.resolve(),
      newRun: () => 'run',
      liveRuns: () => Promise.resolve([]),
      until: () => Promise.resolve(false),
      waiting: () => Promise.resolve(0),
      source: () => ({ mode: 'open', rate: null, nextProbeAtMs: null, hold: null }),
    });
    const links = Array.from({ length: 600 }, (_, n) => `https://www.goodreads.com/book/show/${n + 1}`);
    await expect(batches.submit({ links, priority: 'normal', maxAgeMs: null, webhook: null })).rejects.toThrow('the store went away');
    // Node tells of unhandled rejections once the microtasks are done.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    expect(unhandled).toEqual([]);
  });
});
