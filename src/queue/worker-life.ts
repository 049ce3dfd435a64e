/** Starting and stopping a worker of any queue: what a crash left is recovered, a limit over all workers is kept, and running jobs drain. */
import type { Queue, Worker } from 'bullmq';
import type { Log } from '../domain/log.ts';
import type { Store } from '../storage/store.ts';
import { askQueue, START_TIMEOUT_MS } from './ask-queue.ts';
import { closeWorker } from './close-worker.ts';

/** How often the limit over all workers is checked, in milliseconds. A store that lost its data lost the limit too. */
const LIMIT_CHECK_MS = 5_000;

export interface WorkerLifeOptions {
  /** The name of the queue. */
  name: string;
  worker: Pick<Worker, 'waitUntilReady' | 'run' | 'close'>;
  store: Pick<Store, 'ping' | 'queueBackend'>;
  /** How often a job may lose its worker. */
  maxStalled: number;
  /** Jobs that run at once over all workers. Without it, only the workers' own limits hold. */
  limit?: { queue: Pick<Queue, 'getGlobalConcurrency' | 'setGlobalConcurrency'>; concurrency: number };
  /** How long running jobs may take to finish when the process stops, in milliseconds. */
  drainMs: number;
  /** How many jobs run in this process now. */
  running: () => number;
  /** The process stops: called before the drain. */
  onStop?: () => void;
  /** The drain is over: sends the running jobs back to the queue. */
  requeueRunning: () => void;
  /** The worker is closed. */
  onClosed?: () => void;
  log: Log;
}

export interface WorkerLife {
  start(): Promise<void>;
  /** Stops taking jobs, and gives running jobs `drainMs` to finish. Then requeues the rest, which costs no attempt. Idempotent. */
  stop(): Promise<void>;
}

/** Makes the two functions; the worker takes no job before `start`. */
export function createWorkerLife(options: WorkerLifeOptions): WorkerLife {
  const { name, worker, store, limit, drainMs, running, log } = options;
  let limitCheck: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | null = null;

  /** Sets the limit when there is none. A limit that another worker has set stays: during a rolling restart they may differ. */
  const keepLimit = async ({ queue, concurrency }: NonNullable<typeof limit>): Promise<void> => {
    if ((await queue.getGlobalConcurrency()) !== null) return;
    await queue.setGlobalConcurrency(concurrency);
    log.warn({ queue: name, concurrency }, 'the limit over all workers was missing in the store and is set again');
  };

  const drain = async (): Promise<void> => {
    clearInterval(limitCheck);
    options.onStop?.();
    const drainOver = setTimeout(options.requeueRunning, drainMs);
    try {
      await closeWorker({ worker, store, running, drainMs, log });
    } finally {
      clearTimeout(drainOver);
      options.onClosed?.();
    }
  };

  return {
    async start() {
      await askQueue(worker.waitUntilReady(), START_TIMEOUT_MS);
      await store.queueBackend.recover(name, options.maxStalled);
      if (limit) {
        await askQueue(limit.queue.setGlobalConcurrency(limit.concurrency), START_TIMEOUT_MS);
        // While the store is away, the next check is soon enough.
        limitCheck = setInterval(() => void askQueue(keepLimit(limit)).catch(() => undefined), LIMIT_CHECK_MS);
      }
      // `run` ends when the worker closes; its failures reach the error listener.
      worker.run().catch((error: unknown) => log.error({ err: error, queue: name }, 'worker loop'));
    },
    stop: () => (stopping ??= drain()),
  };
}
