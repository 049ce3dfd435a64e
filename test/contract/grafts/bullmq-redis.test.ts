/** What BullMQ does on Redis without our grafts. A test that fails means that the library has mended a fault: its graft can go. */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { areUnfinished } from '../../../src/grafts/bullmq-redis-unfinished.ts';
import { addOneOfEveryState, STATE_GETTERS, stateGetters } from './every-state.ts';
import { freePort } from '../../support/free-port.ts';
import { sharedRedisUrl, startRedis } from '../../support/redis-server.ts';
import { ownPrefix } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const HOUR_MS = 3_600_000;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const step of undo.splice(0).toReversed()) await step();
});

it('a worker asks a server that refuses without a pause, and gives up the end of a job', async () => {
  const server = await startRedis();
  undo.push(() => server.stop());
  const admin = new Redis(server.url);
  undo.push(() => admin.quit());
  const connection = new Redis(server.url, { maxRetriesPerRequest: null });
  undo.push(async () => connection.disconnect());
  const queue = new Queue('queue', { connection });
  undo.push(() => queue.close());
  let finish: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (finish = resolve));
  const begun = vi.fn<() => Promise<void>>(() => held);
  const worker = new Worker('queue', begun, { connection, runRetryDelay: 50, drainDelay: 1 });
  undo.push(() => worker.close(true));
  const refused = vi.fn<() => void>();
  worker.on('error', refused);
  await queue.add('job', {}, { jobId: 'refused' });
  await waitUntil('the job to run', () => begun.mock.calls.length > 0);

  // A replica takes no writes.
  await admin.replicaof('127.0.0.1', 1);
  const startedAt = performance.now();
  finish();
  const MANY = 500;
  await waitUntil('many refusals', () => refused.mock.calls.length > MANY || performance.now() - startedAt > 5_000);
  expect(refused.mock.calls.length, 'remove the graft bullmq-redis-refusals').toBeGreaterThan(MANY);

  await admin.replicaof('NO', 'ONE');
  await queue.add('job', {}, { jobId: 'next' });
  await waitUntil('the next job', async () => (await (await queue.getJob('next'))?.getState()) === 'completed');
  expect(await (await queue.getJob('refused'))?.getState(), 'remove the graft bullmq-redis-refusals').toBe('active');
});

it('a queue gives up when its first attempt to connect fails', async () => {
  const port = await freePort();
  const connection = new Redis(port, '127.0.0.1', { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy: () => 50 });
  undo.push(async () => connection.disconnect());
  connection.on('error', () => undefined);
  const closed = vi.fn<() => void>();
  connection.on('close', closed);
  const queue = new Queue('queue', { connection });
  undo.push(() => queue.close().catch(() => undefined));
  queue.on('error', () => undefined);
  const outcome = queue.waitUntilReady().then(
    () => 'ready',
    () => 'given up',
  );
  await waitUntil('the first attempt to fail', () => closed.mock.calls.length > 0);
  const server = await startRedis({ port });
  undo.push(() => server.stop());
  expect(await outcome, 'remove the graft bullmq-redis-first-connection').toBe('given up');
});

it('a delayed job is due by the clock of the process that adds it', async () => {
  const connection = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
  undo.push(async () => connection.disconnect());
  const prefix = `{${ownPrefix()}}`;
  const queue = new Queue('queue', { connection, prefix });
  undo.push(() => queue.close());
  undo.push(() => queue.obliterate({ force: true }));
  await queue.waitUntilReady();
  const rightMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: rightMs + HOUR_MS });
  await queue.add('job', {}, { jobId: 'late', delay: 1_000 });
  const dueMs = Number(await connection.zscore(`${prefix}:queue:delayed`, 'late')) / 4096;
  expect(dueMs - rightMs, 'remove the graft bullmq-redis-times').toBeGreaterThan(HOUR_MS / 2);
});

it('BullMQ gives the state of one job a call', () => {
  expect(stateGetters(), 'look for a call that reads many jobs, and remove the graft bullmq-redis-unfinished').toEqual(STATE_GETTERS);
});

it('a job of every state is read as BullMQ reads it', async () => {
  const connection = new Redis(sharedRedisUrl(), { maxRetriesPerRequest: null });
  undo.push(async () => connection.disconnect());
  const prefix = `{${ownPrefix()}}`;
  const queue = new Queue('queue', { connection, prefix });
  undo.push(() => queue.close());
  undo.push(() => queue.obliterate({ force: true }));
  const worker = new Worker('queue', () => Promise.resolve(), { connection, prefix, autorun: false });
  undo.push(() => worker.close(true));
  const states = await addOneOfEveryState(queue, worker);
  const unfinished = await areUnfinished(connection, `${prefix}:`, 'queue', Object.keys(states));
  expect(unfinished, 'mend the graft bullmq-redis-unfinished').toEqual(Object.values(states));
});
