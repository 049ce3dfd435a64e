/** A store at rest with a bit of everything that may be in it, and nothing else: what the audit of leftovers finds nothing in. */
import { createAnswers } from '../../src/app/look-ups/answers.ts';
import { findQuestion, firstPageQuestion, idOfQuestion } from '../../src/app/look-ups/question.ts';
import type { BatchId } from '../../src/domain/batch.ts';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import { createIdempotencyKeys } from '../../src/http/requests/idempotency.ts';
import { createDeliveryQueue, openWebhookQueue } from '../../src/queue/deliver-webhook-queue.ts';
import { openQueue } from '../../src/queue/parse-book-queue.ts';
import { createProducer } from '../../src/queue/producer.ts';
import type { Store } from '../../src/storage/store.ts';
import { hourOf } from '../../src/storage/tally-buffer.ts';
import { createDeliveries } from '../../src/webhooks/deliveries.ts';
import { createEndpoints } from '../../src/webhooks/endpoints.ts';
import { HOUR_MS, invalidItem, itemsOf, NOW_MS, sampleBook, settlement, settleParsed, submit } from './samples.ts';

const job = (id: number): JobId => `book-${id}` as JobId;
/** Batches: one is open, one has ended. */
export const OPEN = 'openbatch0001' as BatchId;
export const ENDED = 'endedbatch001' as BatchId;
const [LIVE, ALONE, PARSED, MISSING, FAILED] = [job(1), job(2), job(3), job(4), job(5)];

/** Fills an empty store. */
export async function fillAtRest(store: Store): Promise<void> {
  const queue = openQueue(store, () => undefined);
  const webhookQueue = openWebhookQueue(store, () => undefined);
  try {
    await submit(store, OPEN, itemsOf([LIVE, PARSED]), { run: 'run1' });
    await createProducer(store, queue).enqueue([{ jobId: LIVE, run: 'run1' }], 'normal');
    await submit(store, null, itemsOf([ALONE]), { run: 'run2' });
    await settleParsed(store, PARSED);
    await submit(store, ENDED, [...itemsOf([PARSED, MISSING, FAILED, 'isbn-9780000000002' as JobId]), invalidItem(4)], { run: 'run3' });
    await store.jobs.settle(settlement(MISSING, { outcome: 'not-found' }));
    await store.jobs.settle(settlement(FAILED, { outcome: 'failed', error: { code: 'poison', detail: 'x' } }));
    await store.jobs.settle(settlement('isbn-9780000000002' as JobId, { book: sampleBook('6' as BookId) }));
    const put = (key: string, json: string, expireAtMs: number | null) => store.documents.put(key, json, { nowMs: NOW_MS, expireAtMs });
    await put('source/x', '{}', null);
    await put('idempotency:a', '{}', NOW_MS + HOUR_MS);
    // What the program itself writes: an end that it forgets to set would be a leftover.
    await createIdempotencyKeys(store.documents).claim({ key: 'leased', caller: 'a', request: 'b', waitMs: 0 });
    const kept = await createIdempotencyKeys(store.documents).claim({ key: 'kept', caller: 'a', request: 'b', waitMs: 0 });
    if (kept.kind === 'first') await kept.lease.keep({ status: 200, location: '', body: '{}' });
    const endpoint = await createEndpoints(store.documents).ofBatch(ENDED, { url: 'http://localhost/', secret: null });
    const deliveries = createDeliveries({ documents: store.documents, queue: createDeliveryQueue(webhookQueue) });
    await deliveries.announce(endpoint.id, { type: 'batch.completed', atMs: NOW_MS, key: ENDED, data: {} });
    const answers = createAnswers({ store, now: () => NOW_MS });
    await answers.keep(idOfQuestion(findQuestion('words')), { kind: 'suggestions', askedAtMs: NOW_MS, rows: [] });
    await answers.keep(idOfQuestion(firstPageQuestion('shelf', 'été')), {
      kind: 'failed',
      askedAtMs: NOW_MS,
      code: 'blocked',
      reason: 'x',
    });
    await store.books.put(sampleBook('80' as BookId), ['asin-B000000080' as JobId], NOW_MS + HOUR_MS);
    await put('delivery:wh0000000000-0', '{"state":"delivered","run":1}', NOW_MS + HOUR_MS);
    await store.pages.keep(FAILED, Buffer.from('x'), { nowMs: NOW_MS, expireAtMs: NOW_MS + HOUR_MS, maxPages: 200 });
    await store.tallies.add('source', hourOf(NOW_MS), { requests: 1 }, 24);
  } finally {
    await queue.close();
    await webhookQueue.close();
  }
}
