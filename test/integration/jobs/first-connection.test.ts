/** A store that is away just when BullMQ connects: an outage like any other. */
import { expect, it, onTestFinished } from 'vitest';
import { openQueue, openWorker } from '../../../src/jobs/queues.ts';
import { createRedisStore } from '../../../src/storage/redis/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { startProxy, type Proxy } from '../../faults/proxy.ts';
import { sharedRedisUrl } from '../../support/redis-server.ts';
import { ownPrefix } from '../../support/service.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** A started store, and the way to it. */
async function open(): Promise<{ store: Store; proxy: Proxy }> {
  const proxy = await startProxy(Number(new URL(sharedRedisUrl()).port));
  onTestFinished(() => proxy.stop());
  const store = createRedisStore({ url: `redis://127.0.0.1:${proxy.port}`, settings: { ...TEST_SETTINGS, prefix: ownPrefix() } });
  onTestFinished(() => store.stop());
  await store.start();
  return { store, proxy };
}

it('a queue whose first attempt to connect fails goes on when the store is back', async () => {
  const { store, proxy } = await open();
  await proxy.set('cut');
  const errors: Error[] = [];
  const queue = openQueue(store, (error) => errors.push(error));
  onTestFinished(() => queue.close());
  await waitUntil('the first attempt to fail', () => errors.length > 0);
  await proxy.set('pass');
  expect(await waitUntil('the queue to answer', () => queue.getJobCounts('waiting'))).toEqual({ waiting: 0 });
});

it('so does a worker', async () => {
  const { store, proxy } = await open();
  await proxy.set('cut');
  const errors: Error[] = [];
  const worker = openWorker(store, async () => ({ outcome: 'parsed' }), {
    concurrency: 1,
    backoffMs: () => 1,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => worker.close());
  await waitUntil('the first attempt to fail', () => errors.length > 0);
  await proxy.set('pass');
  const queue = openQueue(store, () => undefined);
  onTestFinished(() => queue.close());
  void worker.run();
  await queue.add('parse-book', {}, { jobId: 'one' });
  await waitUntil('the worker to do a job', async () => (await queue.getCompletedCount()) > 0);
  expect((await queue.getJob('one'))?.returnvalue).toEqual({ outcome: 'parsed' });
});
