/**
 * Whether everything in a store has an owner: something that will use it, end it, or let it go. The rules are those of a fleet at rest, when every
 * batch has ended and the queue is empty (`untilIdle`); a run of faults is much shorter than the time for which copies, batches and pages are kept, so
 * that nothing is missing because it expired.
 *
 * What the program tidies lazily is no remark as long as its bound holds: ended BullMQ jobs (counts in {@link QUEUES}; on SQL a tenth more, since
 * trimming is done in steps), job records (10,000 ended and 10,000 failed, a tenth more on SQL for each process), documents past their time (deleted by
 * the sweep every 15 s on SQL; on Redis their names go with the next writes, ten with each).
 */
import { parseRunId } from '../../../src/domain/run-id.ts';
import { QUEUES, type Contents } from './contents.ts';

/** Settled job records kept at most, of the failed and of all others: `open-store.ts` has 10,000, and each process of a SQL store may be a tenth late. */
const MOST_JOBS = 15_000;
const MOST_PAGES = 200;
/** The hours of a series that are kept: see `crawl/ledger.ts`, `app/parser-watch.ts` and `app/ended-jobs.ts`. */
const SERIES_HOURS: Readonly<Record<string, number>> = { source: 90 * 24, parser: 15 * 24, ended: 48 };
/** How late the sweep of a SQL store may be. */
const SWEEP_LATE_MS = 3_600_000;

/** Documents by the form of their key, and whether they end by themselves. */
const DOCUMENTS: readonly { form: RegExp; ends: boolean }[] = [
  { form: /^webhook:wh[0-9a-z]+$/, ends: false },
  { form: /^batch-webhook:b[0-9a-z]+$/, ends: true },
  { form: /^delivery:(wh|b)[0-9a-z]+-[0-9a-z]+$/, ends: true },
  { form: /^idempotency:/, ends: true },
  { form: /^robots\/[^/]+$/, ends: false },
  { form: /^robots\/[^/]+\/claim$/, ends: true },
  { form: /^source\/[^/]+$/, ends: false },
  { form: /^readiness$/, ends: true },
  { form: /^look-up\/(find-[0-9a-f]{32}|first-page-.+)$/, ends: true },
  { form: /^webhook-places$/, ends: true },
  { form: /^search-index$/, ends: false },
  { form: /^notices$/, ends: false },
  { form: /^keys$/, ends: false },
  { form: /^session:/, ends: true },
  { form: /^audit:/, ends: true },
  { form: /^migration$/, ends: false },
  { form: /^migration-footprint$/, ends: true },
];

const isEnded = (state: string): boolean => state === 'completed' || state === 'failed';

function* aboutBatches({ jobs, batches, items }: Contents): Generator<string> {
  const liveJobs = new Set(jobs.filter(({ state }) => state === 'l').map(({ jobId }) => jobId));
  const known = new Map(batches.map((batch) => [batch.batchId, batch]));
  const waitedFor = new Set<string>();
  const seen = new Map<string, { items: number; settled: number }>();
  for (const { batchId, index, jobId, state } of items) {
    const batch = known.get(batchId);
    const sums = seen.get(batchId) ?? { items: 0, settled: 0 };
    seen.set(batchId, { items: sums.items + 1, settled: sums.settled + (state === 'q' ? 0 : 1) });
    if (!batch) yield `item ${batchId}.${index} belongs to no batch`;
    if (state !== 'q') continue;
    if (batch?.finished) yield `item ${batchId}.${index} is queued in a batch that ended`;
    if (jobId === null || !liveJobs.has(jobId)) yield `item ${batchId}.${index} waits for ${jobId}, which is not live`;
    else waitedFor.add(jobId);
  }
  for (const { batchId, total, queued, finished } of batches) {
    const { items: given, settled } = seen.get(batchId) ?? { items: 0, settled: 0 };
    // A batch that was cancelled before its last items came counts those as cancelled.
    const expected = finished && given < total ? 0 : total - settled;
    if (queued !== expected || given > total)
      yield `batch ${batchId} counts ${queued} of ${total} as queued, and its ${given} items say ${expected}`;
    if (finished !== (queued === 0)) yield `batch ${batchId} has ${queued} queued items and ${finished ? 'ended' : 'did not end'}`;
  }
  for (const { jobId, state, solo } of jobs) {
    if (state === 'l' && !solo && !waitedFor.has(jobId)) yield `job ${jobId} is live, and nobody waits for it`;
  }
}

function* aboutQueues({ jobs, runs, documents }: Contents): Generator<string> {
  const live = new Map(jobs.filter(({ state }) => state === 'l').map(({ jobId, run }) => [jobId, run]));
  const pending = new Map<string, number>();
  for (const { key, json } of documents) {
    const delivery = key.startsWith('delivery:') ? (JSON.parse(json) as { state: string; run: number }) : null;
    if (delivery?.state === 'pending') pending.set(key.slice('delivery:'.length), delivery.run);
  }
  const called = new Set<string>();
  const ended: Record<string, number> = {};
  for (const { queue, id, state } of runs) {
    const ids = parseRunId(id);
    if (!QUEUES[queue]) yield `BullMQ job ${id} is in the queue ${queue}, which nobody works on`;
    else if (isEnded(state)) ended[`${queue} ${state}`] = (ended[`${queue} ${state}`] ?? 0) + 1;
    else if (queue === 'parse-book' && (!ids || live.get(ids.jobId) !== ids.run))
      yield `BullMQ job ${id} is ${state}, and no live job is of that run`;
    // The end of every batch is the end of its collections.
    else if (queue === 'expand-collection') yield `collection ${id} is ${state}, and every batch has ended`;
    else if (queue === 'deliver-webhook') {
      if (!ids || String(pending.get(ids.jobId)) !== ids.run) yield `BullMQ job ${id} is ${state}, and no pending delivery is of that run`;
      else called.add(ids.jobId);
    }
  }
  for (const id of pending.keys()) if (!called.has(id)) yield `delivery ${id} is pending, and no job will make the call`;
  for (const [queue, most] of Object.entries(QUEUES)) {
    for (const state of ['completed', 'failed'] as const) {
      const kept = ended[`${queue} ${state}`] ?? 0;
      // On PostgreSQL each worker applies the cap once in 100 jobs, and one that is killed not at all: see storage/postgres/queue-backend.ts.
      if (kept > most[state] * 1.3) yield `BullMQ keeps ${kept} ${state} jobs in ${queue}, ${most[state]} are allowed`;
    }
  }
}

function* aboutRecords({ readAtMs, jobs, names, documents, tallies, pages }: Contents): Generator<string> {
  const failed = jobs.filter(({ state }) => state === 'f').length;
  const others = jobs.filter(({ state }) => state !== 'f' && state !== 'l').length;
  if (failed > MOST_JOBS || others > MOST_JOBS) yield `${failed} failed and ${others} other settled jobs are kept`;

  const known = new Set(names.map(({ name }) => name));
  for (const { name, leadsTo } of names) {
    if (!/^((book|isbn)-\d+|asin-\w{10})$/.test(name)) yield `${name} is known, and names no book, ISBN or ASIN`;
    if (leadsTo !== null && !known.has(`book-${leadsTo}`)) yield `${name} leads to book ${leadsTo}, of which nothing is known`;
  }
  for (const { key, expireAtMs } of documents) {
    const kind = DOCUMENTS.find(({ form }) => form.test(key));
    if (!kind) yield `document ${key} is of a kind that nobody knows`;
    else if (kind.ends !== (expireAtMs !== null)) yield `document ${key} ${kind.ends ? 'never ends' : 'ends by itself'}`;
    if (expireAtMs !== null && expireAtMs < readAtMs - SWEEP_LATE_MS) yield `document ${key} is long past its time`;
  }
  for (const { series, hour } of tallies) {
    const keep = SERIES_HOURS[series];
    if (keep === undefined) yield `tally ${series} is of a series that nobody knows`;
    else if (hour < Math.floor(readAtMs / 3_600_000) - keep - 1) yield `tally ${series} of hour ${hour} is past its time`;
  }
  if (pages.length > MOST_PAGES) yield `${pages.length} pages are kept, ${MOST_PAGES} are allowed`;
  for (const { jobId, expireAtMs } of pages) if (expireAtMs < readAtMs - SWEEP_LATE_MS) yield `the page of ${jobId} is long past its time`;
}

/** A remark for everything in a resting store that has no owner. */
export function findLeftovers(contents: Contents): string[] {
  return [...contents.remarks, ...aboutBatches(contents), ...aboutQueues(contents), ...aboutRecords(contents)];
}
