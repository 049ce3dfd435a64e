/**
 * Keeps the promise that a batch always ends, whatever the queue has lost: a process died between recording and enqueuing, or somebody
 * emptied the queue by hand.
 *
 * Two looks: a round goes through every batch that stands still for long. Between rounds a quick look asks whether a batch stands still though
 * no job waits. Then something is lost, and nobody has to wait for the round.
 */
import type { BatchId } from '../domain/batch.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/time/clock.ts';
import type { JobQueue } from './job-queue.ts';
import { cancelOrphan, isOrphan, requeueBatch, requeueJobs, type LiveJob, type RequeueDeps } from './requeue-lost.ts';

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
const SOLO_JOBS_A_ROUND = 500;

export interface Reconciler {
  start(): void;
  stop(): Promise<void>;
  /** One round: resolves to how many jobs were queued again. */
  round(): Promise<number>;
  /** The quick look: as `round`, for batches and jobs that stand still though no job waits. */
  look(): Promise<number>;
}

export interface ReconcilerOptions extends Omit<RequeueDeps, 'queue' | 'now'> {
  queue: Pick<JobQueue, 'enqueue' | 'cancel' | 'has' | 'waiting' | 'correctTimes'>;
  /** How long a finished batch is kept, in milliseconds. */
  batchTtlMs: number;
  idleMs?: number;
  now?: () => number;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { store, queue, log, batchTtlMs, idleMs = IDLE_MS, now = Date.now } = options;
  const deps: RequeueDeps = { store, queue, log, now };
  const roundTrust = createTrust(Math.min(TRUST_MS, idleMs * 10), now);
  const lookTrust = createTrust(STRANDED_TRUST_MS, now);

  const round = async (): Promise<number> => {
    await queue.correctTimes();
    const idle = await store.batches.listIdle(now() - idleMs, BATCHES_LISTED);
    // A clock that was ahead for a while leaves batches that would not count as idle until it is that late.
    const listed = [...idle, ...(await store.batches.listAhead(now() + CLOCK_TOLERANCE_MS, BATCHES_LISTED))];
    let requeued = 0;
    for (const batchId of roundTrust.notTrusted(listed).slice(0, BATCHES_A_ROUND)) {
      if (!(await isOrphan(deps, batchId))) requeued += await requeueBatch(deps, batchId);
      // A batch from the future may be one that is being submitted just now, if the wrong clock is ours.
      else if (idle.includes(batchId)) await cancelOrphan(deps, batchId);
      roundTrust.trust(batchId);
    }
    requeued += await requeueJobs(deps, await soloBefore(idleMs));
    await store.batches.sweep(now() - batchTtlMs);
    return logRequeued(requeued);
  };

  const look = async (): Promise<number> => {
    const stranded = lookTrust.notTrusted(await store.batches.listIdle(now() - STRANDED_MS, BATCHES_A_ROUND));
    const solo = await soloBefore(STRANDED_MS);
    if ((stranded.length === 0 && solo.length === 0) || (await queue.waiting()) > 0) return 0;
    let requeued = await requeueJobs(deps, solo);
    for (const batchId of stranded) {
      // Whether it was submitted to its end is for the round to say: a slow submission takes longer than this.
      if (!(await isOrphan(deps, batchId))) requeued += await requeueBatch(deps, batchId);
      lookTrust.trust(batchId);
    }
    return logRequeued(requeued);
  };

  /** Live jobs without a batch that are older than this, or from the future. */
  const soloBefore = async (ageMs: number): Promise<LiveJob[]> =>
    (await store.jobs.listSolo(SOLO_JOBS_A_ROUND)).filter(
      ({ createdAtMs }) => createdAtMs < now() - ageMs || createdAtMs > now() + CLOCK_TOLERANCE_MS,
    );

  const logRequeued = (requeued: number): number => {
    if (requeued > 0) log.warn({ jobs: requeued }, 'jobs that were missing from the queue were queued again');
    return requeued;
  };

  const forget = (): void => {
    roundTrust.clear();
    lookTrust.clear();
  };
  return { ...createSchedule({ round, look, onFailure: forget, log }), round, look };
}

interface Trust {
  /** Those of the listed batches that were not found whole lately. What is listed no more is forgotten. */
  notTrusted(listed: BatchId[]): BatchId[];
  trust(batchId: BatchId): void;
  clear(): void;
}

/** Remembers which batches were found whole, for `forMs`. */
function createTrust(forMs: number, now: () => number): Trust {
  const foundAtMs = new Map<BatchId, number>();
  return {
    notTrusted(listed) {
      const names = new Set(listed);
      for (const batchId of foundAtMs.keys()) if (!names.has(batchId)) foundAtMs.delete(batchId);
      return listed.filter((batchId) => Math.abs(now() - (foundAtMs.get(batchId) ?? 0)) > forMs);
    },
    trust: (batchId) => void foundAtMs.set(batchId, now()),
    clear: () => foundAtMs.clear(),
  };
}

interface ScheduleOptions extends Pick<Reconciler, 'round' | 'look'>, Pick<RequeueDeps, 'log'> {
  /** What was there before the store went away may not be there after it. */
  onFailure(): void;
}

/** Looks every {@link LOOK_MS}, and makes a round every {@link ROUND_MS} instead. A failure is logged once, until a look succeeds. */
function createSchedule({ round, look, onFailure, log }: ScheduleOptions): Pick<Reconciler, 'start' | 'stop'> {
  let timer: NodeJS.Timeout | null = null;
  let current: Promise<void> | null = null;
  let roundDueMs = Infinity;
  let failing = false;

  const run = async (): Promise<void> => {
    const isRound = performance.now() >= roundDueMs;
    if (isRound) roundDueMs = performance.now() + ROUND_MS;
    try {
      await (isRound ? round() : look());
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'reconciler round');
      failing = true;
      onFailure();
    }
    if (timer) schedule();
  };

  const schedule = (): void => {
    timer = setTimeout(() => void (current = run()), LOOK_MS);
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
  };
}
