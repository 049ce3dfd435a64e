/** The worker of one process: takes jobs, pauses while the source is closed, stops cancelled jobs, drains when the process stops. */
import { createProcessBook, type ProcessBookDeps, type ProcessBookSettings } from '../app/process-book.ts';
import type { Source } from '../crawl/source/source.ts';
import { backoffMs } from '../domain/backoff.ts';
import type { Meters } from '../metrics/metrics.ts';
import { askQueue, START_TIMEOUT_MS } from './ask-queue.ts';
import { closeWorker } from './close-worker.ts';
import { AttemptFailed, createProcessor } from './parse-book-processor.ts';
import { MAX_INTERRUPTED, openWorker, PARSE_BOOK, type ParseBookQueue } from './parse-book-queue.ts';
import { createRunningJobs } from './running-jobs.ts';
import { pauseWhileClosed } from './source-pause.ts';
import { settleUnsettled } from './unsettled-jobs.ts';

export interface JobWorkerOptions extends Omit<ProcessBookDeps, 'settings' | 'source'> {
  queue: ParseBookQueue;
  source: Pick<Source, 'current' | 'onChange'>;
  /** Takes errors of the worker's connections. */
  onFault: (error: Error) => void;
  meters: Pick<Meters, 'attempts' | 'retries' | 'queueWait' | 'linkToBook'>;
  settings: ProcessBookSettings & { concurrency: number; backoffBaseMs: number; drainSeconds: number };
  /** For tests: how long a lock lasts, and how often stalled jobs are looked for. */
  lockMs?: number;
  stalledCheckMs?: number;
}

export interface JobWorker {
  start(): Promise<void>;
  /** Stops taking jobs, and gives running jobs `drainSeconds` to finish. Then requeues the rest, which costs no attempt. Idempotent. */
  stop(): Promise<void>;
}

/** How often the limit over all workers is checked, in milliseconds. A store that lost its data lost the limit too. */
const LIMIT_CHECK_MS = 5_000;

/** Makes the worker; it takes no job before `start`. */
export function createJobWorker(options: JobWorkerOptions): JobWorker {
  const { store, queue, settings, source, log, now, random } = options;
  const drainMs = settings.drainSeconds * 1000;
  const running = createRunningJobs(store.signals);
  const parseBook = createProcessor({
    processBook: createProcessBook(options),
    attempts: settings.attempts,
    onClosed: (untilMs) => pause.until(untilMs),
    meters: options.meters,
  });
  const worker = openWorker(
    store,
    (job, token = '', lockLost) => running.track(job.id ?? '', lockLost, (signal) => parseBook(job, token, signal)),
    {
      concurrency: settings.concurrency,
      backoffMs: (attemptsMade, error) =>
        backoffMs(attemptsMade, {
          baseMs: settings.backoffBaseMs,
          retryAfterMs: error instanceof AttemptFailed ? error.retryAfterMs : null,
          random,
        }),
      onError: options.onFault,
      lockMs: options.lockMs,
      stalledCheckMs: options.stalledCheckMs,
    },
  );
  const pause = pauseWhileClosed({ worker, source, log, now, random });
  settleUnsettled(worker, options);
  let limitCheck: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | null = null;

  /** Sets the limit when there is none. A limit that another worker has set stays: during a rolling restart they may differ. */
  const keepLimit = async (): Promise<void> => {
    if ((await queue.getGlobalConcurrency()) !== null) return;
    await queue.setGlobalConcurrency(settings.concurrency);
    log.warn({ concurrency: settings.concurrency }, 'the limit over all workers was missing in the store and is set again');
  };

  const drain = async (): Promise<void> => {
    pause.end();
    clearInterval(limitCheck);
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
      await store.queueBackend.recover(PARSE_BOOK, MAX_INTERRUPTED);
      await askQueue(queue.setGlobalConcurrency(settings.concurrency), START_TIMEOUT_MS);
      // While the store is away, the next check is soon enough.
      limitCheck = setInterval(() => void askQueue(keepLimit()).catch(() => undefined), LIMIT_CHECK_MS);
      // `run` ends when the worker closes; its failures reach the error listener.
      worker.run().catch((error: unknown) => log.error({ err: error }, 'worker loop'));
    },
    stop: () => (stopping ??= drain()),
  };
}
