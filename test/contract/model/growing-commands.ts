/** Commands on batches that grow, and on what they look for. */
import * as fc from 'fast-check';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { UntilCondition } from '../../../src/domain/until.ts';
import type { AddedItem, Addition, CancelledAs, CollectionEnd, JobEnd, Submission } from '../../../src/storage/store.ts';
import { bookOfJob, liveJob, type Batch } from '../../specification/records.ts';
import { inPlaces } from '../growing-samples.ts';
import { OPTIONS } from '../samples.ts';
import { Command } from './commands.ts';
import {
  bookOf,
  clock,
  copy,
  inJobOrder,
  inOrder,
  itemsOf,
  job,
  links,
  maxAgeMs,
  priority,
  show,
  text,
  type Links,
} from './job-commands.ts';
import { FAR_MS, nextBatchId, nextRun, type Model } from './model.ts';

const place = fc.nat({ max: 5 });
const collections = fc.nat({ max: 2 });
const NO_BATCH = 'nosuchbatch0' as BatchId;

/** Nothing judges these in a test: the verdicts are drawn. */
const until = fc.constantFrom<UntilCondition | null>(
  null,
  null,
  { field: 'title', equals: 'a "quote", 📚', count: 1 },
  { field: 'title', contains: 'x', count: 2 },
);

/** Collections first, then links. Many times the same link is counted up to a limit. */
const addedItems = (model: Model, wish: Links & { collections: number }): AddedItem[] => [
  ...Array.from({ length: wish.collections }, (_, nth) => ({
    input: `https://x/list/${nth}-${wish.text}`,
    jobId: null,
    bookId: null,
    reason: null,
    duplicates: 0,
    collection: JSON.stringify({ nth, text: wish.text }),
  })),
  ...itemsOf(model, { ...wish, duplicates: wish.duplicates && 32_760 + (wish.duplicates % 9) }, 0).map(
    ({ index: _index, ...item }) => item,
  ),
];

/** A batch of the run, if there is one; most often one that has not ended. */
function pick(model: Model, nth: number): Batch | null {
  const batches = [...model.spec.world.batches.values()];
  const unended = batches.filter(({ endedAtMs }) => endedAtMs === null);
  const from = nth === 5 ? batches : unended;
  return from[nth % Math.max(1, from.length)] ?? null;
}
const idOf = (batch: Batch | null): BatchId => batch?.batchId ?? NO_BATCH;

const submitGrowing = fc
  .record({
    ...links,
    collections,
    until,
    open: fc.boolean(),
    last: fc.constantFrom(true, true, true, false),
    announced: fc.constantFrom(0, 0, 0, 0, 2),
    priority,
    maxAgeMs,
    clock,
  })
  .map((wish) => {
    return new Command(show('submit a growing batch', wish), (model) => {
      const items = inPlaces(addedItems(model, wish));
      const batchId = nextBatchId(model);
      const options = { ...OPTIONS, until: wish.until };
      const last = wish.announced === 0 && wish.last;
      model.batchIds.push(batchId);
      const submission: Submission = {
        batch: { batchId, options, total: items.length + wish.announced, last, open: wish.open },
        nowMs: model.baseMs + wish.clock,
        run: nextRun(model),
        priority: wish.priority,
        maxAgeMs: wish.maxAgeMs,
        items,
      };
      return (store) => store.batches.submit(submission);
    });
  });

/** Goes on with a batch that is not sealed; what its later submissions say of `open` does not count. */
const submitMore = fc
  .record({ ...links, collections, batch: place, last: fc.boolean(), open: fc.boolean(), priority, maxAgeMs, clock })
  .map((wish) => {
    return new Command(show('submit more to a growing batch', wish), (model) => {
      const unsealed = [...model.spec.world.batches.values()].filter(({ sealed }) => !sealed);
      const batch = unsealed[wish.batch % Math.max(1, unsealed.length)];
      if (!batch) return null;
      const isNew = ({ jobId }: AddedItem): boolean => jobId === null || batch.items.every((have) => have.jobId !== jobId);
      const room = batch.total - batch.items.length;
      const items = inPlaces(addedItems(model, wish).filter(isNew).slice(0, room), batch.items.length);
      const { batchId, options, total } = batch;
      const submission: Submission = {
        batch: { batchId, options, total, last: wish.last && items.length === room, open: wish.open },
        nowMs: model.baseMs + wish.clock,
        run: nextRun(model),
        priority: wish.priority,
        maxAgeMs: wish.maxAgeMs,
        items,
      };
      return (store) => store.batches.submit(submission);
    });
  });

/** An addition by a caller, or by a collection whose record may have moved on. */
const add = fc
  .record({
    ...links,
    collections,
    batch: place,
    by: fc.nat({ max: 3 }),
    isStale: fc.constantFrom(false, false, false, false, true),
    end: fc.constantFrom<CollectionEnd['state'] | null>(null, null, 'expanded', 'disallowed', 'failed', 'not-found'),
    reason: fc.option(text),
    priority,
    maxAgeMs,
    clock,
  })
  .map((wish) => {
    return new Command(show('add', wish), (model) => {
      const batch = pick(model, wish.batch);
      const having = (batch?.items ?? []).filter(({ collection }) => collection !== null);
      const by = wish.by === 0 ? null : (having[wish.by % Math.max(1, having.length)] ?? null);
      const addition: Addition = {
        batchId: idOf(batch),
        nowMs: model.baseMs + wish.clock,
        run: nextRun(model),
        priority: wish.priority,
        maxAgeMs: wish.maxAgeMs,
        items: addedItems(model, wish),
        from: by && {
          index: by.index,
          ifVersion: by.collection!.version - (wish.isStale ? 1 : 0),
          json: JSON.stringify({ page: model.runs, text: wish.text }),
          end: wish.end && { state: wish.end, reason: wish.reason },
        },
      };
      return (store) => store.batches.add(addition);
    });
  });

const close = fc.record({ batch: place, clock }).map((wish) => {
  return new Command(show('close', wish), (model) => {
    const batchId = idOf(pick(model, wish.batch));
    return (store) => store.batches.close(batchId, model.baseMs + wish.clock);
  });
});

const report = fc.record({ batch: place, books: fc.array(fc.nat({ max: 4 }), { maxLength: 3 }), clock }).map((wish) => {
  return new Command(show('report', wish), (model) => {
    const batchId = idOf(pick(model, wish.batch));
    const bookIds = wish.books.map((at) => model.bookIds[at]!);
    return (store) => store.batches.report(batchId, bookIds, model.baseMs + wish.clock);
  });
});

const cancelAs = fc
  .record({ batch: place, as: fc.constantFrom<CancelledAs>('cancelled', 'skipped', 'skipped', 'skipped', 'expired'), clock })
  .map((wish) => {
    return new Command(show('cancel as', wish), (model) => {
      const batchId = idOf(pick(model, wish.batch));
      return async (store) => inJobOrder(await store.batches.cancel(batchId, model.baseMs + wish.clock, wish.as));
    });
  });

/** The end of a job with verdicts for all batches, or for some. */
const settleJudged = fc
  .record({
    job,
    copy,
    isOwn: fc.boolean(),
    verdicts: fc.oneof(fc.boolean(), fc.boolean(), fc.array(fc.tuple(place, fc.boolean()), { maxLength: 6 })),
    isParsed: fc.constantFrom(true, true, true, false),
    clock,
  })
  .map((wish) => {
    return new Command(show('settle with verdicts', wish), (model) => {
      const jobId = model.jobIds[wish.job]!;
      const batches = [...model.spec.world.batches.values()];
      const pairs: [BatchId, boolean][] = Array.isArray(wish.verdicts)
        ? wish.verdicts.flatMap(([nth, verdict]) => (batches[nth] ? [[batches[nth].batchId, verdict]] : []))
        : batches.map(({ batchId }) => [batchId, wish.verdicts as boolean]);
      const brought = bookOf(model, wish.copy);
      const book = { ...brought, bookId: (wish.isOwn && bookOfJob(jobId)) || brought.bookId };
      const end: JobEnd = wish.isParsed
        ? { outcome: 'parsed', book, keepUntilMs: model.baseMs + FAR_MS }
        : { outcome: 'failed', error: { code: 'crawl-failed', detail: 'Reset.' } };
      const run = liveJob(model.spec.world, jobId)?.run ?? null;
      const settlement = { jobId, run, nowMs: model.baseMs + wish.clock, attempts: 1, judged: new Map(pairs), ...end };
      return async (store) => inOrder(await store.jobs.settle(settlement));
    });
  });

const listOpenFor = clock.map((offset) => {
  return new Command(`list open batches before ${offset}`, (model) => async (store) => {
    const own = new Set(model.batchIds);
    return (await store.batches.listOpenFor(model.baseMs + offset, 5_000)).filter((batchId) => own.has(batchId)).sort();
  });
});

/** With how often each is drawn. */
export const growingCommands: { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
  { weight: 20, arbitrary: submitGrowing },
  { weight: 8, arbitrary: submitMore },
  { weight: 30, arbitrary: add },
  { weight: 8, arbitrary: close },
  { weight: 10, arbitrary: report },
  { weight: 12, arbitrary: cancelAs },
  { weight: 25, arbitrary: settleJudged },
  { weight: 4, arbitrary: listOpenFor },
];
