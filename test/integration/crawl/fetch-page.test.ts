import type { Server } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { PageFetcher } from '../../../src/crawl/fetch/fetch-page.ts';
import { createFetchingBench, faultKind } from '../../support/fetching.ts';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { waitUntil } from '../../support/wait-until.ts';

let goodreads: Goodreads;
let fetcher: PageFetcher;
const bench = createFetchingBench();
const { fetcher: make, serve } = bench;

beforeAll(async () => {
  goodreads = await startGoodreads();
});
afterAll(async () => goodreads.stop());
beforeEach(async () => {
  await goodreads.control({ mode: 'open' });
  await goodreads.resetStats();
  fetcher = make(goodreads.origin);
});
afterEach(async () => bench.stopAll());

/** Counts the connections that carried a request and are still there; the client may open one ahead of its next request. */
function usedConnections(server: Server): () => number {
  const used = new Set<unknown>();
  server.on('request', ({ socket }) => {
    used.add(socket);
    socket.once('close', () => used.delete(socket));
  });
  return () => used.size;
}

const path = (): string => `/book/show/${goodreads.ids[0]}`;

describe('an honest answer', () => {
  test('comes with status, headers, bytes and the address that answered', async () => {
    const page = await fetcher.fetch(path());
    expect(page).toMatchObject({ status: 200, url: goodreads.origin + path(), requests: 1 });
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body.length).toBeGreaterThan(100);
    expect(page.wireBytes).toBe(page.body.length);
  });

  test.each(['gzip', 'br', 'deflate'] as const)('is decompressed from %s', async (gzip) => {
    const plain = await fetcher.fetch(path());
    await goodreads.control({ gzip });
    const page = await fetcher.fetch(path());
    expect(Buffer.from(page.body).equals(Buffer.from(plain.body))).toBe(true);
    expect(page.headers['content-encoding']).toBe(gzip);
    expect(page.wireBytes).not.toBe(page.body.length);
  });

  test('is asked for as HTML, in English, compressed, with a user agent and without cookies', async () => {
    const seen: Record<string, string | string[] | undefined>[] = [];
    const { origin } = await serve((request, response) => {
      seen.push(request.headers);
      response.setHeader('set-cookie', 'session=1').end('x');
    });
    const own = make(origin);
    await own.fetch('/book/show/1');
    await own.fetch('/book/show/1');
    for (const headers of seen) {
      expect(headers).toMatchObject({ 'user-agent': 'Quire/test (+https://example.org)', 'accept-encoding': 'gzip, deflate, br' });
      expect(headers['accept']).toMatch(/^text\/html/);
      expect(headers['accept-language']).toMatch(/^en-US/);
      expect(headers['cookie']).toBeUndefined();
    }
    expect(seen).toHaveLength(2);
  });

  test('reuses its connections', async () => {
    let connections = 0;
    const { origin, server } = await serve((_request, response) => void response.end('x'));
    server.on('connection', () => (connections += 1));
    const own = make(origin);
    for (let n = 0; n < 10; n++) await own.fetch('/book/show/1');
    // The pool may open a second one when asked again in the very moment an answer ends.
    expect(connections).toBeLessThanOrEqual(2);
  });

  test('may be a bare deflate stream, or encoded twice', async () => {
    const bodies: Record<string, [string, Buffer]> = {
      '/raw': ['deflate', deflateRawSync('a page')],
      '/zlib': ['deflate', deflateSync('a page')],
      '/twice': ['gzip, br', brotliCompressSync(gzipSync('a page'))],
      '/identity': ['identity', Buffer.from('a page')],
    };
    const { origin } = await serve((request, response) => {
      const [encoding, body] = bodies[request.url ?? ''] ?? ['', Buffer.alloc(0)];
      response.setHeader('content-encoding', encoding).end(body);
    });
    const own = make(origin);
    for (const each of Object.keys(bodies)) expect(Buffer.from((await own.fetch(each)).body).toString()).toBe('a page');
  });
});

describe('misbehaviour', () => {
  test.each([
    ['challenge', 202, 0],
    ['captcha', 405, 0],
    ['empty', 200, 0],
    ['forbidden', 403, 1],
    ['limited', 429, 1],
    ['down', 503, 1],
    ['truncated', 200, 1],
  ] as const)('%s is an answer with status %i', async (mode, status, atLeast) => {
    await goodreads.control({ mode });
    const page = await fetcher.fetch(path());
    expect(page.status).toBe(status);
    expect(page.body.length).toBeGreaterThanOrEqual(atLeast);
    expect(page.headers['x-amzn-waf-action']).toBe(['challenge', 'captcha'].includes(mode) ? mode : undefined);
  });

  test.each([
    ['reset', 'reset'],
    ['cut', 'reset'],
    ['hang', 'timeout'],
    ['drip', 'timeout'],
    ['huge', 'too-large'],
    ['announced', 'too-large'],
    ['bomb', 'too-large'],
    ['endless-gzip', 'too-large'],
    ['not-gzip', 'bad-encoding'],
    ['offsite', 'redirect'],
    ['loop', 'redirect'],
  ] as const)('%s is a fault of kind %s, and the next page is fetched as if nothing had been', async (mode, kind) => {
    const own = make(goodreads.origin, { timeoutMs: kind === 'timeout' ? 300 : 10_000 });
    await goodreads.control({ mode, times: mode === 'loop' ? 10 : 1 });
    expect(await faultKind(own.fetch(path()))).toBe(kind);
    await goodreads.control({ mode: 'open' });
    expect((await own.fetch(path())).status).toBe(200);
  });

  test('an unreachable server is a fault of kind unreachable', async () => {
    const { origin, server } = await serve(() => {});
    await new Promise((resolve) => server.close(resolve));
    expect(await faultKind(make(origin).fetch('/book/show/1'))).toBe('unreachable');
  });

  test('an answer that is not HTTP is a fault of kind protocol', async () => {
    const { origin, server } = await serve(() => {});
    server.on('connection', (socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.6\r\n')));
    expect(await faultKind(make(origin).fetch('/book/show/1'))).toBe('protocol');
  });

  test('a broken body does not hide a status that needs no body', async () => {
    const { origin } = await serve((request, response) => {
      const status = Number(request.url?.slice(1));
      response.writeHead(status, { 'content-encoding': 'gzip' }).end('this is no gzip');
    });
    const own = make(origin);
    for (const status of [202, 403, 429, 503]) {
      const page = await own.fetch(`/${status}`);
      expect({ status: page.status, bytes: page.body.length }).toEqual({ status, bytes: 0 });
    }
    // The page itself must prove that a book does not exist.
    expect(await faultKind(own.fetch('/404'))).toBe('bad-encoding');
  });

  test.each([
    ['x-unknown', 'x'],
    ['gzip, gzip, gzip', 'x'],
    ['br', 'this is no brotli'],
    ['gzip', gzipSync('a page that ends too early').subarray(0, 20)],
  ])('the encoding %s with a wrong body is a fault', async (encoding, body) => {
    const { origin } = await serve((_request, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(body));
    expect(await faultKind(make(origin).fetch('/book/show/1'))).toBe('bad-encoding');
  });

  test('compression bombs and endless pages take no more memory than the limit, and lose their connections at once', async () => {
    const { origin, server } = await serve((_request, response) => {
      const chunk = Buffer.alloc(1 << 20, 'x');
      const more = (): void => void (response.destroyed || response.write(chunk, more));
      more();
    });
    const own = make(origin, { timeoutMs: 20_000 });
    const used = usedConnections(server);
    const beforeBytes = process.memoryUsage().arrayBuffers;
    let peakBytes = 0;
    for (let n = 0; n < 5; n++) {
      expect(await faultKind(own.fetch('/book/show/1'))).toBe('too-large');
      await waitUntil('the connection to be gone', () => used() === 0, { timeoutMs: 2000 });
      await goodreads.control({ mode: 'bomb' });
      expect(await faultKind(fetcher.fetch(path()))).toBe('too-large');
      peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers);
    }
    // Five rounds of 200 MiB and more each: without the caps this would be a gigabyte. Garbage that waits for the collector counts too.
    expect(peakBytes - beforeBytes).toBeLessThan(300 << 20);
  });

  test('pages that hang until the deadline leave no connection open', async () => {
    const { origin, server } = await serve(() => {});
    const own = make(origin, { timeoutMs: 100, connections: 2 });
    const used = usedConnections(server);
    // More than there are connections: those that wait for one are given up as well, and never sent.
    const pages = Array.from({ length: 6 }, async () => faultKind(own.fetch('/book/show/1')));
    expect(await Promise.all(pages)).toEqual(Array.from({ length: 6 }, () => 'timeout'));
    await waitUntil('the connections to be gone', () => used() === 0, { timeoutMs: 2000 });
  });

  test('a signal ends a fetch at once, with its reason', async () => {
    await goodreads.control({ mode: 'hang' });
    const controller = new AbortController();
    const page = fetcher.fetch(path(), { signal: controller.signal });
    await waitUntil('the request to arrive', async () => (await goodreads.stats()).requests === 1);
    controller.abort(new Error('cancelled'));
    await expect(page).rejects.toThrow('cancelled');
    await expect(fetcher.fetch(path(), { signal: controller.signal })).rejects.toThrow('cancelled');
    expect((await goodreads.stats()).requests).toBe(1);
  });
});

test('a path that Quire did not build throws', async () => {
  for (const bad of ['book/show/1', '/book show', '/x\r\nhost: evil', '']) await expect(fetcher.fetch(bad)).rejects.toThrow(TypeError);
});

test('many pages at once use no more connections than allowed', async () => {
  await goodreads.control({ delayMs: 20 });
  await Promise.all(Array.from({ length: 24 }, (_, n) => fetcher.fetch(`/book/show/${1_000_000_000 + n}`)));
  const stats = await goodreads.stats();
  expect(stats.requests).toBe(24);
  expect(stats.maxConcurrent).toBeLessThanOrEqual(4);
});
