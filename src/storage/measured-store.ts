/** A store that times its calls and counts the jobs that end in it: each way a job ends leads through here. */
import type { Meters } from '../metrics/metrics.ts';
import type { Store } from './store.ts';

/** Takes jobs that ended. `reason` is an error code, how a cancelled job was ended, or `none`. */
export type OnEnded = (outcome: string, reason: string, jobs: number) => void;

type Measured = Pick<Meters, 'storeSeconds' | 'storeErrors'>;
type Call = (...args: unknown[]) => unknown;

/** Times every method of `part` that returns a promise. The methods are looked up when they are called. */
function timed<T extends object>(name: string, part: T, { storeSeconds, storeErrors }: Measured): T {
  const calls = part as unknown as Record<string, unknown>;
  const measured: Record<string, unknown> = { ...calls };
  for (const [method, value] of Object.entries(part)) {
    if (typeof value !== 'function') continue;
    const call = `${name}.${method}`;
    measured[method] = (...args: unknown[]): unknown => {
      const startedMs = performance.now();
      const result = (calls[method] as Call)(...args);
      if (!(result instanceof Promise)) return result;
      const seconds = storeSeconds.of(call);
      return result.then(
        (answer: unknown) => {
          seconds.observe((performance.now() - startedMs) / 1000);
          return answer;
        },
        (error: unknown) => {
          seconds.observe((performance.now() - startedMs) / 1000);
          storeErrors.of(call).add();
          throw error;
        },
      );
    };
  }
  return measured as T;
}

/** The same store. What is started and stopped is the given one. */
export function measureStore(store: Store, meters: Measured, onEnded: OnEnded): Store {
  const jobs = timed('jobs', store.jobs, meters);
  const batches = timed('batches', store.batches, meters);
  return {
    ...store,
    books: timed('books', store.books, meters),
    documents: timed('documents', store.documents, meters),
    tallies: timed('tallies', store.tallies, meters),
    pages: timed('pages', store.pages, meters),
    search: timed('search', store.search, meters),
    signals: timed('signals', store.signals, meters),
    jobs: {
      ...jobs,
      async settle(settlement) {
        const answer = await jobs.settle(settlement);
        if (answer.settled) onEnded(settlement.outcome, settlement.outcome === 'parsed' ? 'none' : settlement.error.code, 1);
        return answer;
      },
      async cancel(jobId, nowMs) {
        const run = await jobs.cancel(jobId, nowMs);
        if (run !== null) onEnded('cancelled', 'cancelled', 1);
        return run;
      },
    },
    batches: {
      ...batches,
      async cancel(batchId, nowMs, as) {
        const ended = await batches.cancel(batchId, nowMs, as);
        if (ended && ended.withoutWaiters.length > 0) onEnded('cancelled', as ?? 'cancelled', ended.withoutWaiters.length);
        return ended;
      },
    },
  };
}
