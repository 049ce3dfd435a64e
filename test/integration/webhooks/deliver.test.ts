import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveryId } from '../../../src/webhooks/events/event.ts';
import { ROTATION_MS } from '../../../src/webhooks/endpoints.ts';
import { GIVE_UP_AFTER_MS } from '../../../src/webhooks/retry-schedule.ts';
import { newSecret } from '../../../src/webhooks/sending/signing.ts';
import type { Store } from '../../../src/storage/store.ts';
import { redisStore, type MadeStore } from '../../support/stores.ts';
import { startReceiver, verified, type Receiver } from './receiver.ts';
import { createParts, finishedBatch } from './rig.ts';

const GO_ON = new AbortController().signal;

describe('a delivery', () => {
  let made: MadeStore;
  let store: Store;
  let receiver: Receiver;
  beforeAll(async () => {
    made = await redisStore.make();
    ({ store } = made);
  });
  afterAll(() => made.cleanup());
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.stop());

  /** A batch with a webhook of its own, announced; its call is in the queue. */
  const announced = async (options: Parameters<typeof createParts>[1] = {}, url = receiver.url, secret: string | null = newSecret()) => {
    const parts = createParts(store, options);
    const batchId = await finishedBatch(store, { url, secret });
    await parts.announcer.round();
    const [queued] = parts.queue;
    if (!queued) throw new Error('nothing was queued');
    return { ...parts, batchId, secret: secret ?? '', queued, read: () => parts.webhooks.delivery(queued.id) };
  };

  /** A standing webhook and the delivery of a batch to it. */
  const standing = async (parts = createParts(store)) => {
    const webhook = await parts.webhooks.create({ url: receiver.url, events: ['batch.*'] });
    await finishedBatch(store);
    await parts.announcer.round();
    const queued = parts.queue.find(({ id }) => id.startsWith(webhook.id));
    if (!queued) throw new Error('nothing was queued');
    return { ...parts, webhook, queued, end: () => parts.webhooks.remove(webhook.id) };
  };

  it('is signed, and has the event in its body', async () => {
    const { deliver, queued, secret, batchId, read } = await announced();
    await expect(deliver(queued, 0, GO_ON)).resolves.toEqual({ kind: 'ended', state: 'delivered' });
    const [call] = receiver.calls;
    expect(verified(call, secret)).toMatchObject({
      type: 'batch.completed',
      data: { batchId, state: 'completed', total: 1, counts: { invalid: 1 }, url: `https://quire.example.org/batches/${batchId}` },
    });
    expect(call).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json', 'webhook-id': queued.id, 'user-agent': 'Quire/0.0.0 (+https://quire.example)' },
    });
    expect(await read()).toMatchObject({
      state: 'delivered',
      batchId,
      webhookId: null,
      note: null,
      attempts: [{ status: 204, error: null }],
      payload: { type: 'batch.completed' },
    });
  });

  it('is retried with the same id and body, and with a new timestamp and signature', async () => {
    const { deliver, queued, secret, clock, read } = await announced();
    receiver.answers.push(500, 404);
    expect(await deliver(queued, 0, GO_ON)).toEqual({ kind: 'retry', waitMs: 5_000, detail: 'The receiver answered 500.' });
    clock.aheadMs += 5_000;
    expect(await deliver(queued, 1, GO_ON)).toMatchObject({ kind: 'retry', waitMs: 15_000 });
    expect(await read()).toMatchObject({
      state: 'pending',
      attempts: [{ status: 500 }, { status: 404, error: 'The receiver answered 404.' }],
    });
    clock.aheadMs += 15_000;
    expect(await deliver(queued, 2, GO_ON)).toMatchObject({ kind: 'ended', state: 'delivered' });
    const [first, second, third] = receiver.calls;
    for (const call of receiver.calls) expect(verified(call, secret)).toBeDefined();
    expect([second?.headers['webhook-id'], third?.headers['webhook-id']]).toEqual([
      first?.headers['webhook-id'],
      first?.headers['webhook-id'],
    ]);
    expect([second?.body, third?.body]).toEqual([first?.body, first?.body]);
    expect(Number(third?.headers['webhook-timestamp'])).toBeGreaterThanOrEqual(Number(first?.headers['webhook-timestamp']) + 20);
  });

  it.each([301, 307, 400, 401, 429, 503])('counts %i as a failure that passes', async (status) => {
    const { deliver, queued } = await announced();
    receiver.answers.push((response) => response.writeHead(status, { location: receiver.url }).end());
    expect(await deliver(queued, 0, GO_ON)).toMatchObject({ kind: 'retry' });
    expect(receiver.calls).toHaveLength(1);
  });

  it.each([200, 201, 202, 204, 299])('counts %i as done', async (status) => {
    const { deliver, queued } = await announced();
    receiver.answers.push(status);
    expect(await deliver(queued, 0, GO_ON)).toMatchObject({ kind: 'ended', state: 'delivered' });
  });

  it('obeys Retry-After', async () => {
    const { deliver, queued, read, now } = await announced();
    receiver.answers.push((response) => response.writeHead(429, { 'retry-after': '600' }).end());
    const outcome = await deliver(queued, 0, GO_ON);
    expect(outcome).toMatchObject({ kind: 'retry', waitMs: 660_000 });
    expect(Date.parse((await read()).nextAttemptAt ?? '')).toBeGreaterThan(now() + 600_000);
  });

  it('ends when the receiver is gone, which disables the webhook until it is enabled', async () => {
    const { deliver, queued, webhook, webhooks, lines, queue, announcer, end } = await standing();
    receiver.answers.push(410);
    expect(await deliver(queued, 0, GO_ON)).toEqual({ kind: 'ended', state: 'failed' });
    expect(await webhooks.get(webhook.id)).toMatchObject({ state: 'disabled', disabledReason: 'Its receiver answered 410 Gone.' });
    expect(await webhooks.delivery(queued.id)).toMatchObject({ state: 'failed', attempts: [{ status: 410 }] });
    expect(JSON.stringify(lines)).not.toMatch(/whsec_|127\.0\.0\.1/);

    await finishedBatch(store);
    await announcer.round();
    expect(queue).toHaveLength(1);
    await expect(webhooks.redeliver(queued.id)).rejects.toMatchObject({ code: 'webhook-disabled' });

    expect(await webhooks.enable(webhook.id)).toMatchObject({ state: 'enabled', disabledReason: null });
    expect(await webhooks.redeliver(queued.id)).toMatchObject({ state: 'pending', note: null });
    expect(queue.at(-1)).toEqual({ id: queued.id, run: 2 });
    expect(await deliver({ id: queued.id, run: 2 }, 0, GO_ON)).toMatchObject({ state: 'delivered' });
    expect(receiver.calls[1]?.headers['webhook-id']).toBe(queued.id);
    await end();
  });

  it('is signed twice for a day after a rotation', async () => {
    const { deliver, queued, webhook, webhooks, clock, end } = await standing();
    const { secret } = await webhooks.rotate(webhook.id, undefined);
    expect(secret).not.toBe(webhook.secret);
    await deliver(queued, 0, GO_ON);
    for (const one of [secret, webhook.secret]) expect(verified(receiver.calls[0], one)).toMatchObject({ type: 'batch.completed' });

    clock.aheadMs = ROTATION_MS + 1;
    await webhooks.redeliver(queued.id);
    await deliver({ id: queued.id, run: 2 }, 0, GO_ON);
    expect(String(receiver.calls[1]?.headers['webhook-signature']).split(' ')).toHaveLength(1);
    expect(await webhooks.get(webhook.id)).toMatchObject({ previousSecretUntil: null });
    await end();
  });

  it('is given up after a day and a half, not before', async () => {
    const { deliver, queued, clock, read, lines } = await announced();
    receiver.answers.push(500, 500);
    clock.aheadMs = GIVE_UP_AFTER_MS - 60_000;
    expect(await deliver(queued, 20, GO_ON)).toMatchObject({ kind: 'retry', waitMs: 21_600_000 });
    clock.aheadMs = GIVE_UP_AFTER_MS + 1;
    expect(await deliver(queued, 21, GO_ON)).toEqual({ kind: 'ended', state: 'failed' });
    expect(await read()).toMatchObject({ state: 'failed', nextAttemptAt: null, note: 'Given up after 22 attempts over 36 hours.' });
    expect(lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('does not reach an address that its host was rebound to', async () => {
    const answers = [['127.0.0.1'], ['10.0.0.1'], ['169.254.169.254'], ['127.0.0.1']];
    const resolve = () => Promise.resolve(answers.shift() ?? []);
    const { deliver, queued, webhooks, read } = await announced({ resolve }, `http://rebind.example.com:${receiver.port}/hook`);
    await webhooks.checkBatchWebhook({ url: `http://rebind.example.com:${receiver.port}/hook`, secret: newSecret() }, 'body');
    for (const failures of [0, 1])
      expect(await deliver(queued, failures, GO_ON)).toMatchObject({ kind: 'retry', detail: expect.stringContaining('may not be called') });
    expect(receiver.calls).toHaveLength(0);
    expect(await deliver(queued, 2, GO_ON)).toMatchObject({ state: 'delivered' });
    expect(receiver.calls[0]?.headers.host).toBe(`rebind.example.com:${receiver.port}`);
    expect((await read()).attempts.map(({ status }) => status)).toEqual([null, null, 204]);
  });

  it('is retried when there is no answer, or none in time', async () => {
    const slow = await announced({ deadlineMs: 100 });
    receiver.answers.push(() => undefined);
    expect(await slow.deliver(slow.queued, 0, GO_ON)).toMatchObject({ kind: 'retry', detail: 'No answer within 0.1 s.' });
    const refused = await announced({}, 'http://127.0.0.1:1/');
    expect(await refused.deliver(refused.queued, 0, GO_ON)).toMatchObject({ kind: 'retry', detail: 'No answer: ECONNREFUSED.' });
  });

  it('is neither counted nor logged as failed when the process stops half-way', async () => {
    const { deliver, queued, read } = await announced();
    const stop = new AbortController();
    receiver.answers.push(() => stop.abort(new Error('shutdown')));
    await expect(deliver(queued, 0, stop.signal)).rejects.toThrow('shutdown');
    expect(await read()).toMatchObject({ state: 'pending', attempts: [] });
  });

  it('is made once for each run, even when the queue repeats the job', async () => {
    const { deliver, queued, webhooks } = await announced();
    await deliver(queued, 0, GO_ON);
    expect(await deliver(queued, 0, GO_ON)).toEqual({ kind: 'ended', state: 'superseded' });
    await webhooks.redeliver(queued.id);
    expect(await deliver(queued, 3, GO_ON)).toMatchObject({ state: 'superseded' });
    expect(await deliver({ id: `${queued.id.slice(0, -2)}00` as DeliveryId, run: 1 }, 0, GO_ON)).toMatchObject({ state: 'superseded' });
    expect(receiver.calls).toHaveLength(1);
  });

  it('ends without a call when the webhook was deleted, or cannot be signed', async () => {
    const { deliver, queued, webhooks, end } = await standing();
    await end();
    expect(await deliver(queued, 0, GO_ON)).toMatchObject({ state: 'failed' });
    expect(await webhooks.delivery(queued.id)).toMatchObject({ state: 'failed', note: 'The webhook was deleted.' });
    await expect(webhooks.redeliver(queued.id)).rejects.toMatchObject({ code: 'webhook-unknown' });

    for (const secret of [null, 'hunter2']) {
      const unsigned = await announced({}, receiver.url, secret);
      expect(await unsigned.deliver(unsigned.queued, 0, GO_ON)).toMatchObject({ state: 'failed' });
      expect((await unsigned.read()).note).toMatch(/no valid secret/);
      expect((await unsigned.read()).note).not.toContain('hunter2');
    }
    expect(receiver.calls).toHaveLength(0);
  });

  it('of a batch without a secret is signed with the default', async () => {
    const defaultSecret = newSecret();
    const { deliver, queued } = await announced({ defaultSecret }, receiver.url, null);
    await deliver(queued, 0, GO_ON);
    expect(verified(receiver.calls[0], defaultSecret)).toBeDefined();
  });
});
