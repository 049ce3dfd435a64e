/** A store that goes away while Quire runs. */
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const link = (id: number): string => `https://www.goodreads.com/book/show/${id}`;

describe('Redis goes away', () => {
  it('and comes back: workers go on with the accepted jobs', async () => {
    const first = await startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const quire = await startQuire('redis', { env: { REDIS_URL: first.url, QUEUE_PREFIX: ownPrefix() }, settings: { CRAWL_RATE: '50' } });
    try {
      const { batchId } = await quire.submit(Array.from({ length: 60 }, (_, n) => link(2_200_000_000 + n)));
      await waitUntil('some books', async () => (await quire.get(`/batches/${batchId}`)).body.counts.parsed >= 10);
      await first.kill9();
      const away = await quire.get(`/batches/${batchId}`);
      expect(away).toMatchObject({ status: 503, body: { code: 'store-unavailable' } });
      const again = await startRedis({ args: ['--appendonly', 'yes'], dir: first.dir, port: first.port });
      expect((await quire.ended(batchId, 60_000)).counts).toMatchObject({ parsed: 60, failed: 0 });
      await quire.stop();
      await again.stop();
    } finally {
      await first.stop();
    }
  });

  it('and comes back empty: the limit of pages at once applies to all workers again', async () => {
    const redis = await startRedis();
    const env = { REDIS_URL: redis.url, QUEUE_PREFIX: ownPrefix() };
    const quire = await startQuire('redis', { env, settings: { CRAWL_CONCURRENCY: '3' } });
    const admin = new Redis(redis.url);
    try {
      await admin.flushall();
      await waitUntil('the limit', async () => (await admin.hget(`{${env.QUEUE_PREFIX}}:parse-book:meta`, 'concurrency')) === '3', {
        timeoutMs: 20_000,
      });
      const { batchId } = await quire.submit([link(2_200_000_500)]);
      expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    } finally {
      await admin.quit();
      await quire.stop();
      await redis.stop();
    }
  });

  it('and stays away: the process still ends', async () => {
    const redis = await startRedis();
    const quire = await startQuire('redis', { env: { REDIS_URL: redis.url, QUEUE_PREFIX: ownPrefix() }, settings: { DRAIN_SECONDS: '1' } });
    await redis.kill9();
    const startedAt = performance.now();
    await quire.stop();
    expect(performance.now() - startedAt).toBeLessThan(15_000);
    await redis.stop();
  });

  it('while nothing runs: the process does not wait for a job to end', async () => {
    const redis = await startRedis();
    const quire = await startQuire('redis', {
      env: { REDIS_URL: redis.url, QUEUE_PREFIX: ownPrefix() },
      settings: { DRAIN_SECONDS: '60' },
    });
    await redis.kill9();
    const startedAt = performance.now();
    await quire.stop();
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    await redis.stop();
  });
});
