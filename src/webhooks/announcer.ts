/**
 * Turns what happened into deliveries. A finished batch stays on the store's list until its deliveries are recorded and queued, so that a
 * crash anywhere in between only means that it is announced again; and since a delivery's id is made of the event, again is the same once.
 */
import type { Log } from '../domain/log.ts';
import type { BatchId } from '../domain/batch.ts';
import type { AnnounceBook } from '../app/announce.ts';
import type { Store } from '../storage/store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Endpoints } from './endpoints.ts';
import { batchCompleted, bookParsed } from './event.ts';

/** The store's list is read this often, and sooner when a batch makes progress. */
const ROUND_MS = 1_000;
/** Progress of batches is not answered more often than this. */
const MIN_GAP_MS = 100;
const BATCHES_A_ROUND = 100;

export interface Announcer {
  start(): void;
  /** Resolves when nothing runs any more. Idempotent. */
  stop(): Promise<void>;
  /** Announces the batches that wait for it; returns how many. A batch that fails is left for the next round. */
  round(): Promise<number>;
  /** Announces `book.parsed` to the webhooks that want it. Costs next to nothing when there are none. */
  announceBook: AnnounceBook;
}

export interface AnnouncerOptions {
  store: Pick<Store, 'batches' | 'books' | 'signals'>;
  endpoints: Endpoints;
  deliveries: Deliveries;
  /** Goes before paths in payloads: the address of the API as receivers know it, or ''. */
  publicUrl: string;
  log: Log;
  now?: () => number;
}

export function createAnnouncer({ store, endpoints, deliveries, publicUrl, log, now = Date.now }: AnnouncerOptions): Announcer {
  let timer: NodeJS.Timeout | null = null;
  let dueAtMs = 0;
  let current: Promise<unknown> | null = null;
  let unsubscribe: (() => void) | null = null;
  let running = false;
  let poked = false;

  const announceBatch = async (batchId: BatchId): Promise<void> => {
    const batch = await store.batches.get(batchId);
    if (batch && batch.finishedAtMs !== null) {
      const event = batchCompleted(batch, publicUrl);
      const { webhook } = batch.options;
      const own = webhook ? [await endpoints.ofBatch(batchId, webhook)] : [];
      for (const endpoint of [...own, ...(await endpoints.subscribed(event.type, 'of now'))]) await deliveries.announce(endpoint.id, event);
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
        log.warn({ err: error, batchId }, 'the end of a batch could not be announced; it will be tried again');
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
      for (const endpoint of subscribed) await deliveries.announce(endpoint.id, event);
    },
  };
}
