/** A store that is away just when BullMQ connects: an outage like any other. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openQueue, openWorker } from '../../../src/queue/parse-book-queue.ts';
import { createPostgresStore } from '../../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../../src/storage/redis/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { startProxy, type Proxy } from '../../faults/proxy.ts';
import { createDatabase, sharedPostgresUrl } from '../../support/postgres-server.ts';
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

it('a worker whose first attempt to connect fails goes on when the store is back', async () => {
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

/** What PostgreSQL says when it is ready for the first query, and when an administrator ends the connection. */
const READY = Buffer.from('5a0000000549', 'hex');
const FIELDS = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');
const FATAL = Buffer.concat([Buffer.from('E'), Buffer.from([0, 0, 0, FIELDS.length + 4]), FIELDS]);

/** A way to PostgreSQL; while `state.hostile`, each connection is ended in the breath in which the server lets it in. */
async function startHostileWay(toPort: number) {
  const state = { hostile: false, ended: 0 };
  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: toPort });
    client.pipe(target);
    target.on('data', (piece) => {
      if (!state.hostile || !piece.subarray(-READY.length).equals(READY)) return void client.write(piece);
      state.ended += 1;
      return void client.end(Buffer.concat([piece, FATAL]));
    });
    client.on('error', () => undefined).on('close', () => target.destroy());
    target.on('error', () => undefined).on('close', () => client.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { state, port: (server.address() as AddressInfo).port };
}

it('a worker survives a PostgreSQL that closes each connection right after accepting it', async () => {
  const database = await createDatabase(sharedPostgresUrl());
  onTestFinished(() => database.drop());
  const url = new URL(database.url);
  const { state, port } = await startHostileWay(Number(url.port));
  url.port = String(port);
  const store = createPostgresStore({ url: url.href, settings: { ...TEST_SETTINGS, prefix: ownPrefix() } });
  onTestFinished(() => store.stop());
  await store.start();
  state.hostile = true;
  const worker = openWorker(store, async () => ({ outcome: 'parsed' }), { concurrency: 1, backoffMs: () => 1, onError: () => undefined });
  onTestFinished(() => worker.close());
  void worker.run();
  await waitUntil('several connections to be ended', () => state.ended > 3);
  state.hostile = false;
  const queue = openQueue(store, () => undefined);
  onTestFinished(() => queue.close());
  await queue.add('parse-book', {}, { jobId: 'one' });
  await waitUntil('the worker to do a job', async () => (await queue.getCompletedCount()) > 0, { timeoutMs: 30_000 });
});
