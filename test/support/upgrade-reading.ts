/**
 * Everything that the HTTP API tells about a store. The reading of an older version is kept beside its data, and a newer version has to give the
 * same reading of them. What changes with the clock, such as estimates, is left out.
 */
import { createHash } from 'node:crypto';
import type { BatchView, ItemView } from '../../src/app/batches/batch-view.ts';
import type { JobView } from '../../src/app/jobs/job-view.ts';
import type { DeliveryView, WebhookView } from '../../src/webhooks/webhook-view.ts';
import type { SourceView } from '../../src/crawl/source/source-view.ts';
import type { LedgerPeriod } from '../../src/crawl/ledger.ts';
import { waitUntil } from './wait-until.ts';

export type Json = Record<string, unknown>;

/** What is asked for beside lists, since the API has no list of these. */
export interface Known {
  batchIds: string[];
  jobIds: string[];
  /** Paths of `GET /book-info?…` that name a book in some way. */
  names: string[];
}

export interface Reading {
  /** Every stored book with what a cache is told of it. */
  books: Record<string, { etag: string | null; lastModified: string | null; body: Json }>;
  /** What each name leads to: the number of a book, or the code of a problem. */
  names: Record<string, { status: number; leadsTo: unknown }>;
  batches: Record<string, { view: Omit<BatchView, 'etaSeconds'>; items: ItemView[]; settled: { id: string; data: Json }[] }>;
  jobs: Record<string, Omit<JobView, 'etaSeconds' | 'maxAttempts'>>;
  /** Failed jobs, the latest first. */
  failed: string[];
  /** SHA-256 of the kept page of each failed job that has one. */
  pages: Record<string, string>;
  webhooks: WebhookView[];
  /** By id. */
  deliveries: Record<string, DeliveryView & { payload: Json }>;
  source: Pick<SourceView, 'state' | 'since' | 'reason' | 'nextProbeAt'>;
  ledger: LedgerPeriod[];
  backlog: Json;
}

const DEADLINE_MS = 20_000;

/** A store that is busy is asked again, as 503 says. */
async function get(address: string, path: string): Promise<Response> {
  return waitUntil(
    `GET ${path} to be answered`,
    async () => {
      const answer = await fetch(address + path, { signal: AbortSignal.timeout(DEADLINE_MS) });
      return answer.status !== 503 && answer;
    },
    { timeoutMs: 2 * DEADLINE_MS },
  );
}

/** Reads JSON; throws when the answer is an error. */
export async function readJson<T>(address: string, path: string): Promise<T> {
  const answer = await get(address, path);
  if (!answer.ok) throw new Error(`GET ${path} was answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** The entries of a list, page by page. */
async function all<T>(address: string, path: string, member: string): Promise<T[]> {
  const entries: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: Record<string, unknown> = await readJson(address, `${path}${path.includes('?') ? '&' : '?'}limit=50${more}`);
    entries.push(...(page[member] as T[]));
    cursor = (page['cursor'] as string | null | undefined) ?? null;
  }
  return entries;
}

async function byKey<T>(keys: readonly string[], read: (key: string) => Promise<T>): Promise<Record<string, T>> {
  const entries: Record<string, T> = {};
  for (const key of keys) entries[key] = await read(key);
  return entries;
}

/** How often and how each item settled, from the log that the batch's events replay. Only for a batch that has ended: otherwise the stream stays open. */
export async function settledLog(address: string, batchId: string): Promise<{ id: string; data: Json }[]> {
  const text = await (await get(address, `/batches/${batchId}/events`)).text();
  return text
    .split('\n\n')
    .filter((event) => event.includes('event: item'))
    .map((event) => ({
      id: /^id: (.*)$/m.exec(event)?.[1] ?? '',
      data: JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as Json,
    }));
}

async function readBatch(address: string, batchId: string): Promise<Reading['batches'][string]> {
  const { etaSeconds: _eta, ...view } = await readJson<BatchView>(address, `/batches/${batchId}`);
  const items = await all<ItemView>(address, `/batches/${batchId}/items`, 'items');
  return { view, items, settled: view.finishedAt === null ? [] : await settledLog(address, batchId) };
}

/** Events of a timeline whose sentence is made when it is read. The sentences of all others are stored. */
const TOLD_ANEW = new Set(['queued', 'parsed', 'not-found', 'failed', 'cancelled']);

async function readJob(address: string, jobId: string): Promise<Reading['jobs'][string]> {
  const { etaSeconds: _eta, maxAttempts: _max, ...view } = await readJson<JobView>(address, `/jobs/${jobId}`);
  const timeline = view.timeline.map(({ at, event, detail }) => ({ at, event, detail: TOLD_ANEW.has(event) ? '' : detail }));
  return { ...view, timeline };
}

async function readBook(address: string, bookId: string): Promise<Reading['books'][string]> {
  const answer = await get(address, `/books/${bookId}`);
  const { headers } = answer;
  return { etag: headers.get('etag'), lastModified: headers.get('last-modified'), body: (await answer.json()) as Json };
}

async function readName(address: string, path: string): Promise<Reading['names'][string]> {
  const answer = await get(address, path);
  const body = (await answer.json()) as Json;
  const code = typeof body['type'] === 'string' ? body['type'].split('/').at(-1) : undefined;
  return { status: answer.status, leadsTo: code ?? body['id'] ?? body['jobId'] };
}

async function readPages(address: string, failed: readonly string[]): Promise<Reading['pages']> {
  const pages: Reading['pages'] = {};
  for (const jobId of failed) {
    const answer = await get(address, `/jobs/${jobId}/page`);
    if (!answer.ok) continue;
    pages[jobId] = createHash('sha256')
      .update(Buffer.from(await answer.arrayBuffer()))
      .digest('hex');
  }
  return pages;
}

async function readDeliveries(address: string, webhooks: WebhookView[], batchIds: string[]): Promise<Reading['deliveries']> {
  const lists = await Promise.all([
    ...webhooks.map(({ id }) => all<DeliveryView>(address, `/webhooks/${id}/deliveries`, 'deliveries')),
    ...batchIds.map((id) => readJson<{ deliveries: DeliveryView[] }>(address, `/deliveries?batchId=${id}`).then((page) => page.deliveries)),
  ]);
  return byKey(
    lists.flat().map(({ id }) => id),
    (id) => readJson(address, `/deliveries/${id}`),
  );
}

/** Reads everything from the API at `address`. */
export async function readEverything(address: string, { batchIds, jobIds, names }: Known): Promise<Reading> {
  const books = await all<{ id: string }>(address, '/books', 'books');
  const failed = (await all<JobView>(address, '/jobs?state=failed', 'jobs')).map(({ jobId }) => jobId);
  const { webhooks } = await readJson<{ webhooks: WebhookView[] }>(address, '/webhooks');
  const { state, since, reason, nextProbeAt } = await readJson<SourceView>(address, '/source');
  const { backlog } = await readJson<{ backlog: Record<string, number> }>(address, '/stats');
  return {
    books: await byKey(
      books.map(({ id }) => id),
      (id) => readBook(address, id),
    ),
    names: await byKey(names, (name) => readName(address, name)),
    batches: await byKey(batchIds, (id) => readBatch(address, id)),
    jobs: await byKey(jobIds, (id) => readJob(address, id)),
    failed,
    pages: await readPages(address, failed),
    webhooks,
    deliveries: await readDeliveries(address, webhooks, batchIds),
    source: { state, since, reason, nextProbeAt },
    ledger: (await readJson<{ hours: LedgerPeriod[] }>(address, '/source/ledger?days=90')).hours,
    // Version 0.1.0 counted blocked jobs among those that wait.
    backlog: { waiting: (backlog['waiting'] ?? 0) + (backlog['blocked'] ?? 0), active: backlog['active'], delayed: backlog['delayed'] },
  };
}
