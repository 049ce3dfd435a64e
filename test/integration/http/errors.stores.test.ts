import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const json = { 'content-type': 'application/json' };

describe.each(inThisRun(STORES))('errors, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store);
  });
  afterAll(() => scene.stop());

  it('are problem documents with a page that explains them', async () => {
    const { status, headers, body } = await scene.ask('/nothing/here');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect({ status, ...body }).toEqual({
      status: 404,
      type: '/errors/not-found',
      title: expect.any(String),
      code: 'not-found',
      detail: expect.stringContaining('/nothing/here'),
      instance: headers.get('x-request-id'),
    });
    const page = await fetch(scene.quire.origin + String(body['type']));
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await scene.ask('/errors/nothing')).body).toMatchObject({ code: 'not-found' });
  });

  it('carry the request id of the caller where it is sane', async () => {
    expect((await scene.ask('/nothing', { headers: { 'x-request-id': 'mine-1.2~3_A' } })).body).toMatchObject({ instance: 'mine-1.2~3_A' });
    for (const id of ['a b', '<script>', 'x'.repeat(129)]) {
      const { body } = await scene.ask('/nothing', { headers: { 'x-request-id': id } });
      expect(body['instance']).toMatch(/^[\w-]+$/);
      expect(body['instance']).not.toBe(id);
    }
  });

  it.each([
    ['not JSON', '["a", }', /not valid JSON: Unexpected token '}' in /],
    ['JSON that breaks off', '["a",\n "b"', /not valid JSON: .* at line 2/],
    ['nothing', '', /empty/],
    ['null', 'null', /array of links/],
    ['a number', '5', /array of links/],
    ['a string', '"https://www.goodreads.com/book/show/1"', /array of links/],
    ['an empty array', '[]', /must have at least 1 item/],
    ['an object without urls', '{}', /must have urls/],
    ['an object with something more', '{"urls":["x"],"prio":1}', /\/prio is not a field/],
    ['urls that are no array', '{"urls":"x"}', /\/urls must be a list/],
    ['a priority there is not', '{"urls":["x"],"priority":"urgent"}', /\/priority must be one of interactive, normal, bulk/],
    ['a negative maxAge', '{"urls":["x"],"maxAge":-1}', /\/maxAge/],
    ['a maxAge that is text', '{"urls":["x"],"maxAge":"5"}', /\/maxAge must be a whole number/],
    ['a webhook that is no URL', '{"urls":["x"],"webhook":{"url":"nonsense"}}', /\/webhook\/url/],
  ])('a body that is %s gets 400', async (_name, body, detail) => {
    const answer = await scene.ask('/parse-links', { method: 'POST', headers: json, body });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer: expect.any(String) }] } });
    expect(answer.body['detail']).toMatch(detail);
  });

  it('bytes that are not UTF-8 get 400', async () => {
    const answer = await scene.ask('/parse-links', { method: 'POST', headers: json, body: Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]) });
    expect(answer).toMatchObject({ status: 400, body: { detail: 'The body is not UTF-8.' } });
  });

  it.each([
    ['/parse-links?priority=urgent', '/query/priority'],
    ['/parse-links?maxAge=1.5', '/query/maxAge'],
    ['/parse-links?maxAge=', '/query/maxAge'],
    ['/parse-links?maxAge=1&maxAge=2', '/query/maxAge'],
  ])('400 for POST %s', async (path, pointer) => {
    expect(await scene.ask(path, { method: 'POST', body: [linkTo(1)] })).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer }] },
    });
  });

  it.each([
    '/books?limit=0',
    '/books?limit=201',
    '/books?limit=x',
    '/books?cursor=!!',
    '/books/export?format=xml',
    '/batches?state=lost',
    '/batches?limit=201',
    '/batches?cursor=!!',
    '/jobs?state=waiting',
    '/jobs?state=failed&reason=bad-mood',
    '/jobs?state=failed&cursor=!!',
    '/jobs?state=failed&cursor=1.5',
    '/source/ledger?days=0',
  ])('400 for GET %s', async (path) => {
    expect(await scene.ask(path)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: expect.stringMatching(/^\/query/) }] },
    });
  });

  it.each([
    ['GET', '/jobs?sate=failed', 'sate', /did you mean state\?/],
    ['GET', '/books?Limit=5', 'Limit', /did you mean limit\?/],
    ['GET', '/batches?lmit=5', 'lmit', /did you mean limit\?/],
    ['POST', '/parse-links?max-age=0', 'max-age', /did you mean maxAge\?/],
    ['GET', '/book-info?id=1&sumbit=true', 'sumbit', /did you mean submit\?/],
    ['GET', '/books/1?nonsense=1', 'nonsense', /Known are: .*\bsubmit\b/],
    ['GET', '/source?days=3', 'days', /takes no query parameters/],
    ['DELETE', '/books/1?dryRun=true', 'dryRun', /takes no query parameters/],
    ['POST', '/books/1/refresh?prio=high', 'prio', /takes no query parameters/],
    ['GET', '/jobs?__proto__=1', '__proto__', /Known are: state, reason, cursor, limit\./],
    ['GET', `/jobs?${'x'.repeat(3000)}=1`, 'x'.repeat(60), /Known are/],
  ])('400 for %s %s, which names the parameter and what was probably meant', async (method, path, name, detail) => {
    const answer = await scene.ask(path, method === 'POST' ? { method, body: [linkTo(1)] } : { method });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ pointer: `/query/${name}` }] } });
    expect(answer.body['detail']).toContain(JSON.stringify(name));
    expect(answer.body['detail']).toMatch(detail);
    expect(answer.body['detail'].length).toBeLessThan(300);
  });

  it.each(['/?utm_source=x', '/livez?t=1', '/readyz?t=1', '/metrics?t=1', '/errors/not-found?x=1', '/openapi.json?v=2'])(
    'any parameter passes on %s',
    async (path) => {
      expect((await scene.ask(path)).status).toBe(200);
    },
  );

  it('a link that was pasted without percent-encoding keeps its own parameters', async () => {
    const answer = await scene.ask(`/book-info?url=${linkTo(1)}?from_search=true&ac=1`);
    expect(answer).toMatchObject({ status: 404, body: { code: 'book-unknown' } });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream', 'garbage'])(
    'an empty body of type %s is no body',
    async (type) => {
      const ask = (path: string, method = 'POST') => scene.ask(path, { method, headers: { 'content-type': type }, body: '' });
      expect((await ask('/books/99/refresh')).status).toBe(202);
      expect([200, 202]).toContain((await ask('/jobs/book-99/retry')).status);
      expect((await ask('/failures/redrive')).status).toBe(202);
      expect((await ask('/jobs/book-99', 'DELETE')).status).toBe(200);
      expect((await ask('/books/98', 'DELETE')).status).toBe(404);
      expect(await ask('/parse-links')).toMatchObject({ status: 400, body: { detail: expect.stringMatching(/empty/) } });
    },
  );

  it('a list without a single good link gets 400, with a reason for each', async () => {
    const answer = await scene.ask('/parse-links', { method: 'POST', body: { urls: ['nonsense', 5, null] } });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'no-valid-links', errors: [{ pointer: '/urls/0' }, { pointer: '/urls/1' }, { pointer: '/urls/2' }] },
    });
    expect(answer.body['detail']).toMatch(/^None of the 3 links names a Goodreads book\./);
    const one = await scene.ask('/parse-links', { method: 'POST', body: ['nonsense'] });
    expect(one.body['detail']).toMatch(/^The link names no Goodreads book\./);
    const many = await scene.ask('/parse-links', { method: 'POST', body: Array.from({ length: 150 }, (_, n) => `nonsense ${n}`) });
    expect(many.body['errors']).toHaveLength(100);
    expect(many.body['errors'][99].pointer).toBe('/99');
  });

  it('a malformed percent-encoding in the path gets 400', async () => {
    expect(await scene.ask('/books/%E0%A4%A')).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', detail: expect.stringContaining('percent') },
    });
  });

  it.each([
    ['/books/0', 'book-unknown'],
    ['/books/abc', 'book-unknown'],
    ['/books/1234567890123', 'book-unknown'],
    ['/jobs/nonsense', 'job-unknown'],
    ['/jobs/book-0', 'job-unknown'],
    ['/jobs/book-1999999999', 'job-unknown'],
    ['/batches/nonsense!', 'batch-unknown'],
    ['/batches/0123456789abcdef', 'batch-unknown'],
    ['/batches/0123456789abcdef/items', 'batch-unknown'],
    ['/batches/0123456789abcdef/export', 'batch-unknown'],
    ['/batches/0123456789abcdef/events', 'batch-unknown'],
    [`/books/${'x'.repeat(300)}`, 'not-found'],
  ])('GET %s gets 404', async (path, code) => {
    expect(await scene.ask(path)).toMatchObject({ status: 404, body: { code } });
  });

  it('an entry that nests too deep to be shown is no link', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const post = (body: string, headers = {}) => scene.ask('/parse-links', { method: 'POST', headers: { ...json, ...headers }, body });
    expect(await post(deep)).toMatchObject({ status: 400, body: { code: 'no-valid-links', errors: [{ pointer: '/0' }] } });
    const mixed = `["${linkTo(scene.ids[0] ?? '')}",${deep},{"a":${deep}}]`;
    for (const headers of [{}, { 'idempotency-key': 'deep' }, { 'idempotency-key': 'deep' }]) {
      const { status, body } = await post(mixed, headers);
      expect(status).toBeLessThan(300);
      expect(body['items']).toMatchObject([{}, { input: '[…]', status: 'invalid' }, { input: '{…}', status: 'invalid' }]);
    }
  });

  it('a cursor that no list of items gave out gets 400', async () => {
    const batchId = await scene.parsed([linkTo(scene.ids[0] ?? '')]);
    for (const cursor of ['!!', 'zz!!', '-1', 'zzzzzzzzzzzz', '1.5']) {
      expect(await scene.ask(`/batches/${batchId}/items?cursor=${cursor}`)).toMatchObject({
        status: 400,
        body: { code: 'invalid-request', errors: [{ pointer: '/query/cursor' }] },
      });
    }
  });

  it('a page whose type is not HTML gets 415', async () => {
    const put = (type: string) => scene.ask('/books/1/page', { method: 'PUT', headers: { 'content-type': type }, body: '{}' });
    for (const type of ['application/json', 'text/plain'])
      expect(await put(type)).toMatchObject({ status: 415, body: { detail: expect.stringContaining('text/html') } });
  });

  it('a method that no path has gets 405', async () => {
    const answer = await fetch(`${scene.quire.origin}/livez`, { method: 'QUERY' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('another method on a known path gets 405 with Allow', async () => {
    const answer = await scene.ask('/parse-links');
    expect([answer.status, answer.headers.get('allow'), answer.body['code']]).toEqual([405, 'POST', 'method-not-allowed']);
    const wrong = await scene.ask('/book-info', { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: 'x' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const options = await fetch(`${scene.quire.origin}/books/1`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, DELETE']);
  });

  it('a body beyond 2 MiB gets 413, by its Content-Length or while it is read', async () => {
    const body = `["${'x'.repeat(2 * 1024 * 1024)}"]`;
    expect(await scene.ask('/parse-links', { method: 'POST', headers: json, body })).toMatchObject({
      status: 413,
      body: { code: 'body-too-large' },
    });
    const chunked = await fetch(`${scene.quire.origin}/parse-links`, {
      method: 'POST',
      headers: json,
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(413);
    expect((await scene.ask('/failures/redrive', { method: 'POST', body: { reason: 'x'.repeat(70_000) } })).status).toBe(413);
  });

  it.each([['application/x-www-form-urlencoded'], ['application/octet-stream'], ['application/xml'], ['nonsense']])(
    'a list of type %s gets 415',
    async (type) => {
      const answer = await scene.ask('/parse-links', { method: 'POST', headers: { 'content-type': type }, body: '["x"]' });
      expect(answer).toMatchObject({
        status: 415,
        body: { code: 'unsupported-media-type', detail: expect.stringContaining('application/json') },
      });
    },
  );

  it('an encoding that is not read gets 415, and so does text where only JSON is taken', async () => {
    const compressed = await scene.ask('/parse-links', { method: 'POST', headers: { ...json, 'content-encoding': 'zstd' }, body: 'x' });
    expect(compressed).toMatchObject({ status: 415, body: { detail: expect.stringContaining('content-encoding') } });
    expect((await scene.ask('/failures/redrive', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' })).status).toBe(
      415,
    );
  });

  it('what is no HTTP gets a problem too', async () => {
    const { port, hostname } = new URL(scene.quire.origin);
    const answer = await new Promise<string>((resolve, reject) => {
      let seen = '';
      const socket = connect(Number(port), hostname, () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (data) => (seen += data.toString()));
      socket.on('close', () => resolve(seen));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('content-type: application/problem+json');
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, type: 'about:blank' });
  });

  it('a change by a page of another origin is refused', async () => {
    const body = [linkTo(1)];
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ] as Record<string, string>[]) {
      const answer = await scene.ask('/parse-links', { method: 'POST', headers, body });
      expect(answer, JSON.stringify(headers)).toMatchObject({ status: 403, body: { type: '/errors/forbidden', code: 'forbidden' } });
    }
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: scene.quire.origin }] as Record<string, string>[]) {
      expect((await scene.ask('/parse-links', { method: 'POST', headers, body })).status, JSON.stringify(headers)).toBe(202);
    }
  });
});
