/** The worker of one process that reads collections: turns what the use case says into BullMQ's waits and delays. */
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import { createExpandCollection } from '../../app/collections/expand-collection.ts';
import type { ExpandDeps } from '../../app/collections/expansion.ts';
import { createFailCollection } from '../../app/collections/fail-collection.ts';
import { requeueBatch, type RequeueDeps } from '../../app/requeue-lost.ts';
import type { Source } from '../../crawl/source/source.ts';
import { backoffMs } from '../../domain/backoff.ts';
import type { Log } from '../../domain/log.ts';
import { createRunningJobs } from '../running-jobs.ts';
import { pauseWhileClosed } from '../source-pause.ts';
import { createWorkerLife, type WorkerLife } from '../worker-life.ts';
import {
  COLLECTIONS_AT_ONCE,
  EXPAND_COLLECTION,
  MAX_STALLED,
  openCollectionWorker,
  parseCollectionId,
  type ExpandCollectionQueue,
  type ExpandCollectionResult,
  type ExpandCollectionWorker,
} from './expand-collection-queue.ts';

export interface CollectionWorkerOptions extends Omit<ExpandDeps, 'source' | 'queue'>, Pick<RequeueDeps, 'announceFailure'> {
  queue: RequeueDeps['queue'] & ExpandDeps['queue'];
  collections: RequeueDeps['collections'];
  collectionQueue: ExpandCollectionQueue;
  source: Pick<Source, 'current' | 'onChange'>;
  drainSeconds: number;
  /** Told of faults of the connection. */
  onFault: (error: Error) => void;
  /** For tests: how long a lock lasts, and how often stalled jobs are looked for. */
  lockMs?: number;
  stalledCheckMs?: number;
}

/** Makes the worker; it takes nothing before `start`. */
export function createCollectionWorker(options: CollectionWorkerOptions): WorkerLife {
  const { store, collectionQueue, settings, source, log, now, random } = options;
  const running = createRunningJobs(store.signals);
  const expand = createExpandCollection(options);

  const process = async (job: Job, token: string, signal: AbortSignal): Promise<ExpandCollectionResult> => {
    // For unexpected errors alone: the use case counts the attempts at each page.
    Object.assign(job.opts, { attempts: settings.attempts, backoff: { type: 'custom' } });
    const item = parseCollectionId(job.id ?? '');
    if (item === null) throw new UnrecoverableError(`invalid-request: ${job.id} is not the id of a collection`);
    // The worker before this one died. It may have recorded books that it did not queue.
    if (job.stalledCounter > 0 && job.attemptsStarted > 1) await requeueBatch(options, item.batchId).catch(() => 0);
    const result = await expand({ ...item, starts: job.attemptsStarted, draining: () => draining, signal });
    switch (result.next) {
      case 'done':
        return { outcome: 'ended' };
      case 'later':
        await job.moveToDelayed(result.atMs, token);
        throw new DelayedError();
      case 'wait':
        pause.until(result.untilMs);
        await job.moveToWait(token);
        throw new WaitingError();
      case 'requeue':
        await job.moveToWait(token);
        throw new WaitingError();
    }
  };

  const worker = openCollectionWorker(
    store,
    (job, token = '', lockLost) => running.track(job.id ?? '', lockLost, (signal) => process(job, token, signal)),
    {
      backoffMs: (attemptsMade) => backoffMs(attemptsMade, { baseMs: settings.backoffBaseMs, retryAfterMs: null, random }),
      onError: options.onFault,
      lockMs: options.lockMs,
      stalledCheckMs: options.stalledCheckMs,
    },
  );
  const pause = pauseWhileClosed({ worker, source, log, now, random });
  endUnended(worker, createFailCollection(options), log);
  let draining = false;

  return createWorkerLife({
    name: EXPAND_COLLECTION,
    worker,
    store,
    maxStalled: MAX_STALLED,
    limit: { queue: collectionQueue, concurrency: COLLECTIONS_AT_ONCE },
    drainMs: options.drainSeconds * 1000,
    running: running.count,
    onStop() {
      pause.end();
      draining = true;
    },
    requeueRunning: running.requeueRunning,
    onClosed: running.end,
    log,
  });
}

/** Ends collections that BullMQ gives up without the use case: their workers were lost, or unexpected errors were thrown. */
function endUnended(worker: ExpandCollectionWorker, failCollection: ReturnType<typeof createFailCollection>, log: Log): void {
  worker.on('failed', (job, error) => {
    const item = parseCollectionId(job?.id ?? '');
    if (item === null) return;
    const lost = /stalled more than/.test(error.message);
    if (!lost) log.error({ err: error, ...item }, 'a collection failed with an unexpected error');
    // BullMQ retries the job.
    if (!lost && typeof job?.finishedOn !== 'number') return;
    failCollection(item, lost ? 'worker-lost' : 'unforeseen').catch((err: unknown) =>
      log.error({ err, ...item }, 'a collection that BullMQ gave up could not be ended; the reconciler queues it again'),
    );
  });
  worker.on('stalled', (id) => log.warn({ collection: id }, 'stalled: the worker of a collection stopped renewing the lock'));
}
