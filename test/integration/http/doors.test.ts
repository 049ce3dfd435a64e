/** Who may ask what: names that lead here, pages of other origins, callers without a key. */
import { BookSchema } from '../../../src/http/schemas/book.ts';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createService } from '../../../src/service.ts';
import { sendRaw, type RawAnswer } from '../../support/raw-http.ts';
import { startQuire, storeEnvironment, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo } from './scene.ts';

const EVIL = ['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', ''];
const OURS = ['localhost', 'localhost:3000', 'LOCALHOST', '127.0.0.1:3000', '[::1]:3000'];

const asked = (quire: TestQuire, method: string, path: string, host: string | null, version = '1.1'): Promise<RawAnswer> =>
  sendRaw(quire.origin, [`${method} ${path} HTTP/${version}`, ...(host === null ? [] : [`host: ${host}`]), 'connection: close']);

const [BOOK] = (BookSchema as unknown as { examples: [object] }).examples;

async function putBook(quire: TestQuire, id: number, freshForMs: number): Promise<void> {
  const nowMs = Date.now();
  const body = Buffer.from(JSON.stringify({ ...BOOK, id: String(id) }));
  const times = { fetchedAtMs: nowMs - 1000, freshUntilMs: nowMs + freshForMs };
  await quire.service.store.books.put(
    { bookId: String(id) as BookId, body, etag: 'e'.repeat(16), richness: 1, ...times },
    [],
    nowMs + 86_400_000,
  );
}

describe('on loopback without keys', () => {
  let quire: TestQuire;
  beforeAll(async () => {
    quire = await startQuire('redis', { role: 'api', settings: { PUBLIC_URL: 'https://books.example:8443/quire' } });
  });
  afterAll(() => quire.stop());

  it('a name that leads here by DNS rebinding reads and changes nothing', async () => {
    await putBook(quire, 1, 1000);
    for (const host of EVIL) {
      for (const [method, path] of [
        ['DELETE', '/books/1'],
        ['GET', '/books'],
        ['GET', '/'],
        ['GET', '/docs/'],
        ['GET', '/dashboard'],
        ['GET', '/metrics'],
        ['GET', '/errors'],
        ['GET', '/nothing'],
        ['OPTIONS', '/books/1'],
      ] as const) {
        const { status, body } = await asked(quire, method, path, host);
        expect([status, JSON.parse(body).code], `${method} ${path} under ${host}`).toEqual([403, 'forbidden']);
      }
    }
    expect((await quire.get('/books/1')).status).toBe(200);
  });

  it('loopback names and the host of PUBLIC_URL are answered, whatever the port', async () => {
    for (const host of [...OURS, 'books.example', 'BOOKS.example:8443', 'books.example:80'])
      expect((await asked(quire, 'GET', '/books', host)).status, host).toBe(200);
  });

  it('the dashboard is for loopback names alone', async () => {
    expect((await asked(quire, 'GET', '/dashboard', 'books.example')).status).toBe(403);
    expect((await asked(quire, 'GET', '/dashboard', 'localhost:3000')).status).toBe(200);
  });

  it('health checks are answered under any Host and under none', async () => {
    for (const path of ['/livez', '/readyz']) {
      for (const host of [...EVIL, ...OURS, null]) expect((await asked(quire, 'GET', path, host)).status, `${path} ${host}`).toBe(200);
      expect((await asked(quire, 'GET', path, null, '1.0')).status).toBe(200);
      expect((await asked(quire, 'HEAD', path, 'evil.example')).status).toBe(200);
    }
  });

  it('a request without Host is refused as a problem', async () => {
    const { status, head, body } = await asked(quire, 'GET', '/books', null);
    expect([status, JSON.parse(body)]).toMatchObject([400, { type: 'about:blank', status: 400, instance: expect.any(String) }]);
    expect(head).toContain('application/problem+json');
    expect((await asked(quire, 'GET', '/books', null, '1.0')).status).toBe(403);
  });
});

describe('what a browser is told', () => {
  const SECURITY = {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
  const headersOf = ({ head }: RawAnswer): Headers =>
    new Headers(
      head
        .split('\r\n')
        .slice(1)
        .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    );

  it.each([
    ['https', 'max-age=31536000'],
    ['http', null],
  ])('comes with every answer, and of an address by %s the HSTS is %s', async (scheme, hsts) => {
    const quire = await startQuire('redis', { role: 'api', settings: { PUBLIC_URL: `${scheme}://books.example` } });
    onTestFinished(quire.stop);
    await putBook(quire, 1, 1000);
    const { body: batch } = await quire.post('/parse-links', [linkTo(31)]);
    const answers: [string, string, string?][] = [
      ['GET', '/books/1'],
      ['HEAD', '/books/1'],
      ['GET', '/books/1', 'if-none-match: *'],
      ['GET', '/'],
      ['GET', '/docs/'],
      ['GET', '/docs/static/index.css'],
      ['GET', '/dashboard'],
      ['GET', '/dashboard/ledger'],
      ['GET', '/errors/forbidden'],
      ['GET', '/metrics'],
      ['GET', '/books/export'],
      ['GET', '/livez'],
      ['OPTIONS', '/books/1'],
      ['DELETE', '/books'],
      ['GET', '/nothing'],
      ['GET', '/books/%E0%A4%A'],
      ['GET', `/books/${'x'.repeat(300)}`],
      ['GET', '/books', 'host: evil.example'],
      ['GET', '/books', `x: ${'x'.repeat(20_000)}`],
      ['GET', '/books', 'expect: wonders'],
      ['CONNECT', 'localhost:80'],
      ['NONSENSE', '/'],
    ];
    for (const [method, path, line] of answers) {
      const lines = [`${method} ${path} HTTP/1.1`, ...(line?.startsWith('host') ? [] : ['host: localhost']), ...(line ? [line] : [])];
      const answer = await sendRaw(quire.origin, [...lines, 'connection: close']);
      const headers = headersOf(answer);
      const where = `${method} ${path.slice(0, 40)} ${line?.slice(0, 40) ?? ''}: ${answer.status}`;
      expect(answer.status, where).toBeGreaterThanOrEqual(200);
      expect(Object.fromEntries(Object.keys(SECURITY).map((name) => [name, headers.get(name)])), where).toEqual(SECURITY);
      expect(headers.get('strict-transport-security'), where).toBe(hsts);
      expect(headers.get('content-security-policy'), where).toMatch(/^default-src '(none|self)';.* frame-ancestors 'none'(;|$)/);
    }
    const events = new AbortController();
    const stream = await fetch(`${quire.origin}/batches/${batch.batchId}/events`, { signal: events.signal });
    expect(Object.fromEntries(Object.keys(SECURITY).map((name) => [name, stream.headers.get(name)]))).toEqual(SECURITY);
    events.abort();
  });
});

describe('with keys, or off loopback', () => {
  it('any Host is answered', async () => {
    const keyed = await startQuire('redis', { role: 'api', settings: { API_KEYS: 'a-key-of-ours' } });
    onTestFinished(keyed.stop);
    const lines = ['GET /books HTTP/1.1', 'host: books.example', 'x-api-key: a-key-of-ours', 'connection: close'];
    expect((await sendRaw(keyed.origin, lines)).status).toBe(200);
    const open = await startQuire('redis', { role: 'api', settings: { HOST: '0.0.0.0', OPEN: 'true' } });
    onTestFinished(open.stop);
    const origin = `http://127.0.0.1:${new URL(open.origin).port}`;
    expect((await sendRaw(origin, ['GET /books HTTP/1.1', 'host: books.example', 'connection: close'])).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  let quire: TestQuire;
  beforeAll(async () => {
    quire = await startQuire('redis', { role: 'api' });
  });
  afterAll(() => quire.stop());

  const foreign = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'https://evil.example' }] as Record<
    string,
    string
  >[];

  it('makes no job by a read with submit=true', async () => {
    for (const headers of foreign) {
      for (const path of ['/book-info?id=11&submit=true', `/book-info?url=${linkTo(11)}&submit=1`, '/books/11?submit=true']) {
        for (const method of ['GET', 'HEAD']) {
          const { status, headers: told } = await quire.get(path, { headers, method });
          expect([status, told.get('content-type')], `${method} ${path}`).toEqual([403, 'application/problem+json']);
        }
      }
    }
    expect((await quire.get('/jobs/book-11')).status).toBe(404);
    expect((await quire.get('/book-info?id=11&submit=true', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(202);
    expect((await quire.get('/book-info?id=12&submit=true', { headers: { 'sec-fetch-site': 'none' } })).status).toBe(202);
  });

  it('queues no refresh by reading a stale copy; a reader of our own does', async () => {
    const jobOf = (id: number) => quire.service.store.jobs.get(`book-${id}` as JobId);
    await Promise.all([21, 22].map((id) => putBook(quire, id, -500)));
    for (const headers of foreign) expect((await quire.get('/books/21', { headers })).status).toBe(200);
    expect((await quire.get('/books/22')).status).toBe(200);
    await waitUntil('the refresh of our own reader to be queued', async () => (await jobOf(22)) !== null);
    expect(await jobOf(21)).toBeNull();
    // A foreign read does not use up the turn of one of our own either.
    expect((await quire.get('/books/21')).status).toBe(200);
    await waitUntil('that refresh to be queued as well', async () => (await jobOf(21)) !== null);
  });
});

describe('the start', () => {
  async function warningsOf(settings: Record<string, string>, role = 'api'): Promise<string[]> {
    const { env, cleanUp } = await storeEnvironment('redis');
    onTestFinished(cleanUp);
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
    const service = createService(readConfig({ ...env, PORT: '0', ...settings }, role), { log, version: '0' });
    onTestFinished(() => service.stop());
    await service.start();
    return lines.filter((line) => line.includes('API_KEYS'));
  }

  it('warns in one line of what is open to whom while others can reach it and no keys are set', async () => {
    expect(await warningsOf({ HOST: '0.0.0.0', OPEN: 'true' })).toEqual([
      expect.stringMatching(
        /^HOST is 0\.0\.0\.0, there are no keys, and OPEN=true: .*every machine.*read.*delete.*Set API_KEYS.*HOST=127\.0\.0\.1/,
      ),
    ]);
    expect(await warningsOf({ PUBLIC_URL: 'https://books.example' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL is set and API_KEYS is not: .*books\.example.*Set API_KEYS/),
    ]);
  });

  it('does not warn of a closed door', async () => {
    expect(await warningsOf({})).toEqual([]);
    expect(await warningsOf({ HOST: '0.0.0.0', API_KEYS: 'a-key-of-ours' })).toEqual([]);
    expect(await warningsOf({ HOST: '0.0.0.0' }, 'worker')).toEqual([]);
    expect(await warningsOf({ HOST: 'localhost', PUBLIC_URL: 'http://localhost:3000' })).toEqual([]);
  });
});
