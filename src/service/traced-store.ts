/** A store whose steps of submitting and settling are spans: the ends of the way of a job. */
import type { Store } from '../storage/store.ts';
import { inSpan, isTracing } from '../tracing.ts';

/** Returns the store itself while the operator has loaded no SDK. */
export function tracedStore(store: Store): Store {
  if (!isTracing()) return store;
  const { jobs, batches } = store;
  return {
    ...store,
    jobs: {
      ...jobs,
      settle: (settlement) => {
        const { jobId, outcome } = settlement;
        const attributes = { 'quire.job': jobId, 'quire.outcome': outcome };
        return inSpan('settle', { attributes }, async (span) => {
          const settled = await jobs.settle(settlement);
          span.set({ 'quire.settled': settled.settled, ...(settled.stored === null ? {} : { 'quire.stored': settled.stored }) });
          return settled;
        });
      },
    },
    batches: {
      ...batches,
      submit: (submission) => {
        const attributes = { 'quire.items': submission.items.length, ...(submission.batch && { 'quire.batch': submission.batch.batchId }) };
        return inSpan('submit', { attributes }, () => batches.submit(submission));
      },
    },
  };
}
