/**
 * Giving the target's queues what waited in the source's. A job is enqueued as its run: an id that the queue has already is not taken twice, so all
 * of this may be done again.
 */
import type { Priority } from '../domain/batch.ts';
import type { JobId } from '../domain/identity.ts';
import type { Delivery } from '../webhooks/deliveries.ts';
import type { JobRun } from '../domain/run-id.ts';
import { createProducer } from '../queue/producer.ts';
import { openQueue, PARSE_BOOK } from '../queue/parse-book-queue.ts';
import { DELIVER_WEBHOOK, createDeliveryQueue, openWebhookQueue } from '../queue/deliver-webhook-queue.ts';
import { parseRunId, runIdOf } from '../domain/run-id.ts';
import type { Store } from '../storage/store.ts';
import { patiently } from './patience.ts';
import { namePages } from './records.ts';

const AT_ONCE = 500;
/** BullMQ's states in the order in which their jobs would be taken; what was under way when the service ended comes first, what waits for its time last. */
const STATES = ['active', 'waiting', 'prioritized', 'delayed'] as const;
/** BullMQ keeps these the latest first, so they are read from their end. */
const LATEST_FIRST: ReadonlySet<string> = new Set(['active', 'waiting']);
const DELIVERIES = 'delivery:';

export interface QueuedPage {
  /** Jobs that have to be in the target's queue. */
  seen: number;
  /** Of them, those that it did not take. */
  missing: number;
}

export interface QueueMover {
  /** Enqueues the source's jobs in its order, from `cursor` on. */
  inOrder(cursor: string | null): AsyncGenerator<{ enqueued: number; cursor: string | null }>;
  /** Jobs of the source that are live in the target: enqueues those that its queue does not have, whatever the reason. */
  leftOver(): AsyncGenerator<QueuedPage>;
  /** Webhook calls that are not delivered yet: the same. */
  deliveries(): AsyncGenerator<QueuedPage>;
  /** About how many jobs wait in the source's queue. */
  waiting(): Promise<number>;
  close(): Promise<void>;
}

export interface QueueMoverOptions {
  from: Store;
  to: Store;
  signal: AbortSignal;
  /** Told of connection errors that heal by themselves. */
  onError(error: Error): void;
}

export function createQueueMover({ from, to, signal, onError }: QueueMoverOptions): QueueMover {
  const source = openQueue(from, onError);
  const target = openQueue(to, onError);
  const calls = openWebhookQueue(to, onError);
  const producer = createProducer(to, target);

  /** Those of the jobs that the target holds as live, with the run and the priority that it has for them, in the order given. */
  const liveOf = async (jobIds: JobId[]): Promise<(JobRun & { priority: Priority })[]> => {
    const records = await to.transfer.kinds.jobs.read(jobIds, Date.now());
    return jobIds.flatMap((jobId) => {
      const record = records.get(jobId);
      return record?.state === 'live' ? [{ jobId, run: record.run, priority: record.priority }] : [];
    });
  };

  const enqueue = async (jobs: (JobRun & { priority: Priority })[]): Promise<void> => {
    for (const priority of new Set(jobs.map((job) => job.priority))) {
      await producer.enqueue(
        jobs.filter((job) => job.priority === priority),
        priority,
      );
    }
  };

  /** The `n`-th page of a state's run ids, those that come sooner first; `null` beyond the last. */
  const pageOf = async (state: (typeof STATES)[number], n: number): Promise<string[] | null> => {
    if (!LATEST_FIRST.has(state)) {
      const ids = await source.getRanges([state], n * AT_ONCE, (n + 1) * AT_ONCE - 1, true);
      return ids.length === 0 ? null : ids;
    }
    const { [state]: length = 0 } = await source.getJobCounts(state);
    const end = length - 1 - n * AT_ONCE;
    return end < 0 ? null : (await source.getRanges([state], Math.max(0, end - AT_ONCE + 1), end, false)).toReversed();
  };

  return {
    async *inOrder(cursor) {
      // The source stands still, so that a place in its queue stays one.
      const [firstState = 0, firstPage = 0] = (cursor ?? '0.0').split('.').map(Number);
      if (await source.isPaused()) await target.pause();
      for (const [at, state] of STATES.entries()) {
        if (at < firstState) continue;
        for (let n = at === firstState ? firstPage : 0; ; n++) {
          const ids = await patiently(signal, () => pageOf(state, n));
          if (ids === null) break;
          const jobs = await patiently(signal, () => liveOf(ids.flatMap((id) => parseRunId(id)?.jobId ?? [])));
          await patiently(signal, () => enqueue(jobs));
          yield { enqueued: jobs.length, cursor: `${at}.${n + 1}` };
        }
      }
      yield { enqueued: 0, cursor: null };
    },

    async *leftOver() {
      const queued = (jobs: JobRun[]): Promise<boolean[]> =>
        to.queueBackend.has(
          PARSE_BOOK,
          jobs.map(({ jobId, run }) => runIdOf(jobId, run)),
        );
      for await (const { names } of namePages(from, 'jobs', null, signal)) {
        const given = await from.transfer.kinds.jobs.read(names, Date.now());
        const wanted = [...given.values()].filter(({ state }) => state === 'live').sort((a, b) => a.createdAtMs - b.createdAtMs);
        const jobs = await liveOf(wanted.map(({ jobId }) => jobId));
        const there = await queued(jobs);
        await patiently(signal, () => enqueue(jobs.filter((_job, at) => !there[at])));
        const missing = (await queued(jobs)).filter((isThere) => !isThere).length;
        yield { seen: jobs.length, missing };
      }
    },

    async *deliveries() {
      for (let afterKey: string | null = null; ;) {
        const page = await to.documents.list(DELIVERIES, { nowMs: Date.now(), afterKey, limit: AT_ONCE });
        const pending = page.map(({ json }) => JSON.parse(json) as Delivery).filter(({ state }) => state === 'pending');
        for (const { id, run } of pending) await patiently(signal, () => createDeliveryQueue(calls).enqueue({ id, run }));
        const there = await to.queueBackend.has(
          DELIVER_WEBHOOK,
          pending.map(({ id, run }) => `${id}.${run}`),
        );
        yield { seen: pending.length, missing: there.filter((isThere) => !isThere).length };
        afterKey = page.at(-1)?.key ?? null;
        if (page.length < AT_ONCE || afterKey === null) return;
      }
    },

    async waiting() {
      const counts = await source.getJobCounts(...STATES);
      return Object.values(counts).reduce((sum, n) => sum + n, 0);
    },
    async close() {
      await Promise.all([source.close(), target.close(), calls.close()]);
    },
  };
}
