/** The worker of one process: takes jobs, holds still while the source is closed, stops on request, drains at the end. */
import { UnrecoverableError } from 'bullmq';
import type { PageReading } from '../parser/read-page.ts';
import type { Crawler } from '../crawl/crawl.ts';
import type { Store } from '../storage/store.ts';
import { parseRunId } from '../domain/run-id.ts';
import { askQueue, START_TIMEOUT_MS } from './ask-queue.ts';
import { closeWorker } from './close-worker.ts';
import { AttemptFailed, createParseBook, type ParseBookDeps, type ParseBookSettings } from '../app/process-book.ts';
import type { ParserWatch } from '../app/parser-watch.ts';
import { MAX_INTERRUPTED, openWorker, PARSE_BOOK, type ParseBookQueue } from './parse-book-queue.ts';
import { backoffMs } from '../domain/backoff.ts';

export interface JobWorkerOptions {
  store: Store;
  queue: ParseBookQueue;
  crawler: Crawler<PageReading>;
  /** Until when the source is closed; in the past when it is not. */
  heldUntilMs(): number;
  settings: ParseBookSettings & { concurrency: number; backoffBaseMs: number; drainSeconds: number };
  log: {
    debug(fields: object, message: string): void;
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  observe: ParserWatch['observe'];
  /** Told of every job that gave a book. */
  announce?: ParseBookDeps['announce'];
  /** For tests: how long a lock holds, and how often jobs without one are looked for. */
  lockMs?: number;
  stalledCheckMs?: number;
  now?: () => number;
  random?: () => number;
}

export interface JobWorker {
  start(): Promise<void>;
  /** Stops taking jobs, gives those that run `drainSeconds`, hands the rest back without costing them an attempt. Idempotent. */
  stop(): Promise<void>;
  /** Take jobs again at once: the source opened before its time. */
  wake(): void;
  /** Jobs that this process works on now. */
  running(): number;
}

/** How often it is looked whether the limit over all workers still stands, in milliseconds: it is lost with the store's data. */
const LIMIT_CHECK_MS = 5_000;
/** A hold is looked at again after this, since its end is told by the wall clock, which may have jumped meanwhile. */
const LOOK_AGAIN_MS = 10_000;

export function createJobWorker(options: JobWorkerOptions): JobWorker {
  const { store, queue, crawler, heldUntilMs, settings, log, observe, announce, now = Date.now, random = Math.random } = options;
  const running = new Map<string, AbortController>();
  let pausedUntilMs = 0;
  let resume: NodeJS.Timeout | null = null;
  let limitCheck: NodeJS.Timeout | null = null;
  let stopping: Promise<void> | null = null;
  /** The drain is over: what still runs, or only now begins, goes back. */
  let handsBack = false;

  const wake = (): void => {
    if (resume) clearTimeout(resume);
    resume = null;
    pausedUntilMs = 0;
    if (!stopping && worker.isPaused())
      worker.resume().catch((error: unknown) => log.error({ err: error }, 'the worker could not be resumed'));
  };

  const resumeLater = (): void => {
    if (resume) clearTimeout(resume);
    // Workers of a fleet do not all come back in the same instant.
    const waitMs = pausedUntilMs - now() + random() * 50;
    resume = waitMs > LOOK_AGAIN_MS ? setTimeout(lookAgain, LOOK_AGAIN_MS) : setTimeout(wake, waitMs);
  };
  const lookAgain = (): void => (heldUntilMs() > now() ? resumeLater() : wake());

  const hold = (untilMs: number): void => {
    if (stopping || untilMs <= Math.max(pausedUntilMs, now())) return;
    pausedUntilMs = untilMs;
    resumeLater();
    if (!worker.isPaused()) worker.pause(true).catch((error: unknown) => log.error({ err: error }, 'the worker could not be paused'));
  };

  const parseBook = createParseBook({
    store,
    crawler,
    heldUntilMs,
    settings,
    log,
    hold,
    observe,
    ...(announce ? { announce } : {}),
    now,
    random,
  });
  const worker = openWorker(
    store,
    async (job, token = '', lockLost) => {
      const runId = job.id ?? '';
      const stop = new AbortController();
      running.set(runId, stop);
      const lost = (): void => stop.abort('lock lost');
      lockLost?.addEventListener('abort', lost, { once: true });
      // BullMQ may hand over a job that it took just before it was told to close.
      if (handsBack) stop.abort('shutdown');
      try {
        return await parseBook(job, token, stop.signal);
      } finally {
        running.delete(runId);
        lockLost?.removeEventListener('abort', lost);
      }
    },
    {
      concurrency: settings.concurrency,
      backoffMs: (attemptsMade, error) =>
        backoffMs(attemptsMade, {
          baseMs: settings.backoffBaseMs,
          retryAfterMs: error instanceof AttemptFailed ? error.retryAfterMs : null,
          random,
        }),
      onError: (error) => log.warn({ err: error.message }, 'worker connection'),
      lockMs: options.lockMs,
      stalledCheckMs: options.stalledCheckMs,
    },
  );

  worker.on('failed', (job, error) => {
    const ids = parseRunId(job?.id ?? '');
    // BullMQ itself ends a job that lost its worker too often; the processor never hears of it.
    const stalled = /stalled more than/.test(error.message);
    // Of these the processor has told itself.
    const told = error instanceof AttemptFailed || error instanceof UnrecoverableError;
    if (!ids || (told && !stalled)) return;
    if (!stalled) log.error({ err: error, jobId: ids.jobId }, 'a job failed as nobody foresaw');
    // It is tried again, and may do better.
    if (!stalled && typeof job?.finishedOn !== 'number') return;
    const code = stalled ? 'poison' : 'internal-error';
    const detail = stalled
      ? `Its worker died or hung ${job?.stalledCounter ?? 'several'} times while working on it; the last was ${job?.data.lastWorker ?? 'unknown'}.`
      : 'Something went wrong on our side at every attempt; the log of the worker has the error.';
    store.jobs
      .settle({
        ...ids,
        nowMs: now(),
        outcome: 'failed',
        attempts: job?.attemptsMade ?? 0,
        error: { code, detail },
        book: null,
        keepUntilMs: 0,
        missingUntilMs: 0,
      })
      .catch((err: unknown) => log.error({ err, jobId: ids.jobId }, 'a job that BullMQ ended could not be settled; the reconciler will'));
  });
  worker.on('stalled', (runId) => {
    const ids = parseRunId(runId);
    if (!ids) return;
    log.warn({ jobId: ids.jobId }, 'stalled: its worker stopped renewing the lock');
    store.jobs
      .note(ids.jobId, ids.run, {
        atMs: now(),
        event: 'stalled',
        detail: 'Its worker stopped renewing the lock; the job was queued again.',
      })
      .catch(() => undefined);
  });

  const unsubscribe = store.signals.subscribe((signal) => {
    if (signal.kind === 'cancel') running.get(`${signal.jobId}.${signal.run}`)?.abort('cancelled');
  });

  /** Sets the limit where there is none. What another worker has set stays: during a rolling restart they may differ. */
  const keepLimit = async (): Promise<void> => {
    if ((await queue.getGlobalConcurrency()) !== null) return;
    await queue.setGlobalConcurrency(settings.concurrency);
    log.warn({ concurrency: settings.concurrency }, 'the limit over all workers was gone from the store and is set again');
  };

  const drain = async (): Promise<void> => {
    if (resume) clearTimeout(resume);
    if (limitCheck) clearInterval(limitCheck);
    unsubscribe();
    const handBack = setTimeout(() => {
      handsBack = true;
      for (const controller of running.values()) controller.abort('shutdown');
    }, settings.drainSeconds * 1000);
    try {
      await closeWorker({ worker, store, running: () => running.size, drainMs: settings.drainSeconds * 1000, log });
    } finally {
      clearTimeout(handBack);
    }
  };

  return {
    async start() {
      await askQueue(worker.waitUntilReady(), START_TIMEOUT_MS);
      await store.queueBackend.recover(PARSE_BOOK, MAX_INTERRUPTED);
      await askQueue(queue.setGlobalConcurrency(settings.concurrency), START_TIMEOUT_MS);
      // Where the store is away the next look will do.
      limitCheck = setInterval(() => void askQueue(keepLimit()).catch(() => undefined), LIMIT_CHECK_MS);
      // `run` ends when the worker closes; its failures reach the error listener.
      worker.run().catch((error: unknown) => log.error({ err: error }, 'worker loop'));
    },
    stop: () => (stopping ??= drain()),
    wake,
    running: () => running.size,
  };
}
