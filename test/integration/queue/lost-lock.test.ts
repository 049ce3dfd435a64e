import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { openBullQueue, openBullWorker } from '../../../src/queue/open.ts';
import { sharedRedisUrl } from '../../support/redis-server.ts';
import { redisStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

it('a job whose lock is lost is stopped, for another worker may have it by now', async () => {
  const { store, cleanup } = await redisStore.make({ prefix: `lost${process.pid}` });
  onTestFinished(cleanup);
  const queue = openBullQueue<object, string>('lost-lock', store, () => undefined);
  onTestFinished(() => queue.close());
  const reasons: unknown[] = [];
  const worker = openBullWorker<object, string>(
    'lost-lock',
    store,
    // As the processors of Quire are written: the default makes its length 1.
    (_job, token = '', lost) =>
      new Promise((resolve) => {
        lost?.addEventListener('abort', () => {
          reasons.push(lost.reason);
          resolve(token);
        });
      }),
    { backoffMs: () => 1, onError: () => undefined, lockDuration: 400, stalledInterval: 60_000 },
  );
  onTestFinished(() => worker.close(true));
  void worker.run();
  await queue.add('job', {}, { jobId: 'job-1' });
  await waitUntil('the job to run', async () => (await queue.getActiveCount()) === 1);
  const client = new Redis(sharedRedisUrl());
  onTestFinished(() => client.disconnect());
  await waitUntil('the lock to be there', async () => (await client.del(`${queue.toKey('job-1')}:lock`)) === 1);
  await waitUntil('the job to be stopped', () => reasons.length > 0);
  expect(reasons).toEqual(['lock lost']);
});
