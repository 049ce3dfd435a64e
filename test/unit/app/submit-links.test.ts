import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { inputOf } from '../../../src/domain/batch.ts';
import { createSubmitLinks } from '../../../src/app/submit-links.ts';
import type { JobRun } from '../../../src/domain/run-id.ts';
import { createSpecification } from '../../specification/store.ts';
import { noCollections, silentLog } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';
import type { Store } from '../../../src/storage/store.ts';

describe('an entry as it is kept', () => {
  const deep = (open: string, close: string): unknown => JSON.parse(open.repeat(100_000) + close.repeat(100_000));
  it.each([
    ['a link', 'https://www.goodreads.com/book/show/1', 'https://www.goodreads.com/book/show/1'],
    ['a long one', 'x'.repeat(5_000), 'x'.repeat(2_048)],
    ['an emoji at the cut', `${'x'.repeat(2_047)}\u{1f600}`, 'x'.repeat(2_047)],
    ['half an emoji and a NUL', 'a\ud83db\0', 'a\ufffdb\ufffd'],
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
  const links = Array.from({ length: 600 }, (_, n) => `https://www.goodreads.com/book/show/${n + 1}`);
  /** A submission to a store that records `steps` steps and then goes away, with a queue that is away. */
  const submitTo = (steps: number) => {
    let done = 0;
    const told: string[] = [];
    const submit: Store['batches']['submit'] = async ({ items }) => {
      if (done === steps) throw new Error('the store went away');
      done += 1;
      return items.map(() => ({ status: 'queued' }));
    };
    const cancel = () => Promise.reject(new Error('the store is away'));
    const enqueue = vi.fn<() => Promise<void>>(() => Promise.reject(new Error('the queue went away')));
    const run = createSubmitLinks({
      collections: noCollections,
      store: { batches: { submit, cancel } } as unknown as Store,
      enter: () => Promise.resolve(() => undefined),
      queue: { enqueue, raisePriority: () => Promise.resolve(), cancel: () => Promise.resolve() },
      log: { ...silentLog, warn: (_fields, message) => void told.push(message) },
      now: Date.now,
    });
    return { told, enqueue, answer: run({ links, priority: 'normal', maxAgeMs: null, webhook: null }) };
  };

  it('queues nothing when the store fails half-way, and leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const { answer, told, enqueue } = submitTo(1);
    await expect(answer).rejects.toThrow('the store went away');
    // Node tells of unhandled rejections once the microtasks are done.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    expect(unhandled).toEqual([]);
    expect(enqueue).not.toHaveBeenCalled();
    expect(told).toEqual([expect.stringContaining('could not be cancelled')]);
  });

  it('queues the jobs that another batch joined when the store fails half-way, and no other', async () => {
    const store = createSpecification(TEST_SETTINGS);
    const enqueue = vi.fn<(jobs: JobRun[]) => Promise<void>>(() => Promise.resolve());
    const submitLinks = (batches: Store['batches']) =>
      createSubmitLinks({
        collections: noCollections,
        store: { ...store, batches },
        enter: () => Promise.resolve(() => undefined),
        queue: { enqueue, raisePriority: () => Promise.resolve(), cancel: () => Promise.resolve() },
        log: silentLog,
        now: Date.now,
      });
    const ask = { priority: 'normal', maxAgeMs: null, webhook: null } as const;
    const submit: Store['batches']['submit'] = async (submission) => {
      if (!submission.batch?.last) return store.batches.submit(submission);
      const other = await submitLinks(store.batches)({ ...ask, links: links.slice(7, 8) });
      expect(other.counts).toMatchObject({ joined: 1, queued: 0 });
      throw new Error('the store went away');
    };
    await expect(submitLinks({ ...store.batches, submit })({ ...ask, links })).rejects.toThrow('the store went away');
    await vi.waitFor(() => expect(enqueue).toHaveBeenCalled());
    expect(enqueue.mock.calls.map(([jobs]) => jobs.map(({ jobId }) => jobId))).toEqual([['book-8']]);
  });

  it('raises the priority of a job that it joins, and counts against the limit only the jobs that it queues', async () => {
    const store = createSpecification(TEST_SETTINGS);
    const raisePriority = vi.fn<(job: JobRun, priority: string) => Promise<void>>(() => Promise.resolve());
    const leave = vi.fn<(jobs: number) => void>();
    const enter = vi.fn<(jobs: number) => Promise<typeof leave>>(() => Promise.resolve(leave));
    const enqueue = vi.fn<(jobs: JobRun[]) => Promise<void>>(() => Promise.resolve());
    const queue = { enqueue, raisePriority, cancel: () => Promise.resolve() };
    const submit = createSubmitLinks({ collections: noCollections, store, enter, queue, log: silentLog, now: Date.now });
    await submit({ links: links.slice(0, 2), priority: 'bulk', maxAgeMs: null, webhook: null });
    await submit({ links: ['nonsense', ...links.slice(0, 5)], priority: 'interactive', maxAgeMs: null, webhook: null });
    const [first] = enqueue.mock.calls[0] ?? [];
    expect(raisePriority.mock.calls).toEqual(first?.map((job) => [job, 'interactive']));
    expect(raisePriority).toHaveBeenCalledTimes(2);
    expect(enter.mock.calls).toEqual([[2], [5]]);
    expect(leave.mock.calls).toEqual([[2], [3]]);
  });

  it('is accepted once it is recorded, even while the queue is away', async () => {
    const { answer, told } = submitTo(3);
    expect((await answer).counts).toMatchObject({ total: 600, queued: 600 });
    expect(told).toEqual([expect.stringContaining('the reconciler queues them')]);
  });
});

describe('entries that are not the same', () => {
  const submitAll = async (links: unknown[]) => {
    const store = { batches: { submit: async ({ items }: { items: object[] }) => items.map(() => ({ status: 'queued' })) } };
    const submit = createSubmitLinks({
      collections: noCollections,
      store: store as unknown as Store,
      enter: () => Promise.resolve(() => undefined),
      queue: { enqueue: () => Promise.resolve(), raisePriority: () => Promise.resolve(), cancel: () => Promise.resolve() },
      log: silentLog,
      now: Date.now,
    });
    const book = 'https://www.goodreads.com/book/show/1';
    const { items } = await submit({ links: [book, ...links], priority: 'normal', maxAgeMs: null, webhook: null });
    return items.slice(1).map(({ input, duplicates }) => [input, duplicates ?? 0]);
  };

  it('a number and its text are two items', async () => {
    expect(await submitAll(['123', 123, 123, 'null', null])).toEqual([
      ['123', 0],
      ['123', 1],
      ['null', 0],
      ['null', 0],
    ]);
  });

  it('links and objects with the same start are separate items', async () => {
    const long = 'x'.repeat(2_048);
    expect(await submitAll([`${long}a`, `${long}b`, `${long}a`])).toEqual([
      [long, 1],
      [long, 0],
    ]);
    expect(await submitAll([{ a: `${long}a` }, { a: `${long}b` }])).toHaveLength(2);
  });
});
