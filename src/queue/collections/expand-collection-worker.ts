/** The worker of one process that reads collections: turns what the use case says into BullMQ's waits and delays. */
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import { createExpandCollection } from '../../app/collections/expand-collection.ts';
import type { ExpandDeps } from '../../app/collections/expansion.ts';
import { createFailCollection } from '../../app/collections/fail-collection.ts';
import { requeueBatch, type RequeueDeps } from '../../app/requeue-lost.ts';
import type { Source } from '../../crawl/source/source.ts';
import { backoffMs } from '../../domain/backoff.ts';
import type { Log } from '../../domain/log.ts';
import { askQueue, START_TIMEOUT_MS } from '../ask-queue.ts';
import { closeWorker } from '../close-worker.ts';
import { createRunningJobs } from '../running-jobs.ts';
import { pauseWhileClosed } from '../source-pause.ts';
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

export interface CollectionWorkerOptions extends Omit<ExpandDeps, 'source' | 'queue'> {
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

export interface CollectionWorker {
  start(): Promise<void>;
  /** Takes no more collections, and gives a page `drainSeconds` to be read. Then the collection goes back to the queue. Idempotent. */
  stop(): Promise<void>;
}

/** How often the limit over all workers is checked, in milliseconds. A store that lost its data lost the limit too. */
const LIMIT_CHECK_MS = 5_000;

/** Makes the worker; it takes nothing before `start`. */
export function createCollectionWorker(options: CollectionWorkerOptions): CollectionWorker {
  const { store, collectionQueue, settings, source, log, now, random } = options;
  const drainMs = options.drainSeconds * 1000;
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
  let limitCheck: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | null = null;
  let draining = false;

  const keepLimit = async (): Promise<void> => {
    if ((await collectionQueue.getGlobalConcurrency()) === null) await collectionQueue.setGlobalConcurrency(COLLECTIONS_AT_ONCE);
  };

  const drain = async (): Promise<void> => {
    pause.end();
    clearInterval(limitCheck);
    draining = true;
    const requeue = setTimeout(running.requeueRunning, drainMs);
    try {
      await closeWorker({ worker, store, running: running.count, drainMs, log });
    } finally {
      clearTimeout(requeue);
      running.end();
    }
  };

  return {
    async start() {
      await askQueue(worker.waitUntilReady(), START_TIMEOUT_MS);
      await store.queueBackend.recover(EXPAND_COLLECTION, MAX_STALLED);
      await askQueue(collectionQueue.setGlobalConcurrency(COLLECTIONS_AT_ONCE), START_TIMEOUT_MS);
      // While the store is away, the next check is soon enough.
      limitCheck = setInterval(() => void askQueue(keepLimit()).catch(() => undefined), LIMIT_CHECK_MS);
      // `run` ends when the worker closes; its failures reach the error listener.
      worker.run().catch((error: unknown) => log.error({ err: error }, 'collection worker loop'));
    },
    stop: () => (stopping ??= drain()),
  };
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
