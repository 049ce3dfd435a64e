/** The worker of one process: takes jobs, pauses while the source is closed, stops cancelled jobs, drains when the process stops. */
import { createProcessBook, type ProcessBookDeps, type ProcessBookSettings } from '../app/process-book.ts';
import type { Source } from '../crawl/source/source.ts';
import { backoffMs } from '../domain/backoff.ts';
import type { Meters } from '../metrics/metrics.ts';
import { AttemptFailed, createProcessor } from './parse-book-processor.ts';
import { MAX_INTERRUPTED, openWorker, PARSE_BOOK, type ParseBookQueue } from './parse-book-queue.ts';
import { createRunningJobs } from './running-jobs.ts';
import { pauseWhileClosed } from './source-pause.ts';
import { settleUnsettled } from './unsettled-jobs.ts';
import { createWorkerLife, type WorkerLife } from './worker-life.ts';

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

/** Makes the worker; it takes no job before `start`. */
export function createJobWorker(options: JobWorkerOptions): WorkerLife {
  const { store, queue, settings, source, log, now, random } = options;
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
  return createWorkerLife({
    name: PARSE_BOOK,
    worker,
    store,
    maxStalled: MAX_INTERRUPTED,
    limit: { queue, concurrency: settings.concurrency },
    drainMs: settings.drainSeconds * 1000,
    running: running.count,
    onStop: pause.end,
    requeueRunning: running.requeueRunning,
    onClosed: running.end,
    log,
  });
}
