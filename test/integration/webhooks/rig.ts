/** Webhooks on a store of the test's own, without the rest of Quire: finished batches are put into the store by hand. */
import { randomBytes } from 'node:crypto';
import type { BatchId, BatchOptions } from '../../../src/domain/batch.ts';
import { createAnnouncer } from '../../../src/webhooks/announcer.ts';
import { createDeliverer } from '../../../src/webhooks/deliver.ts';
import { createDeliveries } from '../../../src/webhooks/deliveries.ts';
import { createEndpoints } from '../../../src/webhooks/endpoints.ts';
import { createTargetGuard, type Resolve } from '../../../src/webhooks/sending/target-guard.ts';
import { createWebhooks } from '../../../src/webhooks/webhooks.ts';
import type { QueuedDelivery } from '../../../src/webhooks/delivery-queue.ts';
import { createWebhookService, type WebhookService } from '../../../src/webhooks/webhook-service.ts';
import { createDeliveryQueue, openWebhookQueue } from '../../../src/queue/deliver-webhook-queue.ts';
import { createWebhookWorker } from '../../../src/queue/deliver-webhook-worker.ts';
import type { Store } from '../../../src/storage/store.ts';

export interface Line {
  level: 'info' | 'warn' | 'error';
  fields: object;
  message: string;
}

/** A log that keeps its lines. */
function keepLog() {
  const lines: Line[] = [];
  const at = (level: Line['level']) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, log: { trace: () => undefined, debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error') } };
}

/** Records a batch that has ended: its one link is invalid. */
export async function finishedBatch(store: Store, webhook: BatchOptions['webhook'] = null): Promise<BatchId> {
  const batchId = `test${randomBytes(8).toString('hex')}` as BatchId;
  const item = { index: 0, input: 'nonsense', jobId: null, bookId: null, duplicates: 0, reason: 'nonsense' };
  const options: BatchOptions = { priority: 'normal', maxAgeMs: null, webhook };
  await store.batches.submit({
    batch: { batchId, options, total: 1, last: true },
    nowMs: Date.now(),
    run: 'r1',
    priority: 'normal',
    maxAgeMs: null,
    items: [item],
  });
  return batchId;
}

/** The parts one by one, with a queue that is a list and a clock that can be moved. */
export function createParts(
  store: Store,
  { resolve, defaultSecret = null, deadlineMs = 5_000 }: { resolve?: Resolve; defaultSecret?: string | null; deadlineMs?: number } = {},
) {
  const clock = { aheadMs: 0 };
  const now = (): number => Date.now() + clock.aheadMs;
  const random = (): number => 1;
  const { lines, log } = keepLog();
  const queue: QueuedDelivery[] = [];
  const guard = createTargetGuard({ allowLoopback: true, ...(resolve ? { resolve } : {}) });
  const endpoints = createEndpoints(store.documents, now);
  const enqueue = async (delivery: QueuedDelivery): Promise<void> => {
    if (!queue.some(({ id, run }) => id === delivery.id && run === delivery.run)) queue.push(delivery);
  };
  const deliveries = createDeliveries({ documents: store.documents, queue: { enqueue }, now });
  const announcer = createAnnouncer({ store, endpoints, deliveries, publicUrl: 'https://quire.example.org', log, now });
  const webhooks = createWebhooks({ endpoints, deliveries, guard, defaultSecret, now });
  const deliver = createDeliverer({
    endpoints,
    deliveries,
    guard,
    defaultSecret,
    userAgent: 'Quire/0.0.0 (+https://quire.example)',
    log,
    deadlineMs,
    now,
    random,
  });
  return { clock, now, lines, queue, endpoints, deliveries, announcer, webhooks, deliver };
}

/** All of it, with the real queue and a worker, as a process has it. */
export async function startCalls(
  store: Store,
  random = (): number => 0,
): Promise<Pick<WebhookService, 'webhooks' | 'announceBook'> & { lines: Line[]; close(): Promise<void> }> {
  const { lines, log } = keepLog();
  const config = { webhookAllowLoopback: true, webhookSecret: null, publicUrl: null, crawlContact: null };
  const calls = openWebhookQueue(store, () => undefined);
  const service = createWebhookService({ store, queue: createDeliveryQueue(calls), config, version: '0.0.0', log, now: Date.now, random });
  const worker = createWebhookWorker({ store, deliver: service.deliver, drainSeconds: 5, onFault: () => undefined, log, random });
  await worker.start();
  service.start();
  return {
    ...service,
    lines,
    async close() {
      await service.stop();
      await worker.stop();
      await calls.close();
    },
  };
}
