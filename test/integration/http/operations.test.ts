import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire, type TestQuire } from '../../support/service.ts';
import { timed } from '../../support/stopwatch.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const KEY = 'a-key-of-ours';
const basic = (password: string): string => `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`;

describe('off loopback without keys', () => {
  it('the dashboard is closed and says what to set', async () => {
    const quire = await startQuire('redis', { settings: { HOST: '0.0.0.0', OPEN: 'true' } });
    try {
      const origin = `http://127.0.0.1:${new URL(quire.origin).port}`;
      const answer = await fetch(`${origin}/dashboard`);
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/problem+json']);
      expect(((await answer.json()) as { detail: string }).detail).toContain('API_KEYS');
      expect((await fetch(`${origin}/dashboard/api/queues`)).status).toBe(403);
      expect((await fetch(`${origin}/livez`)).status).toBe(200);
    } finally {
      await quire.stop();
    }
  });
});

describe('with API_KEYS', () => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene('redis', { API_KEYS: `another-key,${KEY}` });
  });
  afterAll(() => scene.stop());

  it('only the health checks, the page itself and the pages about errors answer without one', async () => {
    for (const path of ['/livez', '/readyz', '/']) expect((await scene.ask(path)).status, path).toBe(200);
    for (const path of [
      '/book-info?id=1',
      '/books',
      '/metrics',
      '/stats',
      '/openapi.yaml',
      '/docs/',
      '/docs/static/swagger-ui.css',
      '/dashboard',
      '/dashboard/api/queues',
      '/nothing',
    ]) {
      const { status, headers, body } = await scene.ask(path);
      expect([status, body['code']], path).toEqual([401, 'unauthorized']);
      expect(headers.get('www-authenticate'), path).toMatch(/^\/(docs|dashboard)/.test(path) ? /^Basic realm=/ : /^Bearer realm=/);
    }
    expect((await scene.ask('/parse-links', { method: 'POST', body: [linkTo(1)] })).status).toBe(401);
  });

  it('what the type of a problem leads to answers without one', async () => {
    const { body } = await scene.ask('/stats');
    for (const path of [String(body['type']), '/errors', '/errors/nothing'])
      expect((await scene.ask(path)).status, path).toBe(path === '/errors/nothing' ? 404 : 200);
  });

  it('a key opens everything, however it is sent', async () => {
    const ways: Record<string, string>[] = [
      { authorization: `Bearer ${KEY}` },
      { authorization: `bearer ${KEY}` },
      { 'x-api-key': KEY },
      { authorization: basic(KEY) },
      { authorization: KEY },
      { 'x-api-key': 'another-key' },
    ];
    for (const headers of ways) {
      for (const path of ['/stats', '/dashboard', '/docs/']) expect((await scene.ask(path, { headers })).status, path).toBe(200);
    }
    const ill: Record<string, string>[] = [
      { authorization: 'Bearer wrong-key' },
      { authorization: `Bearer ${KEY}x` },
      { authorization: `${KEY}x` },
      { authorization: basic('wrong') },
      { authorization: 'Basic !' },
      { 'x-api-key': '' },
    ];
    for (const headers of ill) expect((await scene.ask('/stats', { headers })).status, JSON.stringify(headers)).toBe(401);
  });

  it('copies are private to callers with a key', async () => {
    const headers = { 'x-api-key': KEY };
    const id = scene.ids[0] ?? '';
    const answer = await scene.ask(`/book-info?id=${id}&submit=true`, { headers: { ...headers, prefer: 'wait=20' } });
    expect(answer.headers.get('cache-control')).toMatch(/^private, max-age=/);
  });

  it('credentials that a browser adds by itself do not help pages of other origins', async () => {
    const answer = await scene.ask('/parse-links', {
      method: 'POST',
      headers: { authorization: basic(KEY), origin: 'https://evil.example' },
      body: [linkTo(1)],
    });
    expect(answer.status).toBe(403);
  });
});

describe('a store that goes away', () => {
  let quire: TestQuire;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    redis = await startRedis();
    quire = await startQuire('redis', { role: 'api', env: { REDIS_URL: redis.url, QUEUE_PREFIX: ownPrefix() } });
    await redis.kill9();
  });
  afterAll(async () => {
    await quire.stop();
    await redis.stop();
  });

  // Each takes almost two seconds, in which nothing is done.
  it.concurrent.each([
    '/book-info?id=1',
    '/books',
    '/books/export',
    '/batches/0123456789abcdef',
    '/jobs/book-1',
    '/jobs?state=failed',
    '/stats',
    '/readyz',
    '/dashboard/api/queues',
  ])('is told as 503 within 2 s by GET %s', async (path) => {
    const { value, tookMs } = await timed(() => quire.get(path));
    const { status, headers, body } = value;
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'store-unavailable' });
    expect(tookMs).toBeLessThan(2100);
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(body)).not.toContain(new URL(redis.url).port);
  });

  it.concurrent('makes POST /parse-links answer 503 within 2 s, also with a key', async () => {
    for (const headers of [{}, { 'idempotency-key': 'k' }]) {
      const { value, tookMs } = await timed(() =>
        quire.post('/parse-links', [linkTo(1)], { headers: { 'content-type': 'application/json', ...headers } }),
      );
      expect(value.body).toMatchObject({ status: 503, code: 'store-unavailable' });
      expect(tookMs).toBeLessThan(2100);
    }
  });

  it('leaves the process alive, and its metrics too', async () => {
    expect((await quire.get('/livez')).status).toBe(200);
    expect((await quire.get('/metrics')).body).toMatch(/quire_store_up 0/);
  });
});
