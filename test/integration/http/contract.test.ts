/** Asks every operation of openapi.yaml for what it refuses. Each answer is held to the document as it comes (test/support/hold-answers.ts). */
import { once } from 'node:events';
import { METHODS } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Answer, OpenApi } from '../../support/contract.ts';
import { holdAnswer } from '../../support/hold-answers.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const KEY = 'a-key-of-ours';
/** More than the route takes. */
const tooMany = (template: string): string =>
  'x'.repeat(
    1024 *
      (template.endsWith('/page')
        ? 8 * 1024
        : template === '/pages'
          ? 32 * 1024
          : ['/parse-links', '/batches/{batchId}/links'].includes(template)
            ? 2 * 1024
            : 64),
  );
const document = JSON.parse(inject('openapi')) as OpenApi & {
  paths: Record<string, Record<string, { security?: object[]; responses: Record<string, { headers?: object }> }>>;
};
const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ template, method: method.toUpperCase(), operation })),
);
const json = { 'content-type': 'application/json' };

/** A path of the template, with `value` in every hole. */
const pathOf = (template: string, value: string): string => template.replaceAll(/\{\w+\}/g, value);
/** Names that lead nowhere, one for each kind of id. */
const namesNothing = (template: string): string =>
  pathOf(template, template.startsWith('/jobs') ? 'book-1999999999' : template.startsWith('/books') ? '1999999999' : '0123456789abcdef');

/** Sends `text` over a bare connection, and holds what comes back. */
async function raw(origin: string, text: string): Promise<Answer> {
  const { port, hostname } = new URL(origin);
  const socket = connect(Number(port), hostname, () => socket.write(text));
  let seen = '';
  // What is still being sent when the answer comes may be refused.
  socket.on('error', () => undefined);
  socket.on('data', (data) => (seen += data.toString()));
  await once(socket, 'close');
  const [head = '', body = ''] = seen.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = new Headers(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]));
  const [method = '', path = ''] = text.split(' ');
  const answer = { method, path, status: Number(statusLine.split(' ')[1]), headers, body };
  holdAnswer(answer);
  return answer;
}

describe.each([
  { keys: 'without keys', settings: {}, credentials: {} },
  { keys: 'with keys', settings: { API_KEYS: KEY }, credentials: { 'x-api-key': KEY } },
] as { keys: string; settings: Record<string, string>; credentials: Record<string, string> }[])('$keys', ({ settings, credentials }) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene('redis', settings);
  });
  afterAll(() => scene.stop());

  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: unknown) =>
    scene.ask(path, { method, headers: { ...credentials, ...headers }, ...(body === undefined ? {} : { body }) });

  it.each(operations)('$method $template answers as described', async ({ template, method, operation }) => {
    const path = namesNothing(template);
    // An event stream or a page is read by others.
    const plain = await ask(method, path);
    expect(Object.keys(operation.responses)).toContain(String(plain.status));
    if (method === 'GET') await ask('HEAD', path);
    if (!template.includes('{')) return;
    expect((await ask(method, pathOf(template, '%E0%A4%A'))).status).toBe(400);
    expect((await ask(method, pathOf(template, 'x'.repeat(300)))).status).toBe(404);
  });

  it.each(operations.filter(({ method }) => method !== 'GET'))(
    '$method $template refuses bodies as described',
    async ({ template, method }) => {
      const path = namesNothing(template);
      const isPage = template.endsWith('/page');
      const statuses = [
        await ask(method, path, json, '{"'),
        await ask(method, path, json, Buffer.from([0x22, 0xff, 0x22])),
        await ask(method, path, { ...json, 'content-encoding': 'gzip' }, 'x'),
        await ask(method, path, { ...json, 'content-encoding': 'zstd' }, 'x'),
        await ask(method, path, { 'content-type': 'application/xml' }, 'x'),
        await ask(method, path, { 'content-type': 'nonsense' }, 'x'),
        await ask(method, path, isPage ? { 'content-type': 'text/html' } : json, `"${tooMany(template)}"`),
        await ask(method, path, { ...json, 'sec-fetch-site': 'cross-site' }, '{}'),
      ].map(({ status }) => status);
      // Bytes that are no text may be a page: the answer of POST /pages tells that they are none.
      const odd = template === '/pages' ? 200 : 400;
      expect(statuses).toEqual(isPage ? [415, 415, 415, 415, 415, 415, 413, 403] : [400, odd, 400, 415, 415, 415, 413, 403]);
    },
  );

  it.each(Object.keys(document.paths))('%s answers every method of HTTP', async (template) => {
    const path = namesNothing(template);
    // `fetch` sends neither of the three.
    for (const method of METHODS.filter((name) => !['CONNECT', 'TRACE', 'QUERY'].includes(name))) {
      if (method.toLowerCase() in (document.paths[template] ?? {}) || method === 'HEAD') continue;
      const { status, headers } = await ask(method, path);
      expect([status, headers.has('allow')], method).toEqual([method === 'OPTIONS' ? 204 : 405, true]);
    }
    const wrong = Object.keys(document.paths[template] ?? {}).includes('get') ? 'POST' : 'GET';
    expect((await ask(wrong, `${path}?x=1`)).status).toBeGreaterThanOrEqual(200);
  });

  it.each([
    ['a request that is no HTTP', 'NONSENSE\r\n\r\n', 400],
    ['a method that there is not', 'FOO /stats HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['a missing Host', 'GET /stats HTTP/1.1\r\n\r\n', 400],
    ['a missing Host where there is nothing', 'GET /nothing HTTP/1.1\r\n\r\n', 400],
    ['headers that are too long', `GET /stats HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'a chunk with too long an extension',
      `POST /parse-links HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-api-key: ${KEY}\r\ntransfer-encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n[]\r\n0\r\n\r\n`,
      413,
    ],
    ['an expectation that nobody meets', 'GET /stats HTTP/1.1\r\nhost: localhost\r\nexpect: wonders\r\n\r\n', 417],
    ['CONNECT', 'CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n', 501],
  ])('answers %s with a problem of HTTP', async (_name, text, status) => {
    const answer = await raw(scene.quire.origin, text);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ type: 'about:blank', status, instance: answer.headers.get('x-request-id') });
  });

  it('needs no Host for the health checks, nor from HTTP/1.0', async () => {
    for (const text of ['GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', 'GET /readyz HTTP/1.0\r\n\r\n'])
      expect((await raw(scene.quire.origin, text)).status).toBe(200);
  });

  it('answers TRACE and QUERY with 405', async () => {
    for (const method of ['TRACE', 'QUERY']) {
      const headers = Object.entries({ ...credentials, host: 'localhost', connection: 'close' }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      );
      const { status, headers: given } = await raw(scene.quire.origin, `${method} /books HTTP/1.1\r\n${headers.join('')}\r\n`);
      expect([status, given.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('answers a submission, and what comes of it, as described', async () => {
    const [first = '', second = ''] = scene.ids;
    const links = [linkTo(first), linkTo(second), linkTo(4), 'nonsense'];
    const submitted = await ask('POST', '/parse-links', { prefer: 'wait=20', 'idempotency-key': 'one' }, links);
    const { batchId } = submitted.body as { batchId: string };
    await ask('POST', '/parse-links', { 'idempotency-key': 'one' }, links);
    expect((await ask('POST', '/parse-links', { 'idempotency-key': 'one' }, [linkTo(1)])).status).toBe(422);
    // What Goodreads does not have is looked at twice.
    await waitUntil('the batch to end', async () => (await ask('GET', `/batches/${batchId}`)).body['finishedAt'] !== null);
    expect((await ask('POST', '/parse-links', {}, links)).status).toBe(200);
    for (const path of [
      `/batches/${batchId}`,
      `/batches/${batchId}/items?limit=1`,
      `/batches/${batchId}/export`,
      `/batches/${batchId}/export?format=csv`,
      `/book-info?id=${first}`,
      `/book-info?id=4`,
      `/book-info?id=5`,
      `/books/${second}`,
      '/books?limit=1',
      '/jobs?state=failed',
      `/jobs/book-${first}`,
      '/source',
      '/source/ledger',
      '/parser/health',
      '/stats',
      '/errors/cancelled',
    ])
      await ask('GET', path);
    for (const path of [`/books/${first}/refresh`, `/jobs/book-4/retry`, `/failures/redrive`])
      expect((await ask('POST', path)).status).toBe(202);
    for (const path of [`/batches/${batchId}`, `/jobs/book-${first}`]) expect((await ask('DELETE', path)).status).toBe(200);
    expect((await ask('DELETE', `/books/${first}`)).status).toBe(204);
  });
});
