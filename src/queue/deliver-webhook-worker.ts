/** The worker of the second kind of job: call a webhook. webhooks/ decides; here its decisions become BullMQ's retries and delays. */
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { Deliver } from '../webhooks/deliver.ts';
import type { Log } from '../domain/log.ts';
import type { Store } from '../storage/store.ts';
import { askQueue, START_TIMEOUT_MS } from './ask-queue.ts';
import { closeWorker } from './close-worker.ts';
import { DELIVER_WEBHOOK, MAX_STALLED, openWebhookWorker, parseWebhookJobId, type DeliverWebhookResult } from './deliver-webhook-queue.ts';

/** Calls under way at once in this process. */
const CONCURRENCY = 20;
/** Of them to one endpoint: a receiver that hangs holds up others only this much. */
const PER_ENDPOINT = 5;
/** A call that finds its endpoint busy comes back after a random part of this, doubled each time, … */
const BUSY_BASE_MS = 500;
/** … at most this. */
const BUSY_MAX_MS = 60_000;
/** Running calls get no longer than this at the end: it comes on top of the crawls' own `DRAIN_SECONDS`, and most platforms kill after 30 s. */
const MAX_DRAIN_MS = 4_000;
/** Wait before another try when it is our store that failed. */
const STORE_WAIT_MS = 5_000;

export interface WebhookWorkerOptions {
  store: Store;
  deliver: Deliver;
  /** Calls that run when the process stops get so long to end, at most 4 s; then they are handed back, and made again by another. */
  drainSeconds: number;
  log: Log;
  random: () => number;
}

export interface WebhookJobWorker {
  start(): Promise<void>;
  /** Takes no more calls and waits for those that run. Idempotent. */
  stop(): Promise<void>;
}

/** The call failed: BullMQ brings it up again after `waitMs`. */
class CallFailed extends Error {
  readonly waitMs: number;
  constructor(message: string, waitMs: number) {
    super(message);
    this.name = 'CallFailed';
    this.waitMs = waitMs;
  }
}

export function createWebhookWorker({ store, deliver, drainSeconds, log, random }: WebhookWorkerOptions): WebhookJobWorker {
  const drainMs = Math.min(drainSeconds * 1000, MAX_DRAIN_MS);
  const shutdown = new AbortController();
  const busy = new Map<string, number>();
  let stopping: Promise<void> | null = null;

  const giveWay = async (job: Job, token: string): Promise<never> => {
    const before = Math.max(0, job.attemptsStarted - job.attemptsMade - 1);
    const waitMs = (0.5 + random() / 2) * Math.min(BUSY_BASE_MS * 2 ** Math.min(before, 10), BUSY_MAX_MS);
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
      // The process is going away, or another has the job: the call may have been made, and is made again.
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
    backoffMs: (error) => (error instanceof CallFailed ? error.waitMs : STORE_WAIT_MS),
    onError: (error) => log.warn({ err: error.message }, 'webhook worker connection'),
  });

  const drain = async (): Promise<void> => {
    const drainOver = setTimeout(() => shutdown.abort(new Error('shutdown')), drainMs);
    try {
      await closeWorker({
        worker,
        store,
        running: () => [...busy.values()].reduce((sum, n) => sum + n, 0),
        drainMs,
        log,
      });
    } finally {
      clearTimeout(drainOver);
    }
  };

  return {
    async start() {
      await askQueue(worker.waitUntilReady(), START_TIMEOUT_MS);
      await store.queueBackend.recover(DELIVER_WEBHOOK, MAX_STALLED);
      // `run` ends when the worker closes; its failures reach the error listener.
      worker.run().catch((error: unknown) => log.error({ err: error }, 'webhook worker loop'));
    },
    stop: () => (stopping ??= drain()),
  };
}
