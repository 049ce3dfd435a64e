/** The worker that calls webhooks. webhooks/ decides what to do; this file turns its decisions into BullMQ's retries and delays. */
import { doublingMs } from '../domain/backoff.ts';
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { Deliver } from '../webhooks/deliver.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../storage/store.ts';
import { DELIVER_WEBHOOK, MAX_STALLED, openWebhookWorker, parseWebhookJobId, type DeliverWebhookResult } from './deliver-webhook-queue.ts';
import { createWorkerLife, type WorkerLife } from './worker-life.ts';

/** Calls at once in this process. */
const CONCURRENCY = 20;
/** Calls at once to one endpoint, so that a receiver that hangs cannot take all of them. */
const PER_ENDPOINT = 5;
/** A call whose endpoint is busy waits for half of this to all of it, doubled each time, … */
const BUSY_BASE_MS = 500;
/** … but at most this. */
const BUSY_MAX_MS = 60_000;
/** The longest drain of running calls. It follows the crawls' own `DRAIN_SECONDS`, and most platforms kill a process after 30 s. */
const MAX_DRAIN_MS = 4_000;
/** Wait before the next attempt when our store failed. */
const STORE_WAIT_MS = 5_000;

export interface WebhookWorkerOptions {
  store: Store;
  deliver: Deliver;
  /**
   * How long running calls may take to finish when the process stops, at most 4 s. Then they are requeued, and another worker repeats them.
   */
  drainSeconds: number;
  /** Takes errors of the worker's connections. */
  onFault: (error: Error) => void;
  log: Log;
  random: () => number;
}

/** The call failed, and BullMQ repeats it after `waitMs`. */
class CallFailed extends Error {
  readonly waitMs: number;
  constructor(message: string, waitMs: number) {
    super(message);
    this.name = 'CallFailed';
    this.waitMs = waitMs;
  }
}

export function createWebhookWorker({ store, deliver, drainSeconds, onFault, log, random }: WebhookWorkerOptions): WorkerLife {
  const shutdown = new AbortController();
  const busy = new Map<string, number>();

  const giveWay = async (job: Job, token: string): Promise<never> => {
    const before = Math.max(0, job.attemptsStarted - job.attemptsMade - 1);
    const waitMs = (0.5 + random() / 2) * doublingMs(before, BUSY_BASE_MS, BUSY_MAX_MS);
    await job.moveToDelayed(Date.now() + Math.ceil(waitMs), token);
    throw new DelayedError();
  };

  const call = async (job: Job, token: string, lost: AbortSignal | undefined): Promise<DeliverWebhookResult> => {
    const named = parseWebhookJobId(job.id ?? '');
    if (!named) throw new UnrecoverableError(`invalid-request: ${job.id} is not the id of a ${job.name} job`);
    const { endpointId, ...queued } = named;
    const under = busy.get(endpointId) ?? 0;
    if (under >= PER_ENDPOINT) return giveWay(job, token);
    busy.set(endpointId, under + 1);
    const stop = lost ? AbortSignal.any([lost, shutdown.signal]) : shutdown.signal;
    try {
      const outcome = await deliver(queued, job.attemptsMade, stop);
      if (outcome.kind === 'ended') return { state: outcome.state };
      throw new CallFailed(outcome.detail, outcome.waitMs);
    } catch (error) {
      if (!stop.aborted || error instanceof CallFailed) throw error;
      // The process stops, or another process has the job. The call may have been made, and is repeated.
      await job.moveToWait(token);
      throw new WaitingError();
    } finally {
      const left = (busy.get(endpointId) ?? 1) - 1;
      if (left > 0) busy.set(endpointId, left);
      else busy.delete(endpointId);
    }
  };

  const worker = openWebhookWorker(store, (job, token = '', lost) => call(job, token, lost), {
    concurrency: CONCURRENCY,
    backoffMs: (_attemptsMade, error) => (error instanceof CallFailed ? error.waitMs : STORE_WAIT_MS),
    onError: onFault,
  });

  return createWorkerLife({
    name: DELIVER_WEBHOOK,
    worker,
    store,
    maxStalled: MAX_STALLED,
    drainMs: Math.min(drainSeconds * 1000, MAX_DRAIN_MS),
    running: () => [...busy.values()].reduce((sum, n) => sum + n, 0),
    requeueRunning: () => shutdown.abort(new Error('shutdown')),
    log,
  });
}
