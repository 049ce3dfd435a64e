/** What an end-to-end test needs: a stand-in for Goodreads, settings of its own for one store, and any number of Quire processes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { BatchView, ItemView, SubmitAnswer } from '../../src/app/batches/batch-view.ts';
import { LOCK_MS } from '../../src/queue/open.ts';
import { startQuire, type QuireOptions, type QuireProcess } from '../../scripts/quire-process.ts';
import { startGoodreads, type Goodreads } from '../support/goodreads.ts';
import { storeEnvironment } from '../support/service.ts';
import { waitUntil } from '../support/wait-until.ts';

/** The stores that the end-to-end tests run on, and how long each may take to give an interrupted job to somebody else. */
export const STORES = [
  // No other process can hold its jobs, so a restart takes them up at once.
  { store: 'embedded', takeoverMs: 10_000 },
  // The lock of the dead has to run out, and the check for it to come round.
  { store: 'redis', takeoverMs: LOCK_MS + 20_000 },
  { store: 'redis-cluster', takeoverMs: LOCK_MS + 20_000 },
  { store: 'postgres', takeoverMs: LOCK_MS + 20_000 },
] as const;
export type StoreName = (typeof STORES)[number]['store'];

export interface Scene {
  /** The stand-in. Numbers of its own books are in `site.ids`; numbers from 1,000,000,000 on have pages too. */
  site: Goodreads;
  /** An empty directory that goes when the test ends. */
  dir: string;
  /** The settings that all processes of this scene share. */
  env: Record<string, string>;
  /** Starts a process with those settings and `more`. It is killed when the test ends. */
  start(options?: QuireOptions): Promise<QuireProcess>;
}

/** Sets the scene for one test. Everything in it is stopped when the test ends; tests that run beside others hand in their own `onTestFinished`. */
export async function openScene(
  store: StoreName,
  settings: Record<string, string> = {},
  atEnd: (undo: () => Promise<void>) => void = onTestFinished,
): Promise<Scene> {
  const site = await startGoodreads();
  atEnd(() => site.stop());
  const dir = await mkdtemp(join(tmpdir(), 'quire-e2e-'));
  atEnd(() => rm(dir, { recursive: true, force: true }));
  const own = await storeEnvironment(store);
  atEnd(own.cleanUp);
  const env = { ...own.env, GOODREADS_ORIGIN: site.origin, CRAWL_RATE: '0', ...settings };
  return {
    site,
    dir,
    env,
    async start(options = {}) {
      const quire = await startQuire({ ...options, env: { ...env, ...options.env } });
      atEnd(async () => void (await quire.kill9()));
      return quire;
    },
  };
}

/** A link to a book by its number. */
export const linkTo = (bookId: string | number): string => `https://www.goodreads.com/book/show/${bookId}`;

/** Links to `count` books that every stand-in has pages for; `from` keeps the lists of one test apart. */
export const manyLinks = (count: number, from = 0): string[] => Array.from({ length: count }, (_, n) => linkTo(1_000_000_000 + from + n));

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

const DEADLINE_MS = 15_000;

/** Sends a request; the answer's body is read as JSON. */
export async function ask<T>(quire: Pick<QuireProcess, 'address'>, path: string, init: RequestInit = {}): Promise<Answer<T>> {
  const response = await fetch(quire.address + path, { signal: AbortSignal.timeout(DEADLINE_MS), ...init });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? null : JSON.parse(text)) as T };
}

/** Posts links as a JSON array. */
export const submit = (quire: Pick<QuireProcess, 'address'>, links: unknown[], query = ''): Promise<Answer<SubmitAnswer>> =>
  ask(quire, `/parse-links${query}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(links) });

/** Posts links and gives back the batch's id; throws when they are not accepted. */
export async function submitted(quire: Pick<QuireProcess, 'address'>, links: unknown[], query = ''): Promise<string> {
  const { status, body } = await submit(quire, links, query);
  if (status !== 202 && status !== 200) throw new Error(`the links were answered with ${status}: ${JSON.stringify(body)}`);
  return body.batchId;
}

export const bookInfo = (quire: Pick<QuireProcess, 'address'>, bookId: string | number): Promise<Answer<Record<string, unknown>>> =>
  ask(quire, `/book-info?url=${encodeURIComponent(linkTo(bookId))}`);

/** Waits until every item of the batch is settled. On the way its counts must add up at each look. */
export async function settled(quire: Pick<QuireProcess, 'address'>, batchId: string, timeoutMs: number): Promise<BatchView> {
  return waitUntil(
    `batch ${batchId} to end`,
    async () => {
      const { body } = await ask<BatchView>(quire, `/batches/${batchId}`);
      const sum = Object.values(body.counts).reduce((total, count) => total + count, 0);
      if (sum !== body.total) throw new Error(`the counts of batch ${batchId} add up to ${sum}, not to ${body.total}`);
      return body.state === 'running' ? undefined : body;
    },
    { timeoutMs, everyMs: 50 },
  );
}

/** Every item of a batch, page by page. */
export async function itemsOf(quire: Pick<QuireProcess, 'address'>, batchId: string): Promise<ItemView[]> {
  const items: ItemView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Answer<{ items: ItemView[]; cursor: string | null }> = await ask(
      quire,
      `/batches/${batchId}/items?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    items.push(...page.body.items);
    cursor = page.body.cursor;
  }
  return items;
}
