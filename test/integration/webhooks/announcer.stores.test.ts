import { silentLog } from '../../support/quiet.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { createAnnouncer } from '../../../src/webhooks/announcer.ts';
import { createDeliveries, MAX_ENDED } from '../../../src/webhooks/deliveries.ts';
import { newSecret } from '../../../src/webhooks/sending/signing.ts';
import type { Store } from '../../../src/storage/store.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore, redisStore, type MadeStore } from '../../support/stores.ts';
import { createParts, finishedBatch } from './rig.ts';
import type { QueuedDelivery } from '../../../src/webhooks/delivery-queue.ts';

const hook = { url: 'http://127.0.0.1:1/', secret: newSecret() };
const bookOf = (id: string) => {
  const nowMs = Date.now();
  const body = Buffer.from(
    JSON.stringify({
      id,
      url: `https://www.goodreads.com/book/show/${id}`,
      title: 'T',
      author: 'A',
      rating: 4.5,
      isbn13: null,
      fetchedAt: new Date(nowMs).toISOString(),
    }),
  );
  return { bookId: id as BookId, body, etag: 'abcdefghijklmnop', fetchedAtMs: nowMs, freshUntilMs: nowMs + 60_000, richness: 5 };
};

describe.each(inThisRun(eachStore))('the announcer on the $name store', (kind) => {
  let made: MadeStore;
  let store: Store;
  beforeAll(async () => {
    made = await kind.make();
    ({ store } = made);
  });
  afterAll(() => made.cleanup());

  it('announces the end of a batch once, to its own webhook and to subscribed ones', async () => {
    const { announcer, queue, webhooks } = createParts(store);
    const subscribed = await webhooks.create({ url: hook.url, events: ['batch.*'] });
    const other = await webhooks.create({ url: hook.url, events: ['book.parsed'] });
    const batchId = await finishedBatch(store, hook);
    expect(await announcer.round()).toBe(1);
    expect(await announcer.round()).toBe(0);
    expect(new Set(queue.map(({ id }) => id.split('-')[0]))).toEqual(new Set([`b${batchId}`, subscribed.id]));
    expect(queue).toHaveLength(2);
    expect(await webhooks.deliveriesOfBatch(batchId)).toMatchObject([
      { batchId, webhookId: null, type: 'batch.completed', state: 'pending', attempts: [] },
    ]);
    expect((await webhooks.deliveries(other.id, { cursor: null, limit: 10 })).deliveries).toEqual([]);
    await Promise.all([subscribed, other].map(({ id }) => webhooks.remove(id)));
  });

  it('announces nothing without webhooks, and goes on', async () => {
    const { announcer, queue } = createParts(store);
    await finishedBatch(store);
    expect(await announcer.round()).toBe(1);
    expect(queue).toEqual([]);
    expect(await store.batches.listUnannounced(10)).toEqual([]);
  });

  /** Announces with a store and a queue in which one step ends the process, as far as the announcer can tell. */
  const crashing = async (at: 'queue' | 'acknowledge') => {
    const parts = createParts(store);
    const { endpoints, now, queue, lines } = parts;
    let left = 1;
    const crash = (): void => {
      left -= 1;
      if (left >= 0) throw new Error('killed');
    };
    const enqueue = async (delivery: QueuedDelivery): Promise<void> => {
      if (at === 'queue') crash();
      queue.push(delivery);
    };
    const batches = {
      ...store.batches,
      acknowledge: async (batchId: Parameters<typeof store.batches.acknowledge>[0]) => {
        if (at === 'acknowledge') crash();
        await store.batches.acknowledge(batchId);
      },
    };
    const log = { ...silentLog, warn: (fields: object, message: string) => void lines.push({ level: 'warn', fields, message }) };
    const deliveries = createDeliveries({ documents: store.documents, queue: { enqueue }, now });
    return { ...parts, announcer: createAnnouncer({ store: { ...store, batches }, endpoints, deliveries, publicUrl: '', log, now }) };
  };

  it('records one delivery when it stops between recording and queuing', async () => {
    const { announcer, queue, webhooks } = await crashing('queue');
    const batchId = await finishedBatch(store, hook);
    expect(await announcer.round()).toBe(0);
    expect(await webhooks.deliveriesOfBatch(batchId)).toHaveLength(1);
    expect(await store.batches.listUnannounced(10)).toEqual([batchId]);
    expect(await announcer.round()).toBe(1);
    expect(await webhooks.deliveriesOfBatch(batchId)).toHaveLength(1);
    expect(queue).toHaveLength(1);
  });

  it('queues the same run again when it stops between queuing and acknowledging, and nothing after the delivery', async () => {
    const { announcer, queue, deliveries, webhooks } = await crashing('acknowledge');
    const batchId = await finishedBatch(store, hook);
    expect(await announcer.round()).toBe(0);
    const [first] = queue;
    if (!first) throw new Error('nothing was queued');
    await deliveries.update(first.id, (before) => ({ ...before, state: 'delivered', settledAtMs: Date.now(), nextAttemptAtMs: null }));
    expect(await announcer.round()).toBe(1);
    expect(queue).toEqual([first]);
    expect(await webhooks.deliveriesOfBatch(batchId)).toMatchObject([{ state: 'delivered' }]);
  });

  it('makes one delivery when several processes announce at once', async () => {
    const processes = [createParts(store), createParts(store), createParts(store)];
    const batchId = await finishedBatch(store, hook);
    await Promise.all(processes.map(({ announcer }) => announcer.round()));
    const runs = processes.flatMap(({ queue }) => queue.map(({ id, run }) => `${id}.${run}`));
    expect(new Set(runs).size).toBe(1);
    expect(await processes[0]?.webhooks.deliveriesOfBatch(batchId)).toHaveLength(1);
  });

  it('announces a parsed book, and after a crash again without a second event', async () => {
    const { announcer, queue, webhooks } = createParts(store);
    const jobId = 'book-4711' as JobId;
    const parsed = { jobId, run: 'r1', settledAtMs: Date.now(), book: bookOf('4711') };
    await announcer.announceBook(parsed);
    expect(queue).toEqual([]);

    const { id } = await webhooks.create({ url: hook.url, events: ['book.*'] });
    await announcer.announceBook(parsed);
    // The job runs again after its worker died: all that is left of the book is in the store.
    await store.books.put(bookOf('4711'), [], Date.now() + 60_000);
    await announcer.announceBook({ ...parsed, book: null });
    expect(queue).toHaveLength(1);
    await announcer.announceBook({ ...parsed, run: 'r2', settledAtMs: parsed.settledAtMs + 5 });
    const { deliveries } = await webhooks.deliveries(id, { cursor: null, limit: 10 });
    expect(deliveries).toHaveLength(2);
    const latest = deliveries[0]?.id ?? '';
    expect(await webhooks.delivery(latest)).toMatchObject({
      payload: {
        type: 'book.parsed',
        timestamp: new Date(parsed.settledAtMs + 5).toISOString(),
        data: { bookId: '4711', jobId, title: 'T', author: 'A' },
      },
    });
    await announcer.announceBook({ ...parsed, jobId: 'book-999999' as JobId, book: null });
    expect(queue).toHaveLength(2);
    await webhooks.remove(id);
  });

  it('pages through the log, the latest first', async () => {
    const { announcer, webhooks } = createParts(store);
    const { id } = await webhooks.create({ url: hook.url, events: ['book.parsed'] });
    const settledAtMs = Date.now();
    for (const n of [0, 1, 2, 3, 4])
      await announcer.announceBook({ jobId: `book-${n}` as JobId, run: 'r', settledAtMs: settledAtMs + n, book: bookOf(`${n}`) });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof webhooks.deliveries>> = await webhooks.deliveries(id, { cursor, limit: 2 });
      for (const delivery of page.deliveries) seen.push((await webhooks.delivery(delivery.id)).payload['data' as never]['bookId']);
      cursor = page.cursor;
    } while (cursor !== null);
    expect(seen).toEqual(['4', '3', '2', '1', '0']);
    await expect(webhooks.deliveries(id, { cursor: 'elsewhere', limit: 2 })).rejects.toMatchObject({ code: 'invalid-request' });
    await webhooks.remove(id);
  });
});

describe('the delivery log', () => {
  it('keeps about a thousand ended deliveries of a webhook, and every pending one', async () => {
    const { store, cleanup } = await redisStore.make();
    try {
      const { deliveries } = createParts(store);
      const endpointId = 'wh0mhf5k2x3aabbccddeeff';
      const settledAtMs = Date.now();
      const many = MAX_ENDED + 400;
      for (let n = 0; n < many; n += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, at) =>
            deliveries.announce(endpointId, { type: 'book.parsed', atMs: settledAtMs + n + at, key: `${n + at}`, data: {} }),
          ),
        );
      }
      let after = null;
      const all = [];
      for (;;) {
        const page = await deliveries.list(endpointId, { after, limit: 200 });
        all.push(...page);
        after = page.at(-1)?.id ?? null;
        if (page.length < 200) break;
      }
      expect(all).toHaveLength(many);
      // The oldest ten stay pending.
      for (const { id } of all.slice(0, -10)) await deliveries.update(id, (before) => ({ ...before, state: 'delivered' }));
      const states = { pending: 0, delivered: 0 };
      for (after = null; ;) {
        const page = await deliveries.list(endpointId, { after, limit: 200 });
        for (const { state } of page) states[state as keyof typeof states] += 1;
        after = page.at(-1)?.id ?? null;
        if (page.length < 200) break;
      }
      expect(states.pending).toBe(10);
      expect(states.delivered).toBeGreaterThanOrEqual(MAX_ENDED);
      expect(states.delivered).toBeLessThan(MAX_ENDED + 200);
    } finally {
      await cleanup();
    }
  });
});
