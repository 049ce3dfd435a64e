/**
 * Makes sure that every batch ends, even when the queue loses jobs: a process died between recording and queuing, or somebody emptied the
 * queue.
 *
 * It works in two ways. A round checks every batch without progress for long. Between rounds, a quick look checks whether a batch makes no
 * progress although no job waits. In that case jobs are lost, and the look requeues them at once.
 */
import type { BatchId } from '../domain/batch.ts';
import { createEndDue, endIfFound } from './batches/end-due.ts';
import { CLOCK_TOLERANCE_MS } from '../domain/time/clock.ts';
import type { JobQueue } from './job-queue.ts';
import { cancelOrphan, isOrphan, requeueBatch, requeueJobs, type LiveJob, type RequeueDeps } from './requeue-lost.ts';

/** A batch that made progress this recently is left alone. */
const IDLE_MS = 30_000;
/** A batch that lost nothing is checked again after this long: a blocked source stops the progress of every batch. */
const TRUST_MS = 300_000;
const ROUND_MS = 15_000;
/**
 * How often the quick look runs, how long a batch must be without progress for it, and how long a batch that lost nothing is left alone
 * then.
 */
const LOOK_MS = 2_000;
const STRANDED_MS = 3_000;
const STRANDED_TRUST_MS = 30_000;
const BATCHES_LISTED = 1_000;
const BATCHES_A_ROUND = 50;
const SOLO_JOBS_A_ROUND = 500;

export interface Reconciler {
  start(): void;
  stop(): Promise<void>;
  /** One round: resolves to how many jobs were requeued. */
  round(): Promise<number>;
  /** The quick look: as `round`, for batches and jobs without progress while no job waits. */
  look(): Promise<number>;
}

export interface ReconcilerOptions extends Omit<RequeueDeps, 'queue' | 'now'> {
  queue: Pick<JobQueue, 'enqueue' | 'cancel' | 'has' | 'waiting' | 'correctTimes'>;
  /** How long an ended batch is kept, in milliseconds. */
  batchTtlMs: number;
  idleMs?: number;
  now?: () => number;
}

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { store, queue, collections, log, announceFailure, batchTtlMs, idleMs = IDLE_MS, now = Date.now } = options;
  const deps: RequeueDeps = { store, queue, collections, log, announceFailure, now };
  const endDue = createEndDue(deps);
  const roundTrust = createTrust(Math.min(TRUST_MS, idleMs * 10), now);
  const lookTrust = createTrust(STRANDED_TRUST_MS, now);

  const round = async (): Promise<number> => {
    await queue.correctTimes();
    const idle = await store.batches.listIdle(now() - idleMs, BATCHES_LISTED);
    // A clock that was ahead for a while leaves batches from the future. They would not count as idle until then.
    const listed = [...idle, ...(await store.batches.listAhead(now() + CLOCK_TOLERANCE_MS, BATCHES_LISTED))];
    let requeued = 0;
    for (const batchId of roundTrust.notTrusted(listed).slice(0, BATCHES_A_ROUND)) {
      if (!(await isOrphan(deps, batchId))) requeued += await requeueBatch(deps, batchId);
      // If the wrong clock is ours, a batch from the future may be one that is being submitted now.
      else if (idle.includes(batchId)) await cancelOrphan(deps, batchId);
      await endIfFound(deps, batchId);
      roundTrust.trust(batchId);
    }
    requeued += await requeueJobs(deps, await soloBefore(idleMs));
    await endDue();
    await store.batches.sweep(now() - batchTtlMs);
    return logRequeued(requeued);
  };

  const look = async (): Promise<number> => {
    // Open batches that wait for links are without progress, too, and must not hide others.
    const idle = await store.batches.listIdle(now() - STRANDED_MS, BATCHES_LISTED);
    const stranded = lookTrust.notTrusted(idle).slice(0, BATCHES_A_ROUND);
    const solo = await soloBefore(STRANDED_MS);
    if ((stranded.length === 0 && solo.length === 0) || (await queue.waiting()) > 0) return 0;
    let requeued = await requeueJobs(deps, solo);
    for (const batchId of stranded) {
      // A slow submission takes longer than this, so only the round cancels orphans.
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
    if (requeued > 0) log.warn({ jobs: requeued }, 'requeued jobs that the queue had lost');
    return requeued;
  };

  const forget = (): void => {
    roundTrust.clear();
    lookTrust.clear();
  };
  return { ...createSchedule({ round, look, onFailure: forget, log }), round, look };
}

interface Trust {
  /** The listed batches that were not checked lately. Forgets batches that are no longer listed. */
  notTrusted(listed: BatchId[]): BatchId[];
  trust(batchId: BatchId): void;
  clear(): void;
}

/** Remembers for `forMs` which batches were checked. */
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
  /** The store may lose jobs while it is away, so everything must be checked again. */
  onFailure(): void;
}

/** Runs a look every {@link LOOK_MS}, and every {@link ROUND_MS} a round instead. Logs a failure once, until a look succeeds. */
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
