import createClient, { type Client } from 'openapi-fetch';
import { answered, problemOf, QuireError, within } from './answers.ts';
import { readEvents, readLines } from './event-stream.ts';
import { retryingFetch, sleep } from './retrying-fetch.ts';
import type { paths } from './schema.ts';
import type { Batch, Book, Item, Submission, SubmitOptions } from './types.ts';

export { QuireError, type SubmitOptions };

export interface QuireOptions {
  /** Where Quire is, such as `http://localhost:3000`. A path is kept. */
  baseUrl: string;
  apiKey?: string;
  /** Tries after the first (default 4). */
  retries?: number;
  /** Milliseconds before the second try where the answer names no time (default 500); each later one waits twice as long. */
  backoffMs?: number;
  /** Longest `Retry-After` in milliseconds that is waited for (default 5 minutes). */
  maxWaitMs?: number;
  /** Milliseconds that one answer may take to begin (default 60,000). */
  timeoutMs?: number;
  fetch?: (request: Request) => Promise<Response>;
}

/** An item that has settled, with its book where there is one. */
export interface SettledItem {
  item: Item;
  book: Book | null;
}

export interface Quire {
  /** Every operation of openapi.yaml, typed. Answers come as `{ data, error, response }`. */
  api: Client<paths>;
  /** Submits up to 10,000 entries: links, numbers, ISBNs, ASINs, collections. A key makes a repeated request harmless. */
  submit(entries: readonly string[], options?: SubmitOptions): Promise<Submission>;
  /** Submits any number of entries, in requests of 1,000, as one batch. Resolves to its id once all are in. */
  submitAll(entries: Iterable<string> | AsyncIterable<string>, options?: SubmitOptions): Promise<string>;
  /** Each item of a batch once, as it settles, until the batch ends. Goes on by itself after a broken connection. */
  settled(batchId: string, options?: { signal?: AbortSignal }): AsyncGenerator<Item>;
  /** Submits the entries and gives each item, with its book, as it settles. */
  parse(entries: Iterable<string> | AsyncIterable<string>, options?: SubmitOptions & { signal?: AbortSignal }): AsyncGenerator<SettledItem>;
  /** All items of a batch, page by page. */
  items(batchId: string, options?: { state?: Item['state'] }): AsyncGenerator<Item>;
  /** The books of a batch, or all stored books, as they come over the wire. */
  books(options?: { batchId?: string; signal?: AbortSignal }): AsyncGenerator<Book>;
  batch(batchId: string): Promise<Batch>;
  /** A stored book, or null. Never waits for Goodreads. */
  book(bookId: string): Promise<Book | null>;
}

const CHUNK = 1000;
/** States in which an item is settled from the start, so that no event tells of it. */
const SETTLED_AT_ONCE = ['cached', 'invalid', 'disallowed'] as const;

/** Creates a client. It holds no connection: there is nothing to close. */
export function createQuire(options: QuireOptions): Quire {
  const { retries = 4, backoffMs = 500, maxWaitMs = 300_000, timeoutMs = 60_000 } = options;
  const inner = options.fetch ?? ((request: Request) => fetch(request));
  const send = retryingFetch((request) => within(inner, request, timeoutMs), { retries, backoffMs, maxWaitMs });
  const headers = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const api = createClient<paths>({ baseUrl: options.baseUrl, fetch: send, headers });

  const post = async (urls: string[], submitOptions: SubmitOptions & { open?: boolean }): Promise<Submission> => {
    const header = { 'idempotency-key': crypto.randomUUID() };
    return (await answered(api.POST('/parse-links', { params: { header }, body: { urls, ...submitOptions } }))) as Submission;
  };

  const addLinks = async (batchId: string, urls: string[]): Promise<void> => {
    const header = { 'idempotency-key': crypto.randomUUID() };
    await answered(api.POST('/batches/{batchId}/links', { params: { path: { batchId }, header }, body: { urls } }));
  };

  const submitAll: Quire['submitAll'] = async (entries, submitOptions = {}) => {
    let batchId: string | null = null;
    try {
      for await (const urls of chunks(entries)) {
        if (batchId === null) batchId = (await post(urls, { ...submitOptions, open: true })).batchId;
        else await addLinks(batchId, urls);
      }
    } finally {
      // Also after a failure: what is in goes on, and the batch ends.
      if (batchId !== null) await answered(api.POST('/batches/{batchId}/close', { params: { path: { batchId } } }));
    }
    if (batchId === null) throw new TypeError('There are no entries to submit.');
    return batchId;
  };

  async function* items(batchId: string, { state }: { state?: Item['state'] } = {}): AsyncGenerator<Item> {
    let cursor: string | null = null;
    do {
      const query = { limit: 200, ...(state === undefined ? {} : { state }), ...(cursor === null ? {} : { cursor }) };
      const page: { items: Item[]; cursor: string | null } = await answered(
        api.GET('/batches/{batchId}/items', { params: { path: { batchId }, query } }),
      );
      yield* page.items;
      cursor = page.cursor;
    } while (cursor !== null);
  }

  /** Item events until the batch has ended, over as many connections as it takes. */
  async function* itemEvents(batchId: string, signal: AbortSignal | undefined): AsyncGenerator<Item> {
    let lastId = '0';
    for (let failures = 0; ;) {
      try {
        const response = await stream(`/batches/${encodeURIComponent(batchId)}/events`, { 'last-event-id': lastId }, signal);
        if (response.status === 204 || response.body === null) return;
        for await (const { id, event, data } of readEvents(response.body)) {
          failures = 0;
          if (event !== 'item') continue;
          yield JSON.parse(data) as Item;
          lastId = id ?? lastId;
        }
      } catch (error) {
        failures += 1;
        if (error instanceof QuireError || signal?.aborted || failures > retries) throw error;
        await sleep(backoffMs * 2 ** failures, signal);
      }
    }
  }

  async function* settled(batchId: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Item> {
    const told = new Set<number>();
    for (const state of SETTLED_AT_ONCE) {
      for await (const item of items(batchId, { state })) {
        told.add(item.index);
        yield item;
      }
    }
    for await (const item of itemEvents(batchId, signal)) if (!told.has(item.index)) yield item;
  }

  async function* parse(...[entries, parseOptions = {}]: Parameters<Quire['parse']>): AsyncGenerator<SettledItem> {
    const { signal, ...submitOptions } = parseOptions;
    const batchId = await submitAll(entries, submitOptions);
    for await (const item of settled(batchId, signal ? { signal } : {})) {
      const hasBook = (item.state === 'parsed' || item.state === 'cached') && item.bookId !== null;
      yield { item, book: hasBook ? await book(item.bookId ?? '') : null };
    }
  }

  /** One answer as a stream. Its body has no deadline: a batch may take days. */
  const stream = async (path: string, extra: Record<string, string>, signal?: AbortSignal): Promise<Response> => {
    const request = new Request(options.baseUrl.replace(/\/$/, '') + path, {
      headers: { ...headers, ...extra },
      ...(signal ? { signal } : {}),
    });
    const response = await send(request);
    if (!response.ok) throw new QuireError(response.status, await problemOf(response));
    return response;
  };

  async function* books({ batchId, signal }: { batchId?: string; signal?: AbortSignal } = {}): AsyncGenerator<Book> {
    const path = batchId === undefined ? '/books/export' : `/batches/${encodeURIComponent(batchId)}/export`;
    const { body } = await stream(`${path}?format=jsonl`, {}, signal);
    if (body !== null) for await (const line of readLines(body)) yield JSON.parse(line) as Book;
  }

  const book: Quire['book'] = async (bookId) => {
    const { data, error, response } = await api.GET('/books/{bookId}', { params: { path: { bookId } } });
    if (response.status === 200 && data !== undefined) return data as Book;
    if (response.status === 404 || response.status === 202) return null;
    throw new QuireError(response.status, error ?? {});
  };

  return {
    api,
    submit: (entries, submitOptions = {}) => post([...entries], submitOptions),
    submitAll,
    settled,
    parse,
    items,
    books,
    batch: async (batchId) => answered(api.GET('/batches/{batchId}', { params: { path: { batchId } } })),
    book,
  };
}

async function* chunks(entries: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[]> {
  let chunk: string[] = [];
  for await (const entry of entries) {
    chunk.push(entry);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
