/**
 * Turns events into deliveries. An ended batch stays on the store's list until its deliveries are recorded and queued. After a crash it is
 * announced again. The id of a delivery comes from the event, so announcing twice makes one delivery.
 */
import type { Log } from '../domain/log.ts';
import type { BatchId, ItemCounts } from '../domain/batch.ts';
import type { AnnounceBook, AnnounceFailure } from '../app/announce.ts';
import type { Store } from '../storage/store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Endpoint, Endpoints } from './endpoints.ts';
import { batchCompleted, bookFailed, bookParsed, type WebhookEvent } from './events/event.ts';
import { passes } from './events/filter.ts';

/** How often the store's list is read, in milliseconds. It is read sooner when a batch makes progress. */
const ROUND_MS = 1_000;
/** The shortest time between two reads, in milliseconds. */
const MIN_GAP_MS = 100;
const BATCHES_A_ROUND = 100;

export interface Announcer {
  start(): void;
  /** Resolves when nothing runs any more. Idempotent. */
  stop(): Promise<void>;
  /** Announces the ended batches on the list. Resolves to how many. A batch that fails waits for the next round. */
  round(): Promise<number>;
  /** Announces `book.parsed` to the webhooks that subscribed to it. Costs next to nothing when there are none. */
  announceBook: AnnounceBook;
  /** The same for `book.failed`. */
  announceFailure: AnnounceFailure;
  /** Announces an event that is about no single job. Rejects with what the store throws. */
  announce(event: WebhookEvent): Promise<void>;
}

export interface AnnouncerOptions {
  store: Pick<Store, 'batches' | 'books' | 'jobs' | 'signals'>;
  endpoints: Endpoints;
  deliveries: Deliveries;
  /** The address of the API as receivers know it, or ''. Payloads put it before paths. */
  publicUrl: string;
  log: Log;
  now?: () => number;
}

/** The counts of an ended batch that are not 0. */
const settledCounts = (counts: ItemCounts): Partial<ItemCounts> =>
  Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));

export function createAnnouncer({ store, endpoints, deliveries, publicUrl, log, now = Date.now }: AnnouncerOptions): Announcer {
  let timer: NodeJS.Timeout | null = null;
  let dueAtMs = 0;
  let current: Promise<unknown> | null = null;
  let unsubscribe: (() => void) | null = null;
  let running = false;
  let poked = false;

  const tell = async (event: WebhookEvent, subscribed: readonly Endpoint[]): Promise<void> => {
    for (const endpoint of subscribed) if (passes(endpoint.filter, event)) await deliveries.announce(endpoint.id, event);
  };

  const announceBatch = async (batchId: BatchId): Promise<void> => {
    const batch = await store.batches.get(batchId);
    if (batch && batch.endedAtMs !== null) {
      const event = batchCompleted(batch, publicUrl);
      const seconds = Math.round((batch.endedAtMs - batch.createdAtMs) / 1000);
      const state = batch.cancelledAtMs === null ? 'completed' : 'cancelled';
      log.info({ batchId, state, seconds, ...settledCounts(batch.counts) }, 'a batch ended');
      const { webhook } = batch.options;
      const own = webhook ? [await endpoints.ofBatch(batchId, webhook)] : [];
      await tell(event, [...own, ...(await endpoints.subscribed(event.type, 'of now'))]);
    }
    await store.batches.acknowledge(batchId);
  };

  const round = async (): Promise<number> => {
    let announced = 0;
    for (const batchId of await store.batches.listUnannounced(BATCHES_A_ROUND)) {
      try {
        await announceBatch(batchId);
        announced += 1;
      } catch (error) {
        log.warn({ err: error, batchId }, 'the end of a batch could not be announced; the next round tries again');
      }
    }
    return announced;
  };

  const schedule = (inMs: number): void => {
    if (timer) clearTimeout(timer);
    dueAtMs = Date.now() + inMs;
    timer = setTimeout(run, inMs);
    timer.unref();
  };

  const run = (): void => {
    timer = null;
    poked = false;
    current = round()
      .catch((error: unknown) => log.warn({ err: error }, 'the announcer could not read the store'))
      .then(() => {
        current = null;
        if (running) schedule(poked ? MIN_GAP_MS : ROUND_MS);
      });
  };

  /** A batch made progress and may have ended. */
  const poke = (): void => {
    poked = true;
    if (timer && dueAtMs - Date.now() > MIN_GAP_MS) schedule(MIN_GAP_MS);
  };

  return {
    round,
    start() {
      if (running) return;
      running = true;
      unsubscribe = store.signals.subscribe((signal) => (signal.kind === 'batch' ? poke() : undefined));
      schedule(0);
    },
    async stop() {
      running = false;
      unsubscribe?.();
      unsubscribe = null;
      if (timer) clearTimeout(timer);
      timer = null;
      await current;
    },
    async announceBook({ jobId, run: runName, settledAtMs, book }) {
      const subscribed = await endpoints.subscribed('book.parsed', 'lately known');
      if (subscribed.length === 0) return;
      const found = book ? null : await store.books.find(jobId, now());
      const body = book?.body ?? (found?.kind === 'book' ? found.book.body : null);
      if (body === null) return;
      const event = bookParsed({ jobId, run: runName, atMs: settledAtMs, body });
      // The job is read only where somebody asks for its priority.
      const job = subscribed.some(({ filter }) => filter?.priorities) ? await store.jobs.get(jobId) : null;
      await tell({ ...event, ...(job?.run === runName && { facts: { priority: job.priority } }) }, subscribed);
    },
    async announceFailure(job) {
      const subscribed = await endpoints.subscribed('book.failed', 'lately known');
      if (subscribed.length > 0) await tell(bookFailed(job), subscribed);
    },
    announce: async (event) => tell(event, await endpoints.subscribed(event.type, 'of now')),
  };
}
