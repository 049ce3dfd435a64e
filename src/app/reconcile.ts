/**
 * Keeps the promise that a batch always ends: finds live jobs that BullMQ does not have any more (a process died between recording and
 * enqueuing, somebody emptied the queue by hand) and enqueues them again; and items whose job's record is gone, which get a new job.
 *
 * Two looks: a round goes through every batch that stands still for long. Between rounds a quick look asks whether a batch stands still though no
 * job waits: then something is lost, and nobody has to wait for the round.
 */
import type { BatchId, Priority } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/clock.ts';
import type { Store } from '../storage/store.ts';
import { newRun, type JobRun } from '../domain/run-id.ts';
import type { JobRecord } from '../domain/job.ts';
import type { Log } from '../domain/log.ts';
import type { JobQueue } from './job-queue.ts';

/** A batch that made progress this recently is left alone. */
const IDLE_MS = 30_000;
/** A batch that was found whole is looked at again after this long: a blocked source makes every batch stand still. */
const TRUST_MS = 300_000;
const ROUND_MS = 15_000;
/** How often the quick look comes, how long a batch must have stood still for it, and how long one that was found whole is trusted then. */
const LOOK_MS = 2_000;
const STRANDED_MS = 3_000;
const STRANDED_TRUST_MS = 30_000;
const BATCHES_LISTED = 1_000;
const BATCHES_A_ROUND = 50;
const ITEMS_AT_ONCE = 500;

export interface Reconciler {
  start(): void;
  stop(): Promise<void>;
  /** One round: returns how many jobs were enqueued again. */
  round(): Promise<number>;
  /** The quick look: as `round`, for batches and jobs that stand still though no job waits. */
  look(): Promise<number>;
}

export interface ReconcilerOptions {
  store: Store;
  queue: Pick<JobQueue, 'enqueue' | 'withdraw' | 'holds' | 'waiting' | 'correctTimes'>;
  log: Log;
  /** How long a finished batch is kept, in milliseconds. */
  batchTtlMs: number;
  idleMs?: number;
  now?: () => number;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { store, queue, log, batchTtlMs, idleMs = IDLE_MS, now = Date.now } = options;
  const checkedAt = new Map<BatchId, number>();
  const lookedAt = new Map<BatchId, number>();
  let timer: NodeJS.Timeout | null = null;
  let current: Promise<number> | null = null;

  const enqueueLost = async (jobs: (JobRun & { priority: Priority })[]): Promise<number> => {
    const alive = await queue.holds(jobs);
    let found = 0;
    for (const [at, job] of jobs.entries()) {
      if (alive[at]) continue;
      // BullMQ may still hold the run as finished: then it ended without being settled, and only a new run is taken.
      await store.jobs.note(job.jobId, job.run, {
        atMs: now(),
        event: 'retried',
        detail: 'The job was missing from the queue and was queued again.',
      });
      found += await requeue(job);
    }
    return found;
  };

  const requeue = async (job: JobRun & { priority: Priority }): Promise<number> => {
    await queue.enqueue([job], job.priority);
    const [taken] = await queue.holds([job]);
    if (taken) return 1;
    // The same id lies there finished and swallowed the new job: settle it as what it is, so that nobody waits for ever.
    await store.jobs.settle({
      jobId: job.jobId,
      run: job.run,
      nowMs: now(),
      outcome: 'failed',
      attempts: 0,
      error: { code: 'poison', detail: 'Its worker ended before it could tell what became of the job.' },
    });
    return 0;
  };

  /** A batch whose last items never came: the process that took it in died before it answered, so nobody knows the batch. */
  const isOrphan = async (batchId: BatchId): Promise<boolean> => {
    const batch = await store.batches.get(batchId);
    if (!batch || batch.finishedAtMs !== null) return false;
    const last = await store.batches.items(batchId, { fromIndex: batch.total - 1, limit: 1, state: null });
    return last?.items.length === 0;
  };

  /** Items whose job was lost together with its record, or whose job does not know of them: without a new one they would wait until they are cancelled. */
  const rejoinLost = async (
    batchId: BatchId,
    waiting: { jobId: JobId; index: number }[],
    records: (JobRecord | null)[],
  ): Promise<number> => {
    const known = await store.batches.indexesOf(
      batchId,
      waiting.map(({ jobId }) => jobId),
    );
    const lost = waiting.filter(({ jobId }, at) => records[at]?.state !== 'live' || !known.has(jobId));
    const batch = lost.length > 0 ? await store.batches.get(batchId) : null;
    if (!batch) return 0;
    const { priority } = batch.options;
    const run = newRun(now());
    const jobIds = await store.batches.rejoin(batchId, { items: lost, nowMs: now(), run, priority });
    await queue.enqueue(
      jobIds.map((jobId) => ({ jobId, run })),
      priority,
    );
    if (jobIds.length > 0) log.warn({ batchId, jobs: jobIds.length }, 'jobs whose record was lost were queued again');
    return jobIds.length;
  };

  const reconcileBatch = async (batchId: BatchId, isIdle: boolean): Promise<number> => {
    if (await isOrphan(batchId)) {
      // A batch from the future may be one that is being submitted just now, if the wrong clock is ours. None of its jobs is due before its last item came.
      if (!isIdle) return 0;
      const cancelled = await store.batches.cancel(batchId, now());
      await queue.withdraw(cancelled?.unwanted ?? []);
      log.warn({ batchId }, 'a batch that was never submitted to its end was cancelled');
      return 0;
    }
    let found = 0;
    for (let fromIndex: number | null = 0; fromIndex !== null;) {
      const page: Awaited<ReturnType<Store['batches']['items']>> = await store.batches.items(batchId, {
        fromIndex,
        limit: ITEMS_AT_ONCE,
        state: 'queued',
      });
      if (!page) return found;
      const waiting = page.items.flatMap(({ jobId, index }) => (jobId ? [{ jobId, index }] : []));
      const records = await Promise.all(waiting.map(({ jobId }) => store.jobs.get(jobId)));
      found += await rejoinLost(batchId, waiting, records);
      found += await enqueueLost(
        records.flatMap((r) => (r?.state === 'live' ? [{ jobId: r.jobId, run: r.run, priority: r.priority }] : [])),
      );
      fromIndex = page.nextIndex;
    }
    return found;
  };

  const round = async (): Promise<number> => {
    let found = 0;
    await queue.correctTimes();
    const idle = await store.batches.listIdle(now() - idleMs, BATCHES_LISTED);
    // A clock that was ahead for a while leaves batches that would not count as idle until it is that late.
    const listed = [...idle, ...(await store.batches.listAhead(now() + CLOCK_TOLERANCE_MS, BATCHES_LISTED))];
    for (const batchId of listed
      .filter((id) => Math.abs(now() - (checkedAt.get(id) ?? 0)) > Math.min(TRUST_MS, idleMs * 10))
      .slice(0, BATCHES_A_ROUND)) {
      found += await reconcileBatch(batchId, idle.includes(batchId));
      checkedAt.set(batchId, now());
    }
    for (const batchId of checkedAt.keys()) if (!listed.includes(batchId)) checkedAt.delete(batchId);
    found += await enqueueLost(await soloBefore(idleMs));
    await store.batches.sweep(now() - batchTtlMs);
    return tell(found);
  };

  const look = async (): Promise<number> => {
    const idle = await store.batches.listIdle(now() - STRANDED_MS, BATCHES_A_ROUND);
    for (const batchId of lookedAt.keys()) if (!idle.includes(batchId)) lookedAt.delete(batchId);
    const due = idle.filter((id) => Math.abs(now() - (lookedAt.get(id) ?? 0)) > STRANDED_TRUST_MS);
    const solo = await soloBefore(STRANDED_MS);
    if ((due.length === 0 && solo.length === 0) || (await queue.waiting()) > 0) return 0;
    let found = await enqueueLost(solo);
    for (const batchId of due) {
      // Whether it was submitted to its end is for the round to say: a slow submission takes longer than this.
      found += await reconcileBatch(batchId, false);
      lookedAt.set(batchId, now());
    }
    return tell(found);
  };

  /** Live jobs without a batch that are older than this, or from the future. */
  const soloBefore = async (ageMs: number): ReturnType<Store['jobs']['listSolo']> =>
    (await store.jobs.listSolo(ITEMS_AT_ONCE)).filter(
      ({ createdAtMs }) => createdAtMs < now() - ageMs || createdAtMs > now() + CLOCK_TOLERANCE_MS,
    );

  const tell = (found: number): number => {
    if (found > 0) log.warn({ jobs: found }, 'jobs that were missing from the queue were queued again');
    return found;
  };

  let roundDueMs = Infinity;
  let failing = false;

  const run = async (): Promise<number> => {
    const isRound = performance.now() >= roundDueMs;
    if (isRound) roundDueMs = performance.now() + ROUND_MS;
    try {
      const found = await (isRound ? round() : look());
      failing = false;
      return found;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'reconciler round');
      failing = true;
      // What was there before the store went away may not be there after it.
      checkedAt.clear();
      lookedAt.clear();
      return 0;
    }
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      current = run();
      void current.then(() => {
        if (timer) schedule();
      });
    }, LOOK_MS);
    timer.unref();
  };

  return {
    start() {
      roundDueMs = performance.now() + ROUND_MS;
      schedule();
    },
    async stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      await current;
    },
    round,
    look,
  };
}
