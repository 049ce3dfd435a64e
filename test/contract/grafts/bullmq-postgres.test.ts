/** What BullMQ does on PostgreSQL without our grafts. A test that fails means that the library has mended a fault: its graft can go. */
import { createPostgresBackend, PostgresConnection, Queue, runMigrations, Worker, type BackendFactory, type WorkerOptions } from 'bullmq';
import { Client, Pool } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDatabase, sharedPostgresUrl } from '../../support/postgres-server.ts';
import { inSchema } from '../../../src/storage/postgres/sql-client.ts';
import { UNFINISHED } from '../../../src/grafts/bullmq-postgres-unfinished.ts';
import { addOneOfEveryState, STATE_GETTERS, stateGetters } from './every-state.ts';
import { startProxy } from '../../faults/proxy.ts';
import { waitUntil } from '../../support/wait-until.ts';

const HOUR_MS = 3_600_000;
const factory = createPostgresBackend as unknown as BackendFactory;
/** What BullMQ calls its schema. */
const SCHEMA = 'bullmq';

const undo: (() => Promise<unknown>)[] = [];
let url = '';
let admin: Client;
let ofBullmq: { connection: object };

beforeEach(async () => {
  const database = await createDatabase(sharedPostgresUrl());
  undo.push(() => database.drop());
  url = database.url;
  admin = new Client({ connectionString: url });
  await admin.connect();
  undo.push(() => admin.end());
  await runMigrations(admin, SCHEMA);
  ofBullmq = { connection: { connectionString: url, schema: SCHEMA } };
});
afterEach(async () => {
  vi.useRealTimers();
  for (const step of undo.splice(0).toReversed()) await step();
});

const openQueue = () => {
  const queue = new Queue('queue', ofBullmq, factory);
  undo.push(() => queue.close());
  return queue;
};
const openWorker = (work: () => Promise<unknown>, options: Partial<WorkerOptions> = {}) => {
  const worker = new Worker('queue', work, { ...ofBullmq, ...options }, factory);
  worker.on('error', () => undefined);
  undo.push(() => worker.close(true));
  return worker;
};

it('the client that listens connects without a listener for its errors', async () => {
  const connection = new PostgresConnection(url);
  undo.push(() => connection.close());
  const heard: number[] = [];
  class Watched extends Client {
    override async connect(): Promise<never> {
      heard.push(this.listenerCount('error'));
      return (await super.connect()) as never;
    }
  }
  const own = connection as unknown as { pgModule: object };
  own.pgModule = { ...own.pgModule, Client: Watched };
  await connection.setListenClientName('watched');
  expect(heard, 'remove the graft bullmq-postgres-listener').toEqual([0]);
});

it('a connection that was not ready once never is', async () => {
  const proxy = await startProxy(Number(new URL(url).port));
  undo.push(() => proxy.stop());
  await proxy.set('cut');
  const way = new URL(url);
  way.port = String(proxy.port);
  const connection = new PostgresConnection({ connectionString: way.href, schema: SCHEMA });
  undo.push(() => connection.close());
  await expect(connection.waitUntilReady()).rejects.toThrow(/./);
  await proxy.set('pass');
  await connection.pool.query('SELECT 1');
  const outcome = await connection.waitUntilReady().then(
    () => 'ready',
    () => 'not ready',
  );
  expect(outcome, 'remove waitUntilReady from the graft bullmq-postgres-connection').toBe('not ready');
});

it("a pool that is handed in has BullMQ's schema", async () => {
  const pool = new Pool({ connectionString: url, options: '-c search_path=elsewhere' });
  undo.push(() => pool.end());
  const connection = new PostgresConnection(pool as unknown as ConstructorParameters<typeof PostgresConnection>[0]);
  undo.push(() => connection.close());
  expect(connection.schema, 'remove the schema from the graft bullmq-postgres-connection').toBe(SCHEMA);
});

it("an outage rejects with the server's own error", async () => {
  const connection = new PostgresConnection({ connectionString: url, schema: SCHEMA });
  undo.push(() => connection.close());
  const ended = await connection.pool.query('SELECT pg_terminate_backend(pg_backend_pid())').catch((error: unknown) => error);
  // BullMQ waits for errors with the code ECONNREFUSED alone.
  expect(ended, 'remove asOutage from the graft bullmq-postgres-connection').toMatchObject({ code: '57P01' });
});

it('finishing a job reads all finished jobs when they have a cap', async () => {
  const KEPT = 500;
  const queue = openQueue();
  await queue.addBulk(Array.from({ length: KEPT + 20 }, (_, n) => ({ name: 'job', data: {}, opts: { jobId: `job-${n}` } })));
  const done = vi.fn<() => void>();
  const worker = openWorker(() => Promise.resolve(), { concurrency: 10, removeOnComplete: { count: KEPT } });
  worker.on('completed', done);
  const rowsRead = async (): Promise<number> => {
    const { rows } = await admin.query<{ n: string }>(
      `SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) AS n FROM pg_stat_user_tables WHERE schemaname = '${SCHEMA}' AND relname = 'job'`,
    );
    return Number(rows[0]?.n);
  };
  await waitUntil('the jobs', () => done.mock.calls.length >= KEPT + 20, { timeoutMs: 180_000 });
  await worker.close();
  await queue.close();
  // The server counts what a connection read when it ends, at the latest. Each of the last 20 jobs reads all that are kept.
  const most = await waitUntil('the count', async () => {
    const read = await rowsRead();
    return read > 50 * KEPT && read;
  });
  expect(most, 'remove the graft bullmq-postgres-trimming').toBeGreaterThan(50 * KEPT);
});

it('a job of an ended worker stays active while its lock lasts', async () => {
  const queue = openQueue();
  const first = openWorker(() => new Promise(() => undefined), { lockDuration: 600_000 });
  await queue.add('job', {}, { jobId: 'held' });
  await waitUntil('the job to run', async () => (await queue.getActiveCount()) === 1);
  await first.close(true);
  const done: (string | undefined)[] = [];
  const second = openWorker(() => Promise.resolve(), { stalledInterval: 100 });
  second.on('completed', ({ id }) => done.push(id));
  await second.startStalledCheckTimer();
  await queue.add('job', {}, { jobId: 'next' });
  await waitUntil('the next job', () => done.length > 0);
  expect(done, 'remove the graft bullmq-postgres-recovery').toEqual(['next']);
  expect(await (await queue.getJob('held'))?.getState()).toBe('active');
});

it('a delayed job is due by the clock of the process that adds it', async () => {
  const queue = openQueue();
  await queue.waitUntilReady();
  const rightMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: rightMs + HOUR_MS });
  await queue.add('job', {}, { jobId: 'late', delay: 1_000 });
  const { rows } = await admin.query<{ due: string }>(`SELECT process_at_ms AS due FROM ${SCHEMA}.job WHERE id = 'late'`);
  expect(Number(rows[0]?.due) - rightMs, 'remove the graft bullmq-postgres-times').toBeGreaterThan(HOUR_MS / 2);
});

it('BullMQ gives the state of one job a call', () => {
  expect(stateGetters(), 'look for a call that reads many jobs, and remove the graft bullmq-postgres-unfinished').toEqual(STATE_GETTERS);
});

it('a job of every state is read as BullMQ reads it', async () => {
  const queue = openQueue();
  const states = await addOneOfEveryState(
    queue,
    openWorker(() => Promise.resolve(), { autorun: false }),
  );
  const { rows } = await admin.query<{ live: boolean }>(inSchema(SCHEMA, UNFINISHED), ['queue', Object.keys(states)]);
  expect(
    rows.map(({ live }) => live),
    'mend the graft bullmq-postgres-unfinished',
  ).toEqual(Object.values(states));
});
