/** Commands on books, jobs and batches. */
import * as fc from 'fast-check';
import { PRIORITIES } from '../../../src/domain/batch.ts';
import type { JobOutcome } from '../../../src/domain/job.ts';
import type { JobEnd, Settled, Store, StoredBook, SubmittedItem } from '../../../src/storage/store.ts';
import { bookOfJob, liveJob } from '../../specification/records.ts';
import { OPTIONS } from '../samples.ts';
import { Command } from './commands.ts';
import { ENTRIES } from './reading.ts';
import { AT_ONCE, FAR_MS, JOBS, nextBatchId, nextRun, type Model } from './model.ts';

/** What a sweep takes at most. */
const MOST_SWEPT = 500;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Clocks in whole seconds, that are right, a little off, or have jumped. */
export const clock = fc.oneof(
  fc.integer({ min: -20, max: 20 }).map((seconds) => seconds * 1_000),
  fc.constantFrom(0, 0, 30_000, -30_000, HOUR_MS, -HOUR_MS, 3 * HOUR_MS, -3 * HOUR_MS),
);
/** Times of a fetch. None is so near the tolerance that the length of the run decides. */
const fetchedAt = fc.constantFrom(0, -5_000, 5_000, 30_000, -2 * MINUTE_MS, 2 * HOUR_MS, -2 * HOUR_MS);
const freshUntil = fc.constantFrom(-HOUR_MS, 0, MINUTE_MS, HOUR_MS, 4 * HOUR_MS);
export const text = fc.constantFrom(
  'plain',
  'a "quote", a \\ and a\nline',
  'NUL \0 inside',
  'half \ud83d',
  '\ude00 half',
  '📚',
  `${'x'.repeat(499)}📚`,
);
export const job = fc.nat({ max: JOBS - 1 });
const place = fc.nat({ max: 9 });
export const priority = fc.constantFrom(...PRIORITIES);
export const maxAgeMs = fc.constantFrom(null, null, 0, MINUTE_MS, 90 * MINUTE_MS);
const duplicates = fc.constantFrom(0, 0, 3, 9_999);

const searchEntry = fc.constantFrom(...ENTRIES, null);

export const copy = fc.record({
  book: fc.nat({ max: 4 }),
  fetchedAt,
  freshUntil,
  richness: fc.constantFrom(5, 6, 999),
  body: fc.nat({ max: 9 }),
  entry: searchEntry,
});
type Copy = typeof copy extends fc.Arbitrary<infer T> ? T : never;

export const bookOf = (model: Model, { book, body, ...one }: Copy): StoredBook => ({
  ...(one.entry === null ? {} : { entry: one.entry }),
  bookId: model.bookIds[book]!,
  body: Buffer.from(JSON.stringify({ body, title: 'Übergröße 📚' })),
  etag: `etag-${body}`.padEnd(16, '_'),
  fetchedAtMs: model.baseMs + one.fetchedAt,
  freshUntilMs: model.baseMs + one.freshUntil,
  richness: one.richness,
});

export interface Links {
  links: number[];
  invalid: boolean;
  text: string;
  duplicates: number;
}
export const links = { links: fc.uniqueArray(job, { maxLength: 5 }), invalid: fc.boolean(), text, duplicates };

export function itemsOf(model: Model, wish: Links, firstIndex: number): SubmittedItem[] {
  const valid = wish.links.map((at) => {
    const jobId = model.jobIds[at]!;
    return { input: `https://x/${jobId}-${wish.text}`, jobId, bookId: bookOfJob(jobId), reason: null };
  });
  const invalid = { input: wish.text, jobId: null, bookId: null, reason: `No link: ${wish.text}` };
  const all = [...valid, ...(wish.invalid ? [invalid] : [])];
  return all.map((item, at) => Object.assign(item, { index: firstIndex + at, duplicates: wish.duplicates }));
}

export const show = (title: string, wish: object): string => `${title} ${JSON.stringify(wish)}`;

const submitBatch = fc
  .record({ ...links, announced: fc.constantFrom(0, 0, 1, 3), isLast: fc.boolean(), priority, maxAgeMs, clock })
  .map((wish) => {
    return new Command(show('submit a batch', wish), (model) => {
      const items = itemsOf(model, wish, 0);
      const last = wish.announced === 0 && wish.isLast;
      const batch = { batchId: nextBatchId(model), options: OPTIONS, total: items.length + wish.announced, last };
      model.batchIds.push(batch.batchId);
      const submission = {
        batch,
        nowMs: model.baseMs + wish.clock,
        run: nextRun(model),
        priority: wish.priority,
        maxAgeMs: wish.maxAgeMs,
        items,
      };
      return (store) => store.batches.submit(submission);
    });
  });

/** Goes on with a batch that is not sealed; the last submission brings all that is left. */
const submitMore = fc.record({ ...links, batch: place, isLast: fc.boolean(), priority, maxAgeMs, clock }).map((wish) => {
  return new Command(show('submit more', wish), (model) => {
    const open = [...model.spec.world.batches.values()].filter((one) => !one.sealed || one.cancelledAtMs !== null);
    const batch = open[wish.batch % Math.max(1, open.length)];
    if (!batch) return null;
    const room = Math.max(0, batch.total - batch.items.length);
    const isNew = (item: SubmittedItem): boolean => item.jobId === null || !batch.items.some((have) => have.jobId === item.jobId);
    const items = itemsOf(model, wish, 0).filter(isNew).slice(0, room);
    const filler = { input: 'x', jobId: null, bookId: null, duplicates: 0, reason: 'x', index: 0 };
    while (wish.isLast && items.length < room) items.push({ ...filler });
    items.forEach((item, at) => (item.index = batch.items.length + at));
    const submission = {
      batch: { batchId: batch.batchId, options: OPTIONS, total: batch.total, last: wish.isLast },
      nowMs: model.baseMs + wish.clock,
      run: nextRun(model),
      priority: wish.priority,
      maxAgeMs: wish.maxAgeMs,
      items,
    };
    return (store) => store.batches.submit(submission);
  });
});

const submitSolo = fc.record({ link: job, priority, maxAgeMs, clock }).map((wish) => {
  return new Command(show('submit by itself', wish), (model) => {
    const items = itemsOf(model, { links: [wish.link], invalid: false, text: 'x', duplicates: 0 }, 0);
    const { priority: urgency, maxAgeMs: age } = wish;
    const submission = { batch: null, nowMs: model.baseMs + wish.clock, run: nextRun(model), priority: urgency, maxAgeMs: age, items };
    return (store) => store.batches.submit(submission);
  });
});

const byBatch = (one: { batchId: string }, other: { batchId: string }): number => (one.batchId < other.batchId ? -1 : 1);

/** In which order a settlement names batches is open. */
export const inOrder = ({ toJudge, stopped, ...answer }: Settled): Settled => ({
  ...answer,
  toJudge: toJudge.toSorted(byBatch),
  stopped: stopped.toSorted(),
});

/** The end of a job: of the one that a crowd waits for, if there is one and `ofCrowd`. */
const settleOf = (ofCrowd: boolean): fc.Arbitrary<Command> =>
  fc
    .record({
      job,
      run: fc.constantFrom('live', 'live', 'any', 'stale'),
      outcome: fc.constantFrom<JobOutcome>('parsed', 'parsed', 'parsed', 'not-found', 'failed', 'failed', 'cancelled'),
      copy,
      /** The copy is of the book that the job names, where it names one. */
      isOwn: fc.boolean(),
      code: fc.constantFrom('crawl-failed' as const, 'poison' as const),
      text,
      attempts: fc.nat({ max: 5 }),
      missing: fc.constantFrom(5 * HOUR_MS, 6 * HOUR_MS),
      clock,
    })
    .map((wish) => {
      const { outcome, attempts, code } = wish;
      const shown = outcome === 'parsed' ? wish : { ...wish, copy: undefined, isOwn: undefined };
      return new Command(show(ofCrowd ? 'settle the crowd' : 'settle', shown), (model) => {
        const jobId = (ofCrowd ? model.crowded : null) ?? model.jobIds[wish.job]!;
        const ownId = bookOfJob(jobId);
        const brought = bookOf(model, wish.copy);
        const book = { ...brought, bookId: wish.isOwn && ownId !== null ? ownId : brought.bookId };
        const live = liveJob(model.spec.world, jobId)?.run ?? null;
        const run = wish.run === 'live' ? live : wish.run === 'stale' ? 'stalerun' : null;
        const about = { jobId, run, nowMs: model.baseMs + wish.clock, attempts };
        const end: JobEnd =
          outcome === 'parsed'
            ? { outcome, book, keepUntilMs: model.baseMs + FAR_MS }
            : { outcome, error: { code, detail: wish.text }, notFoundUntilMs: model.baseMs + wish.missing };
        return async (store) => inOrder(await store.jobs.settle({ ...about, ...end }));
      });
    });

const put = fc.record({ copy, aliases: fc.uniqueArray(job, { maxLength: 2 }) }).map((wish) => {
  return new Command(show('put', wish), (model) => {
    const aliases = wish.aliases.map((at) => model.jobIds[at]!);
    const book = bookOf(model, wish.copy);
    return (store) => store.books.put(book, aliases, model.baseMs + FAR_MS);
  });
});

const deleteBook = fc
  .nat({ max: 4 })
  .map((book) => new Command(`delete book ${book}`, (model) => (store) => store.books.delete(model.bookIds[book]!)));

/** Adds the entry of a copy that may be another by now, as the background does. */
const enter = fc.record({ book: fc.nat({ max: 4 }), isStale: fc.boolean(), entry: fc.constantFrom(...ENTRIES) }).map((wish) => {
  return new Command(show('enter', wish), (model) => {
    const bookId = model.bookIds[wish.book]!;
    return async (store) => {
      const [have] = await store.books.read([bookId], model.baseMs);
      const etag = wish.isStale ? 'another copy____' : (have?.etag ?? 'no copy at all__');
      return store.search.enter([{ bookId, etag, entry: wish.entry }]);
    };
  });
});

const note = fc.record({ job, text, isStale: fc.boolean(), clock }).map((wish) => {
  return new Command(show('note', wish), (model) => {
    const jobId = model.jobIds[wish.job]!;
    const run = wish.isStale ? 'stalerun' : (liveJob(model.spec.world, jobId)?.run ?? 'none');
    const entry = { atMs: model.baseMs + wish.clock, event: 'recheck' as const, detail: wish.text };
    return (store) => store.jobs.note(jobId, run, entry);
  });
});

const cancelJob = fc.record({ job, clock }).map((wish) => {
  return new Command(
    show('cancel a job', wish),
    (model) => (store) => store.jobs.cancel(model.jobIds[wish.job]!, model.baseMs + wish.clock),
  );
});

/** In which order a cancellation names jobs is open. */
export const inJobOrder = (answer: Awaited<ReturnType<Store['batches']['cancel']>>): typeof answer =>
  answer && { ...answer, withoutWaiters: answer.withoutWaiters.toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1)) };

const cancelBatch = fc.record({ batch: place, clock }).map((wish) => {
  return new Command(show('cancel a batch', wish), (model) => {
    const batchId = model.batchIds[wish.batch % Math.max(1, model.batchIds.length)];
    if (batchId === undefined) return null;
    return async (store) => {
      return inJobOrder(await store.batches.cancel(batchId, model.baseMs + wish.clock));
    };
  });
});

/** Loses the record of a live job, as an eviction does, and lets every batch that waits for it requeue. */
const loseAndRejoin = fc.record({ job, isLost: fc.boolean(), priority, clock }).map((wish) => {
  return new Command(show('requeue', wish), (model, kind) => {
    const jobId = model.jobIds[wish.job]!;
    const { world } = model.spec;
    const live = liveJob(world, jobId);
    const run = nextRun(model);
    const waiting = [...world.batches.values()].flatMap((batch) =>
      batch.items.filter((item) => item.jobId === jobId).map(({ index }) => ({ batchId: batch.batchId, index })),
    );
    return async (store, side) => {
      if (live !== null && wish.isLost) await lose(store, side, model, live.jobId);
      const wishes = waiting.map(
        ({ batchId, index }) =>
          () =>
            store.batches.requeue(batchId, { items: [{ jobId, index }], nowMs: model.baseMs + wish.clock, run, priority: wish.priority }),
      );
      const answers: unknown[] = [];
      for (const requeue of wishes) answers.push(await requeue());
      return [kind, answers];
    };
  });
});

/** The port has no way to lose a record, except to move another over it: one of a run that has ended, though items wait for the job. */
async function lose(store: object, side: 'spec' | 'real', model: Model, jobId: Model['jobIds'][number]): Promise<void> {
  const times = { createdAtMs: 1, settledAtMs: 1 };
  const gone = { jobId, run: 'gone', state: 'cancelled' as const, priority: 'normal' as const, ...times, attempts: 0, waiters: 0 };
  const record = { ...gone, error: null, bookId: null, timeline: [], solo: false };
  if (side === 'spec') model.spec.world.jobs.set(jobId, { ...record, settledNo: 0 });
  else await (store as Store).transfer.kinds.jobs.write([{ ...record, waiting: [] }]);
}

const acknowledge = place.map((batch) => {
  return new Command(`acknowledge ${batch}`, (model) => {
    const batchId = model.batchIds[batch % Math.max(1, model.batchIds.length)];
    return batchId === undefined ? null : (store) => store.batches.acknowledge(batchId);
  });
});

/** Redis lets batches expire by itself, and sweeps none. A crowd is more than one sweep takes. */
const sweep = clock.map((offset) => {
  return new Command(`sweep ${offset}`, (model, kind) => (store, side) => {
    if (model.batchIds.length >= MOST_SWEPT) return Promise.resolve();
    return store.batches.sweep(kind === 'redis' && side === 'spec' ? 0 : model.baseMs + offset);
  });
});

/** The next page of failed jobs, after a cursor that may be old by now. */
const moreFailed = fc.boolean().map((isFirst) => {
  return new Command(isFirst ? 'list failed jobs' : 'list more failed jobs', (model) => {
    const cursors = isFirst ? null : model.cursors;
    const next: Partial<NonNullable<Model['cursors']>> = {};
    return async (store, side) => {
      const page = await store.jobs.listFailed({ reason: null, cursor: cursors?.[side] ?? null, limit: 1 });
      if (page.cursor !== null) next[side] = page.cursor;
      model.cursors = next.spec !== undefined && next.real !== undefined ? { spec: next.spec, real: next.real } : null;
      return [page.jobs, page.cursor === null];
    };
  });
});

/** A crowd: so many batches of one link each. */
export const crowd = fc.record({ job, more: fc.constantFrom(0, 1, 20), clock }).map((wish) => {
  const size = 1_000 + wish.more;
  return new Command(show('gather a crowd', wish), (model) => {
    // One crowd is enough.
    if (model.batchIds.length >= size) return null;
    const run = nextRun(model);
    const items = itemsOf(model, { links: [wish.job], invalid: false, text: 'x', duplicates: 0 }, 0);
    const batchIds = Array.from({ length: size }, (_, nth) => nextBatchId(model, nth));
    model.batchIds.push(...batchIds);
    model.crowded = model.jobIds[wish.job]!;
    return async (store) => {
      const submitTo = (batchId: (typeof batchIds)[number]) => {
        const batch = { batchId, options: OPTIONS, total: 1, last: true };
        return store.batches.submit({ batch, nowMs: model.baseMs + wish.clock, run, priority: 'normal', maxAgeMs: 0, items });
      };
      for (let from = 0; from < size; from += AT_ONCE) await Promise.all(batchIds.slice(from, from + AT_ONCE).map(submitTo));
    };
  });
});

export const settleCrowd = settleOf(true);

/** With how often each is drawn. */
export const jobCommands: { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
  { weight: 8, arbitrary: submitBatch },
  { weight: 3, arbitrary: submitMore },
  { weight: 3, arbitrary: submitSolo },
  { weight: 10, arbitrary: settleOf(false) },
  { weight: 4, arbitrary: put },
  { weight: 1, arbitrary: deleteBook },
  { weight: 2, arbitrary: enter },
  { weight: 1, arbitrary: note },
  { weight: 2, arbitrary: cancelJob },
  { weight: 2, arbitrary: cancelBatch },
  { weight: 1, arbitrary: loseAndRejoin },
  { weight: 1, arbitrary: acknowledge },
  { weight: 1, arbitrary: sweep },
  { weight: 2, arbitrary: moreFailed },
];
