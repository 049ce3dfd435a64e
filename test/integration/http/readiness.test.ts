/** `/readyz` on a store that can be read and not written. */
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { createStoreCheck } from '../../../src/storage/store-check.ts';
import { createMemoryDocuments } from '../../support/memory-documents.ts';
import { createDatabase, sharedPostgresUrl } from '../../support/postgres-server.ts';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Waits until `/readyz` says so: it tries a write once in a few seconds. */
const saidBy = (quire: TestQuire, status: number): Promise<Record<string, unknown>> =>
  waitUntil(
    `readiness to be ${status}`,
    async () => {
      const answer = await quire.get('/readyz');
      return answer.status === status && { ...answer.body, retryAfter: answer.headers.get('retry-after') };
    },
    { timeoutMs: 20_000, everyMs: 100 },
  );

const REFUSED = { code: 'store-unavailable', checks: { draining: 'no', store: 'answers, but takes no writes' } };

// A check is kept for seconds. These tests wait for that side by side.
describe.concurrent('/readyz while the store takes no writes', () => {
  it.for<[string, (admin: Redis) => Promise<unknown>, (admin: Redis) => Promise<unknown>]>([
    ['since Redis is a replica', (admin) => admin.replicaof('127.0.0.1', '1'), (admin) => admin.replicaof('NO', 'ONE')],
    ['since Redis is full', (admin) => admin.config('SET', 'maxmemory', '1'), (admin) => admin.config('SET', 'maxmemory', '0')],
  ])('is 503 %s, and 200 afterwards', { timeout: 60_000 }, async ([, harm, mend], { onTestFinished }) => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const admin = new Redis(server.url);
    onTestFinished(async () => void (await admin.quit()));
    const quire = await startQuire('redis', { role: 'api', env: { REDIS_URL: server.url, QUEUE_PREFIX: ownPrefix() } });
    onTestFinished(() => quire.stop());
    await saidBy(quire, 200);
    await harm(admin);
    expect(await saidBy(quire, 503)).toMatchObject(REFUSED);
    await mend(admin);
    await saidBy(quire, 200);
  });

  it('is 503 while PostgreSQL is read-only, and 200 afterwards', async ({ onTestFinished }) => {
    const database = await createDatabase(sharedPostgresUrl());
    onTestFinished(() => database.drop());
    const quire = await startQuire('postgres', { role: 'api', env: { DATABASE_URL: database.url } });
    onTestFinished(() => quire.stop());
    await saidBy(quire, 200);
    const admin = new Client({ connectionString: sharedPostgresUrl() });
    await admin.connect();
    onTestFinished(() => admin.end());
    const name = new URL(database.url).pathname.slice(1);
    const setReadOnly = async (value: 'on' | 'off'): Promise<void> => {
      await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`);
      await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    };
    await setReadOnly('on');
    const body = await waitUntil(
      'the refusal of writes',
      async () => {
        const said = await saidBy(quire, 503);
        return JSON.stringify(said).includes('takes no writes') && said;
      },
      { timeoutMs: 20_000 },
    );
    expect(body).toMatchObject(REFUSED);
    expect(JSON.stringify(body)).not.toContain(name);
    await setReadOnly('off');
    await saidBy(quire, 200);
  });
});

it('the check of a store writes once, however many ask', async () => {
  const memory = createMemoryDocuments();
  let writes = 0;
  const documents: typeof memory.documents = {
    ...memory.documents,
    put: (...args) => ((writes += 1), memory.documents.put(...args)),
  };
  const check = createStoreCheck({ documents, ping: () => Promise.resolve() });
  const said = await Promise.all(Array.from({ length: 50 }, check));
  expect(new Set(said.map(({ outcome }) => outcome))).toStrictEqual(new Set(['ok']));
  expect(writes).toBe(1);
});
