/**
 * Bounds the waiting calls of webhooks: a receiver that is away for long would otherwise fill the store. Its oldest calls are dropped, and
 * its webhook shows how many. The check runs in rounds, so calls between two rounds may exceed a limit.
 */
import type { Deliveries } from './deliveries.ts';
import type { Endpoints } from './endpoints.ts';
import { ageKeyOf, MAX_PENDING, MAX_PENDING_IN_ALL } from './pending-limits.ts';
import type { Log } from '../domain/log.ts';
import type { DeliveryQueue, WaitingDelivery } from './delivery-queue.ts';

const ROUND_MS = 10_000;
/** Waiting calls read in one round. */
const MOST_READ = 200_000;
/** Calls dropped in one round. The next round goes on. */
const MOST_DROPPED = 5_000;

export interface PendingCallsOptions {
  queue: Pick<DeliveryQueue, 'countWaiting' | 'listWaiting' | 'remove'>;
  deliveries: Pick<Deliveries, 'drop'>;
  endpoints: Pick<Endpoints, 'countDropped'>;
  log: Log;
  /** For tests. */
  limits?: { perWebhook: number; inAll: number };
}

export interface PendingCalls {
  start(): void;
  stop(): Promise<void>;
  /** Drops the calls beyond the limits. Resolves to how many. */
  round(): Promise<number>;
}

/** The calls beyond the limits, the oldest first. */
function surplusOf(calls: WaitingDelivery[], { perWebhook, inAll }: { perWebhook: number; inAll: number }): WaitingDelivery[] {
  const kept = new Map<string, number>();
  let all = 0;
  const surplus: WaitingDelivery[] = [];
  const key = (call: WaitingDelivery): string => ageKeyOf(call.id);
  // The latest calls come first, because they are kept.
  for (const call of calls.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))) {
    const own = kept.get(call.endpointId) ?? 0;
    if (own >= perWebhook || all >= inAll) surplus.push(call);
    else {
      kept.set(call.endpointId, own + 1);
      all += 1;
    }
  }
  return surplus.toReversed();
}

export function createPendingCalls(options: PendingCallsOptions): PendingCalls {
  const { queue, deliveries, endpoints, log, limits = { perWebhook: MAX_PENDING, inAll: MAX_PENDING_IN_ALL } } = options;
  let timer: NodeJS.Timeout | null = null;
  let current: Promise<unknown> | null = null;

  const round = async (): Promise<number> => {
    // Counting is cheap, and shows nearly always that nothing is to do.
    if ((await queue.countWaiting()) <= Math.min(limits.perWebhook, limits.inAll)) return 0;
    const dropped = new Map<string, number>();
    for (const { id, run, endpointId } of surplusOf(await queue.listWaiting(MOST_READ), limits).slice(0, MOST_DROPPED)) {
      if (await deliveries.drop(id, run)) dropped.set(endpointId, (dropped.get(endpointId) ?? 0) + 1);
      // A call that is being made finds that its record is gone.
      await queue.remove({ id, run });
    }
    for (const [endpointId, calls] of dropped) {
      await endpoints.countDropped(endpointId, calls);
      log.warn({ endpointId, calls }, 'calls of a webhook were dropped, the oldest first: too many wait for its receiver');
    }
    return [...dropped.values()].reduce((sum, n) => sum + n, 0);
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      current = round()
        .catch((error: unknown) => log.warn({ err: error }, 'the waiting calls of webhooks could not be checked'))
        .then(() => (timer ? schedule() : undefined));
    }, ROUND_MS);
    timer.unref();
  };

  return {
    start: () => (timer ? undefined : schedule()),
    async stop() {
      if (timer) clearTimeout(timer);
      timer = null;
      await current;
    },
    round,
  };
}
