/**
 * A stand-in for Goodreads on loopback: serves saved book pages and made-up lists, and misbehaves on request. For tests, the demo and the
 * bench.
 *
 *   tsx scripts/goodreads-stand-in.ts [--port 0] [--pages DIR] [--robots FILE] [--servings]     prints {"origin":…,"books":n} once it listens
 *
 * `GET /book/show/<id>` and `/book/isbn/<isbn>` answer as Goodreads does, `/robots.txt` allows book pages.
 * `/list/show`, `/series`, `/author/show`, `/author/list`, `/work/editions`, `/shelf/show`, `/genres` and `/book/auto_complete` answer for
 * every id with made-up pages (`goodreads-listings.ts`): {@link Collections} in the control sets sizes and traps.
 * `POST /__control` takes a {@link Control} and answers book pages accordingly from then on; `GET /__stats` tells
 * what was requested ({@link Stats}), `DELETE /__stats` forgets it. Neither control, stats nor robots.txt count as requests.
 * With `--servings` each page of a made-up book tells its number in its count of text reviews, and `GET /__servings` lists them ({@link Serving}).
 */
import { once } from 'node:events';
import { fstatSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argv, exit, stdin, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { readArguments } from './arguments.ts';
import { collectionRequest, type CollectionRequest, type Collections } from './goodreads-collections.ts';
import { loadPages, type SavedPages } from './goodreads-pages.ts';
import { misbehave, type Mode } from './goodreads-misbehaviour.ts';

/** How pages are answered from now on. Sizes and traps of collections stay until they are set again. */
export interface Control extends Collections {
  mode?: Mode;
  /** Modes of single books, by number, collections (`list/7`) and their pages (`list/7?page=2`). They go before `mode`. */
  modes?: Record<string, Mode>;
  /** Only the next so many pages misbehave. */
  times?: number;
  /** Only these books, collections or their pages misbehave. */
  ids?: (string | number)[];
  /** Wait before each answer. */
  delayMs?: number;
  /** Pages are compressed: `true` means gzip. */
  gzip?: boolean | 'gzip' | 'br' | 'deflate';
  /** The `Retry-After` of mode `limited` (default 2) and `down` (default none): seconds, or any text such as an HTTP date. */
  retryAfter?: number | string;
  /** Where mode `offsite` redirects to. */
  location?: string;
}

export interface Stats {
  requests: number;
  byId: Record<string, number>;
  /** Requests for pages that list books (`list/7?page=2`) and for suggestions (`autocomplete/<question>`). */
  byPage: Record<string, number>;
  maxConcurrent: number;
  /** Most requests within one second of the wall clock. */
  perSecondPeak: number;
  userAgents: Record<string, number>;
  /** When the latest 10,000 requests came, in milliseconds since the epoch. */
  atMs: number[];
  robotsRequests: number;
  since: string;
}

/** A page of a made-up book that was served. */
export interface Serving {
  /** The count of text reviews in it: grows with every serving. */
  reviews: number;
  id: string;
  /** When the page was made, after its request had come, in milliseconds since the epoch. */
  atMs: number;
}

export interface GoodreadsOptions {
  /** Folder of pages; default: the project's fixtures. */
  pages?: string;
  /** Default: a free one. */
  port?: number;
  /** The text of robots.txt; `null` answers 404. Default: book pages are allowed. */
  robots?: string | null;
  /** Numbers the pages of made-up books and remembers them all. */
  servings?: boolean;
}

export interface Goodreads {
  origin: string;
  /** Numbers of the books that have a page. */
  ids: readonly string[];
  control(control: Control): Promise<void>;
  /** Sets sizes and traps, and leaves the rest of the control as it is. */
  setCollections(collections: Collections): void;
  /** Replaces robots.txt: text, `null` for 404, or a status to answer with. */
  setRobots(robots: string | number | null): void;
  stats(): Promise<Stats>;
  servings(): readonly Serving[];
  resetStats(): Promise<void>;
  stop(): Promise<void>;
}

const ROBOTS =
  'User-agent: *\nDisallow: /search\nDisallow: /review/list\nAllow: /book/show/\nDisallow: /work\nAllow: /work/editions\nAllow: /work/quotes\n';
const NOT_FOUND =
  '<html><head><title>Page not found</title></head><body><div data-testid="errorText">Sorry, we couldn’t find the page you were looking for.</div></body></html>';
const KEPT_TIMES = 10_000;
const FIRST_SERVING = 1_000_000_000;

const compress: Record<string, (page: Buffer) => Buffer> = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync };

/** Starts a stand-in in this process, on loopback. `stop` it. */
export async function startGoodreads(options: GoodreadsOptions = {}): Promise<Goodreads> {
  const pages: SavedPages = loadPages(options.pages);
  let robots: string | number | null = options.robots === undefined ? ROBOTS : options.robots;
  let control: Control = { mode: 'open' };
  const collections: Required<Collections> = { sizes: {}, traps: {}, suggestions: {} };
  const setCollections = ({ sizes, traps, suggestions }: Collections): void => {
    Object.assign(collections.sizes, sizes);
    Object.assign(collections.traps, traps);
    Object.assign(collections.suggestions, suggestions);
  };
  let stats = emptyStats();
  const servings: Serving[] = [];
  let open = 0;
  let second = { at: 0, count: 0 };

  const count = (request: IncomingMessage, response: ServerResponse): void => {
    open += 1;
    response.once('close', () => (open -= 1));
    const nowMs = Date.now();
    const at = Math.floor(nowMs / 1000);
    second = second.at === at ? { at, count: second.count + 1 } : { at, count: 1 };
    stats.requests += 1;
    stats.maxConcurrent = Math.max(stats.maxConcurrent, open);
    stats.perSecondPeak = Math.max(stats.perSecondPeak, second.count);
    stats.atMs.push(nowMs);
    if (stats.atMs.length > 2 * KEPT_TIMES) stats.atMs.splice(0, KEPT_TIMES);
    const agent = request.headers['user-agent'] ?? '';
    stats.userAgents[agent] = (stats.userAgents[agent] ?? 0) + 1;
  };

  /** Waits as the control says, and answers in its mode when that is not `open`. `keys` name the page, the closest first. */
  const misbehaved = async (
    keys: string[],
    request: IncomingMessage,
    response: ServerResponse,
    page: () => Buffer | undefined,
  ): Promise<boolean> => {
    const { mode: common = 'open', modes = {}, ids, delayMs = 0 } = control;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    const own = keys.map((key) => modes[key]).find((mode) => mode !== undefined);
    const mode = own ?? common;
    const wanted = mode !== 'open' && (own !== undefined || ids === undefined || ids.some((id) => keys.includes(String(id))));
    if (!wanted || (control.times !== undefined && control.times-- <= 0)) return false;
    misbehave(mode, { request, response, control, page: page() });
    return true;
  };

  const sendPage = (response: ServerResponse, page: Buffer, headers: Record<string, string> = {}): void => {
    const { gzip = false } = control;
    const encoding = gzip === true ? 'gzip' : gzip;
    if (encoding === false) return send(response, 200, headers, page);
    return send(response, 200, { ...headers, 'content-encoding': encoding }, compress[encoding]?.(page) ?? page);
  };

  const answerBook = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    count(request, response);
    const isbn = /^\/book\/isbn\/(\w+)/.exec(url.pathname)?.[1] ?? (url.pathname === '/book/isbn' ? url.searchParams.get('isbn') : null);
    const id = isbn === null || isbn === undefined ? /^\/(?:\w\w\/)?book\/show\/(\d+)/.exec(url.pathname)?.[1] : pages.byIsbn(isbn);
    if (id === undefined) return send(response, 404, {}, NOT_FOUND);
    if (isbn) return send(response, 301, { location: `/book/show/${id}` });
    stats.byId[id] = (stats.byId[id] ?? 0) + 1;
    if (await misbehaved([id], request, response, () => pages.page(id) ?? pages.page(pages.ids[0] ?? ''))) return;
    const reviews = options.servings ? FIRST_SERVING + servings.length : undefined;
    const page = pages.page(id, reviews);
    if (page !== undefined && reviews !== undefined) servings.push({ reviews, id, atMs: Date.now() });
    if (page === undefined) return send(response, 404, {}, NOT_FOUND);
    return sendPage(response, page);
  };

  const answerCollection = async (request: IncomingMessage, response: ServerResponse, asked: CollectionRequest): Promise<void> => {
    count(request, response);
    const { status, headers, body } = asked.answer(collections, pages);
    // The redirect to the address with the slug is a request, and no page.
    if (status !== 200) return send(response, status, headers, body);
    stats.byPage[asked.pageKey] = (stats.byPage[asked.pageKey] ?? 0) + 1;
    if (await misbehaved([asked.pageKey, asked.key], request, response, () => Buffer.from(body))) return;
    return sendPage(response, Buffer.from(body), headers);
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    if (url.pathname === '/__control') {
      void readAll(request).then((body) => {
        control = { mode: 'open', ...(JSON.parse(body || '{}') as Control) };
        setCollections(control);
        sendJson(response, control);
      });
    } else if (url.pathname === '/__stats') {
      if (request.method === 'DELETE') stats = emptyStats();
      sendJson(response, stats);
    } else if (url.pathname === '/__servings') {
      sendJson(response, servings);
    } else if (url.pathname === '/robots.txt') {
      stats.robotsRequests += 1;
      if (typeof robots === 'string') send(response, 200, { 'content-type': 'text/plain' }, robots);
      else send(response, robots ?? 404, {}, 'no robots.txt');
    } else if (url.pathname.startsWith('/user/sign_in')) {
      send(response, 200, {}, '<html><head><title>Sign in</title></head><body>Sign in to Goodreads</body></html>');
    } else {
      const asked = collectionRequest(url);
      void (asked === null ? answerBook(request, response, url) : answerCollection(request, response, asked));
    }
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    ids: pages.ids,
    async control(next) {
      control = { mode: 'open', ...next };
      setCollections(next);
    },
    setCollections,
    setRobots(next) {
      robots = next;
    },
    stats: async () => structuredClone(stats),
    servings: () => servings,
    async resetStats() {
      stats = emptyStats();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function emptyStats(): Stats {
  return {
    requests: 0,
    byId: {},
    byPage: {},
    maxConcurrent: 0,
    perSecondPeak: 0,
    userAgents: {},
    atMs: [],
    robotsRequests: 0,
    since: new Date().toISOString(),
  };
}

function send(response: ServerResponse, status: number, headers: Record<string, string>, body: string | Buffer = ''): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'content-length': bytes.length, ...headers });
  response.end(bytes);
}

function sendJson(response: ServerResponse, value: unknown): void {
  send(response, 200, { 'content-type': 'application/json' }, JSON.stringify(value));
}

async function readAll(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = readArguments({
    options: {
      port: { type: 'string' },
      pages: { type: 'string' },
      robots: { type: 'string' },
      servings: { type: 'boolean', default: false },
    },
  });
  const goodreads = await startGoodreads({
    port: Number(values.port ?? 0),
    servings: values.servings,
    ...(values.pages === undefined ? {} : { pages: values.pages }),
    ...(values.robots === undefined ? {} : { robots: readFileSync(values.robots, 'utf8') }),
  });
  stdout.write(`${JSON.stringify({ origin: goodreads.origin, books: goodreads.ids.length })}\n`);
  // Started as a child it ends with its parent, however that one ends: the pipe between them closes.
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) stdin.resume().once('end', () => exit(0));
}
