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

const path = (): string => `/book/show/${goodreads.ids[0]}`;

describe('redirects', () => {
  async function redirecting(targets: Record<string, string>): Promise<{ origin: string; seen: string[] }> {
    const seen: string[] = [];
    const { origin } = await serve((request, response) => {
      seen.push(request.url ?? '');
      const location = targets[request.url ?? ''];
      if (location === undefined) response.end('a page');
      else response.writeHead(301, { location }).end();
    });
    return { origin, seen };
  }

  test('are followed to book pages of the same origin', async () => {
    const { origin, seen } = await redirecting({
      '/book/isbn/9780439023481': '/book/show/2767052-the-hunger-games',
      '/book/show/2767052-the-hunger-games': '/en/book/show/2767052.The_Hunger_Games?a=1',
    });
    const hops: string[] = [];
    const page = await make(origin).fetch('/book/isbn/9780439023481', { beforeHop: async (hop) => void hops.push(hop) });
    expect(page).toMatchObject({ status: 200, requests: 3, url: `${origin}/en/book/show/2767052.The_Hunger_Games?a=1` });
    expect(hops).toEqual(seen.slice(1));
  });

  test('to sign-in are answers, and not followed', async () => {
    await goodreads.control({ mode: 'signin' });
    const page = await fetcher.fetch(path());
    expect(page).toMatchObject({ status: 302, requests: 1 });
    expect(page.headers['location']).toContain('/user/sign_in');
    expect((await goodreads.stats()).requests).toBe(1);
  });

  test('to another site are refused: the target is never asked', async () => {
    let asked = 0;
    const { origin: elsewhere, server } = await serve((_request, response) => void response.end(String(++asked)));
    let connected = 0;
    server.on('connection', () => (connected += 1));
    for (const location of [
      `${elsewhere}/latest/meta-data/`,
      `${elsewhere}/book/show/1`,
      `//${new URL(elsewhere).host}/book/show/1`,
      `http://user@${new URL(goodreads.origin).host}/book/show/1`,
    ]) {
      await goodreads.control({ mode: 'offsite', location });
      expect(await faultKind(fetcher.fetch(path()))).toBe('redirect');
    }
    expect({ asked, connected }).toEqual({ asked: 0, connected: 0 });
  });

  test.each([
    '/',
    '/search?q=x',
    '/book/show/0',
    '/book/show/12/reviews',
    '/book/show/../../admin',
    'ftp://127.0.0.1/book/show/1',
    'http://',
    '',
  ])('to %j are refused', async (location) => {
    await goodreads.control({ mode: 'offsite', location });
    expect(await faultKind(fetcher.fetch(path()))).toBe('redirect');
    expect((await goodreads.stats()).requests).toBe(1);
  });

  test('end after three', async () => {
    const chain = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`/book/show/${n + 1}`, `/book/show/${n + 2}`]));
    const { origin, seen } = await redirecting(chain);
    expect(await faultKind(make(origin).fetch('/book/show/1'))).toBe('redirect');
    expect(seen).toEqual(['/book/show/1', '/book/show/2', '/book/show/3', '/book/show/4']);
  });

  test('stop when the caller refuses, and waiting for the caller does not use up the deadline', async () => {
    const { origin, seen } = await redirecting({ '/book/isbn/9780439023481': '/book/show/1' });
    const own = make(origin, { timeoutMs: 200 });
    await expect(
      own.fetch('/book/isbn/9780439023481', { beforeHop: async () => Promise.reject(new Error('not allowed')) }),
    ).rejects.toThrow('not allowed');
    expect(seen).toHaveLength(1);
    const startedMs = performance.now();
    const slow = async (): Promise<void> => void (await waitUntil('300 ms to pass', () => performance.now() - startedMs > 300));
    expect((await own.fetch('/book/isbn/9780439023481', { beforeHop: slow })).status).toBe(200);
  });
});
