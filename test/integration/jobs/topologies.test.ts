/** The whole path on Redis as production has it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGoodreads } from '../../support/goodreads.ts';
import { startRedisCluster, startRedisSentinel, startRedisTls, type RedisCluster } from '../../support/redis-topologies.ts';
import { ownPrefix, startQuire, type TestQuire } from '../../support/service.ts';

const links = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `https://www.goodreads.com/book/show/${from + n}`);

describe('a cluster of three nodes', () => {
  let cluster: RedisCluster;
  let quire: TestQuire;
  beforeAll(async () => {
    cluster = await startRedisCluster();
    quire = await startQuire('redis', { env: { REDIS_URL: cluster.url, QUEUE_PREFIX: ownPrefix() } });
  });
  afterAll(async () => {
    await quire?.stop();
    await cluster?.stop();
  });

  it('takes links in, crawls them and serves the books', async () => {
    const { batchId } = await quire.submit(links(1_600_000_000, 60));
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 60 });
    expect((await quire.get('/book-info?id=1600000007')).status).toBe(200);
    const again = await quire.submit(links(1_600_000_000, 60), '?maxAge=0');
    expect(again.counts).toMatchObject({ queued: 60 });
    expect((await quire.ended(again.batchId)).counts).toMatchObject({ parsed: 60 });
  });
});

describe('a master watched by a Sentinel', () => {
  it('is found and used', async () => {
    const sentinel = await startRedisSentinel();
    const quire = await startQuire('redis', { env: { REDIS_URL: sentinel.url, QUEUE_PREFIX: ownPrefix() } });
    try {
      const { batchId } = await quire.submit(links(1_600_001_000, 10));
      expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 10 });
    } finally {
      await quire.stop();
      await sentinel.stop();
    }
  });
});

describe('a server with password and TLS', () => {
  it('is used by a process that trusts its certificate', async () => {
    const [redis, goodreads] = await Promise.all([startRedisTls(), startGoodreads()]);
    const env = { REDIS_URL: redis.url, PORT: '0', GOODREADS_ORIGIN: goodreads.origin, CRAWL_RATE: '0', QUEUE_PREFIX: ownPrefix() };
    // Node reads the certificates it trusts when a process starts, so this one has to be a process of its own.
    const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts'], {
      env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: redis.ca, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let origin = '';
      for await (const line of createInterface({ input: child.stdout })) {
        origin = /api: (http:\S+)/.exec(line)?.[1] ?? origin;
        if (line.includes('is ready')) break;
      }
      const submitted = await fetch(`${origin}/parse-links?maxAge=0`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', prefer: 'wait=10' },
        body: JSON.stringify(links(1_600_002_000, 3)),
      });
      expect(submitted.status).toBeLessThan(300);
      const { batchId } = (await submitted.json()) as { batchId: string };
      const batch = (await (await fetch(`${origin}/batches/${batchId}`)).json()) as { counts: Record<string, number> };
      expect(batch.counts).toMatchObject({ parsed: 3 });
    } finally {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      await Promise.all([redis.stop(), goodreads.stop()]);
    }
  });
});
