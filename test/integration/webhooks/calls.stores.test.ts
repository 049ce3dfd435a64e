import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { JobId } from '../../../src/domain/identity.ts';
import { newSecret } from '../../../src/webhooks/sending/signing.ts';
import type { Store } from '../../../src/storage/store.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, type MadeStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { startReceiver, verified, type Receiver } from './receiver.ts';
import { finishedBatch, startCalls } from './rig.ts';

type Calls = Awaited<ReturnType<typeof startCalls>>;

describe.each(inThisRun(eachStore))('webhook calls on the $name store', (kind) => {
  let made: MadeStore;
  let store: Store;
  let receiver: Receiver;
  let calls: Calls;
  beforeAll(async () => {
    made = await kind.make();
    ({ store } = made);
  });
  afterAll(() => made.cleanup());
  beforeEach(async () => {
    receiver = await startReceiver();
    calls = await startCalls(store);
  });
  afterEach(async () => {
    await calls.close();
    await receiver.stop();
  });

  const deliveryOf = async (batchId: string): Promise<string> => (await calls.webhooks.deliveriesOfBatch(batchId))[0]?.id ?? '';

  const delivered = async (id: string) =>
    waitUntil('the delivery to be logged', async () => {
      const delivery = await calls.webhooks.delivery(id);
      return delivery.state === 'pending' ? undefined : delivery;
    });

  it('are made when a batch ends, to its own webhook and to standing ones', async () => {
    const webhook = await calls.webhooks.create({ url: `${receiver.url}/standing` });
    const secret = newSecret();
    const batchId = await finishedBatch(store, { url: receiver.url, secret });
    await receiver.called(2);
    const own = receiver.calls.find(({ path }) => path === '/hook');
    const standing = receiver.calls.find(({ path }) => path === '/hook/standing');
    expect(verified(own, secret)).toMatchObject({ type: 'batch.completed', data: { batchId, state: 'completed' } });
    expect(verified(standing, webhook.secret)).toEqual(verified(own, secret));
    expect(own?.headers['webhook-id']).not.toBe(standing?.headers['webhook-id']);
    expect(await delivered(String(own?.headers['webhook-id']))).toMatchObject({ state: 'delivered', attempts: [{ status: 204 }] });
    expect(await store.batches.listUnannounced(10)).toEqual([]);
    await calls.webhooks.remove(webhook.id);
  });

  it('are repeated by the queue until they succeed, with the same id', async () => {
    receiver.answers.push(500, 503, (response) => response.destroy());
    const secret = newSecret();
    const batchId = await finishedBatch(store, { url: receiver.url, secret });
    await receiver.called(4);
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const id = await deliveryOf(batchId);
    expect(await delivered(id)).toMatchObject({
      state: 'delivered',
      attempts: [{ status: 500 }, { status: 503 }, { status: null }, { status: 204 }],
    });
  });

  it('are not made before Retry-After', async () => {
    receiver.answers.push((response) => response.writeHead(429, { 'retry-after': '1' }).end());
    await finishedBatch(store, { url: receiver.url, secret: newSecret() });
    const [first, second] = await receiver.called(2);
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('are repeated on request, also after they succeeded', async () => {
    const secret = newSecret();
    const batchId = await finishedBatch(store, { url: receiver.url, secret });
    await receiver.called(1);
    const id = await deliveryOf(batchId);
    await delivered(id);
    expect(await calls.webhooks.redeliver(id)).toMatchObject({ state: 'pending' });
    await receiver.called(2);
    expect(receiver.calls[1]?.body).toBe(receiver.calls[0]?.body);
    expect(receiver.calls[1]?.headers['webhook-id']).toBe(id);
    expect((await delivered(id)).attempts).toHaveLength(2);
  });

  it('go on in another process when one stops half-way', async () => {
    receiver.answers.push(500);
    const batchId = await finishedBatch(store, { url: receiver.url, secret: newSecret() });
    await receiver.called(1);
    await calls.close();
    calls = await startCalls(store);
    await receiver.called(2);
    const id = await deliveryOf(batchId);
    expect(await delivered(id)).toMatchObject({ state: 'delivered' });
  });

  it('to a receiver that hangs do not delay calls to others', async () => {
    const other = await startReceiver();
    const hanging = await calls.webhooks.create({ url: receiver.url, events: ['book.parsed'] });
    const body = Buffer.from(JSON.stringify({ id: '1', url: 'u', title: 't', author: 'a', fetchedAt: 'f' }));
    receiver.answers.push(...Array.from({ length: 100 }, () => () => undefined));
    await calls.announceBook({ jobId: 'book-1' as JobId, run: 'r0', settledAtMs: Date.now(), book: { body } });
    for (let n = 1; n < 30; n++)
      await calls.announceBook({ jobId: 'book-1' as JobId, run: `r${n}`, settledAtMs: Date.now(), book: { body } });
    await receiver.called(5);
    await finishedBatch(store, { url: other.url, secret: newSecret() });
    await other.called(1, 5_000);
    expect(receiver.calls).toHaveLength(5);
    await calls.webhooks.remove(hanging.id);
    // Whoever hangs is let go, so that the process can end.
    await receiver.stop();
    receiver = await startReceiver();
    await other.stop();
  });

  it('leave no secret in the log', async () => {
    receiver.answers.push(410, 500);
    await finishedBatch(store, { url: receiver.url, secret: newSecret() });
    await finishedBatch(store, { url: 'http://127.0.0.1:1/', secret: 'whsec_no' });
    await receiver.called(1);
    await waitUntil('both to be logged', () => calls.lines.filter(({ message }) => message.includes('not delivered')).length >= 2);
    expect(JSON.stringify(calls.lines)).not.toContain('whsec_n');
    expect(JSON.stringify(calls.lines)).not.toMatch(/whsec_[A-Za-z0-9+/]{8}/);
  });
});
