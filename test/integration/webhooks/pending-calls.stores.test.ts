import { describe, expect, it, onTestFinished } from 'vitest';
import { createDeliveries } from '../../../src/webhooks/deliveries.ts';
import { createEndpoints } from '../../../src/webhooks/endpoints.ts';
import type { WebhookEvent } from '../../../src/webhooks/events/event.ts';
import { createTargetGuard } from '../../../src/webhooks/sending/target-guard.ts';
import { createWebhooks } from '../../../src/webhooks/webhooks.ts';
import { createPendingCalls } from '../../../src/webhooks/pending-calls.ts';
import { createDeliveryQueue, openWebhookQueue } from '../../../src/queue/deliver-webhook-queue.ts';
import type { BatchId } from '../../../src/domain/batch.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { silentLog } from '../../support/quiet.ts';

const event = (n: number): WebhookEvent => ({ type: 'book.parsed', atMs: 1_800_000_000_000 + n, key: `book-${n}.run`, data: { n } });

describe.each(inThisRun(eachStore))('calls that wait, on the $name store', ({ make }) => {
  it('are bounded for each webhook and in all: the oldest are dropped, and counted', async () => {
    const { store, cleanup } = await make();
    onTestFinished(cleanup);
    const queue = openWebhookQueue(store, () => undefined);
    onTestFinished(() => queue.close());
    const endpoints = createEndpoints(store.documents);
    const calls = createDeliveryQueue(queue);
    const deliveries = createDeliveries({ documents: store.documents, queue: calls });
    const guard = createTargetGuard({ allowLoopback: true });
    const webhooks = createWebhooks({ endpoints, deliveries, guard, defaultSecret: null });
    const lines: object[] = [];
    const pending = createPendingCalls({
      queue: calls,
      deliveries,
      endpoints,
      log: { ...silentLog, warn: (fields) => void lines.push(fields) },
      limits: { perWebhook: 5, inAll: 8 },
    });
    const [busy, quiet] = [await webhooks.create({ url: 'http://127.0.0.1:9/a' }), await webhooks.create({ url: 'http://127.0.0.1:9/b' })];
    const batch = await endpoints.ofBatch('batch000000000000000' as BatchId, { url: 'http://127.0.0.1:9/c', secret: null });
    await deliveries.announce(batch.id, event(0));
    for (let n = 1; n <= 4; n++) await deliveries.announce(busy.id, event(n));
    expect(await pending.round()).toBe(0);
    for (let n = 5; n <= 9; n++) await deliveries.announce(busy.id, event(n));
    for (let n = 1; n <= 3; n++) await deliveries.announce(quiet.id, event(n));

    // Of the busy one four, and the oldest of what is left beyond eight: the batch's.
    expect(await pending.round()).toBe(5);
    expect(await pending.round()).toBe(0);
    const kept = (await webhooks.deliveries(busy.id, { cursor: null, limit: 20 })).deliveries;
    const payloads = await Promise.all(kept.map(async ({ id }) => (await webhooks.delivery(id)).payload));
    expect(payloads).toMatchObject([9, 8, 7, 6, 5].map((n) => ({ data: { n } })));
    expect(await webhooks.get(busy.id)).toMatchObject({ droppedCalls: 4, droppedAt: expect.any(String) });
    expect(await webhooks.get(quiet.id)).toMatchObject({ droppedCalls: 0, droppedAt: null });
    const [own] = await deliveries.list(batch.id, { after: null, limit: 1 });
    expect(own).toMatchObject({ state: 'failed', nextAttemptAtMs: null, note: expect.stringContaining('Dropped') });
    expect(lines).toContainEqual({ endpointId: busy.id, calls: 4 });
    const counts = await queue.getJobCounts('waiting', 'delayed', 'prioritized');
    expect(Object.values(counts).reduce((sum, n) => sum + n, 0)).toBe(8);
  });
});
