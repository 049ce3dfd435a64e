/** Whether this process can do its work: the answer of `GET /readyz`. */
import type { Log } from '../domain/log.ts';
import type { Readiness } from '../http/dependencies.ts';
import { createStoreCheck } from '../storage/store-check.ts';
import type { Store } from '../storage/store.ts';
import type { Lifecycle } from './lifecycle.ts';

export interface ReadinessOptions {
  store: Store;
  lifecycle: Pick<Lifecycle, 'ending'>;
  log: Log;
  now: () => number;
}

/** Makes the check. Logs one line whenever its result changes. */
export function createReadiness({ store, lifecycle, log, now }: ReadinessOptions): () => Promise<Readiness> {
  const checkStore = createStoreCheck(store, now);
  let before = 'ok';
  return async () => {
    const { outcome, cause } = await checkStore();
    if (outcome !== before) {
      if (cause) log.warn({ err: cause.message }, `not ready: the store ${outcome}`);
      else log.info({}, 'ready again: the store answers and takes writes');
    }
    before = outcome;
    const draining = lifecycle.ending;
    return { ready: !draining && outcome === 'ok', checks: { draining: draining ? 'yes' : 'no', store: outcome } };
  };
}
