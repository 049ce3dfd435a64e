/** The whole path on Redis behind Sentinels, and with a password and TLS. A cluster is among the stores of the other tests. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import compiled from '../../support/build-setup.ts';
import { startGoodreads } from '../../support/goodreads.ts';
import { startRedisSentinel, startRedisTls } from '../../support/redis-topologies.ts';
import { ownPrefix, startQuire } from '../../support/service.ts';

const links = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `https://www.goodreads.com/book/show/${from + n}`);

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
    await compiled();
    const child = spawn(process.execPath, ['dist/main.js'], {
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
