/** The worker that asks Goodreads small questions. It pauses while the source is closed, and drains when the process stops. */
import { UnrecoverableError, WaitingError, type Job } from 'bullmq';
import { createAskGoodreads, type AskGoodreadsDeps } from '../../app/look-ups/ask-goodreads.ts';
import { readQuestion } from '../../app/look-ups/question.ts';
import type { Source } from '../../crawl/source/source.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../storage/store.ts';
import { pauseWhileClosed } from '../source-pause.ts';
import { createWorkerLife, type WorkerLife } from '../worker-life.ts';
import { LOOK_UP, MAX_STALLED, openLookUpWorker, type LookUpBullQueue, type LookUpData, type LookUpJobResult } from './look-up-queue.ts';

/** Questions asked at once, over all workers. They come beside the pages of books, through the same gate. */
const AT_ONCE = 2;
/** The longest drain of running look-ups. That of the pages of books comes after it, and most platforms kill a process after 30 s. */
const MAX_DRAIN_MS = 2_000;
/** Wait before the next try when our store failed, in milliseconds. */
const STORE_WAIT_MS = 500;

export interface LookUpWorkerOptions extends Omit<AskGoodreadsDeps, 'source'> {
  store: Store;
  queue: LookUpBullQueue;
  source: Pick<Source, 'current' | 'onChange'>;
  /** How long running look-ups may take to finish when the process stops, in seconds, at most 2. Then they are requeued. */
  drainSeconds: number;
  /** Takes errors of the worker's connections. */
  onFault: (error: Error) => void;
  log: Log;
  random: () => number;
}

/** Makes the worker; it takes no job before `start`. */
export function createLookUpWorker(options: LookUpWorkerOptions): WorkerLife {
  const { store, queue, source, drainSeconds, log, now, random } = options;
  const ask = createAskGoodreads(options);
  const shutdown = new AbortController();
  let running = 0;

  const process = async (job: Job<LookUpData>, token: string, lost: AbortSignal | undefined): Promise<LookUpJobResult> => {
    const question = readQuestion(job.data.question);
    if (question === null) throw new UnrecoverableError(`invalid-request: ${job.id} holds no question`);
    const signal = lost ? AbortSignal.any([lost, shutdown.signal]) : shutdown.signal;
    running += 1;
    try {
      const result = await ask({ question, queuedAtMs: job.timestamp, signal });
      if (result.next === 'done') return { outcome: result.outcome };
      if (result.next === 'wait-for-source') pause.until(result.untilMs);
      await job.moveToWait(token);
      throw new WaitingError();
    } finally {
      running -= 1;
    }
  };

  const worker = openLookUpWorker(store, (job, token = '', lost) => process(job, token, lost), {
    concurrency: AT_ONCE,
    backoffMs: () => STORE_WAIT_MS,
    onError: options.onFault,
  });
  worker.on('failed', (job, error) => log.warn({ err: error, lookUp: job?.id }, 'a look-up failed'));
  const pause = pauseWhileClosed({ worker, source, log, now, random });

  return createWorkerLife({
    name: LOOK_UP,
    worker,
    store,
    maxStalled: MAX_STALLED,
    limit: { queue, concurrency: AT_ONCE },
    drainMs: Math.min(drainSeconds * 1000, MAX_DRAIN_MS),
    running: () => running,
    onStop: pause.end,
    requeueRunning: () => shutdown.abort('shutdown'),
    log,
  });
}
