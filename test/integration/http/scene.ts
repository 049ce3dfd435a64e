/** A Quire, and a way to ask it. */
import type { Goodreads } from '../../support/goodreads.ts';
import { startQuire, type StoreName, type TestQuire } from '../../support/service.ts';

/** A body of JSON, read loosely: its shape is held to the document, as that of every answer. */
// oxlint-disable-next-line no-explicit-any
export type Loose = Record<string, any>;

export interface Answer<Body = Loose> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string>;
  /** An object or array is sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
}

export interface HttpScene {
  quire: TestQuire;
  goodreads: Goodreads;
  /** Numbers of books that have a page. */
  ids: readonly string[];
  ask<Body = Loose>(path: string, ask?: Ask): Promise<Answer<Body>>;
  /** Submits and waits until the batch has ended; returns its id. */
  parsed(links: unknown[]): Promise<string>;
  stop(): Promise<void>;
}

export const linkTo = (id: string | number): string => `https://www.goodreads.com/book/show/${id}`;

async function send(origin: string, path: string, { method = 'GET', headers = {}, body, signal }: Ask): Promise<Answer> {
  const isText = typeof body === 'string' || body instanceof Uint8Array;
  const answer = await fetch(origin + path, {
    method,
    headers: { ...(body === undefined || isText ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
    redirect: 'manual',
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type')?.split(';')[0] ?? '').endsWith('json');
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson && text !== '' ? (JSON.parse(text) as Loose) : (text as never),
  };
}

export async function openScene(store: StoreName, settings: Record<string, string> = {}): Promise<HttpScene> {
  const quire = await startQuire(store, { settings });
  const ask: HttpScene['ask'] = async (path, options = {}) => (await send(quire.origin, path, options)) as Answer<never>;
  return {
    quire,
    goodreads: quire.goodreads,
    ids: quire.goodreads.ids,
    ask,
    async parsed(links) {
      const { body } = await ask('/parse-links', { method: 'POST', body: links });
      await quire.ended(body['batchId'] as string);
      return body['batchId'] as string;
    },
    stop: quire.stop,
  };
}
