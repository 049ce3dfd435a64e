import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo, openScene, type Ask, type HttpScene } from './scene.ts';

const post = (body: unknown, more: Ask = {}): Ask => ({ method: 'POST', body, ...more });
const text = (body: string): Ask => post(body, { headers: { 'content-type': 'text/plain' } });

describe.each(inThisRun(STORES))('POST /parse-links, on the %s store', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene(store);
  });
  afterAll(() => scene.stop());

  it('answers for each link what becomes of it', async () => {
    const [first = '', second = ''] = scene.ids;
    await scene.parsed([linkTo(first)]);
    const { status, headers, body } = await scene.ask(
      '/parse-links',
      post([linkTo(first), `${linkTo(second)}-slug?x=1`, 'nonsense', 7, linkTo(second)]),
    );
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/batches/${body['batchId']}`);
    const job = await scene.ask(`/jobs/book-${second}`);
    expect(job.body['timeline'][0].detail).toMatch(/; 1 batch item wait(s|ed) for it\.$/);
    expect(body['counts']).toEqual({ total: 4, queued: 1, joined: 0, cached: 1, invalid: 2 });
    expect(body['items']).toMatchObject([
      { input: linkTo(first), bookId: first, url: linkTo(first), status: 'cached' },
      {
        input: `${linkTo(second)}-slug?x=1`,
        bookId: second,
        url: linkTo(second),
        status: 'queued',
        jobId: `book-${second}`,
        duplicates: 1,
      },
      { input: 'nonsense', status: 'invalid', reason: expect.any(String) },
      { status: 'invalid', reason: expect.stringMatching(/not a string/i) },
    ]);
  });

  it('answers 200 when nothing had to be queued', async () => {
    const [id = ''] = scene.ids;
    await scene.parsed([linkTo(id)]);
    expect(await scene.ask('/parse-links', post([linkTo(id), 'nonsense']))).toMatchObject({
      status: 200,
      body: { counts: { total: 2, cached: 1, invalid: 1 } },
    });
  });

  it('takes an object with options, and options as query parameters', async () => {
    const [id = ''] = scene.ids;
    await scene.parsed([linkTo(id)]);
    const forced = await scene.ask('/parse-links', post({ urls: [linkTo(id)], priority: 'interactive', maxAge: 0 }));
    expect(forced).toMatchObject({ status: 202, body: { counts: { queued: 1 } } });
    expect((await scene.ask(`/batches/${forced.body['batchId']}`)).body).toMatchObject({ priority: 'interactive' });
    await scene.quire.ended(forced.body['batchId'] as string);
    const byQuery = await scene.ask('/parse-links?maxAge=0&priority=bulk', post([linkTo(id)]));
    expect(byQuery).toMatchObject({ status: 202, body: { counts: { queued: 1 } } });
    expect((await scene.ask(`/batches/${byQuery.body['batchId']}`)).body).toMatchObject({ priority: 'bulk' });
    await scene.quire.ended(byQuery.body['batchId'] as string);
    // The body wins.
    expect(await scene.ask('/parse-links?maxAge=0', post({ urls: [linkTo(id)], maxAge: 3600 }))).toMatchObject({
      status: 200,
      body: { counts: { cached: 1 } },
    });
  });

  it('takes text with a link a line', async () => {
    const [id = '', other = ''] = scene.ids;
    const { status, body } = await scene.ask('/parse-links', text(`\uFEFF${linkTo(id)}\r\n\n   \n${linkTo(other)}\nnonsense\n`));
    expect([200, 202]).toContain(status);
    expect(body['counts']).toMatchObject({ total: 3, invalid: 1 });
  });

  it('waits when the caller prefers it, and answers with Preference-Applied', async () => {
    const [id = ''] = scene.ids;
    const done = await scene.ask(
      '/parse-links?maxAge=0',
      post([linkTo(id), 'nonsense'], { headers: { prefer: 'respond-async, wait=20' } }),
    );
    expect([done.status, done.headers.get('preference-applied')]).toEqual([200, 'wait=20']);
    expect(done.body['items']).toMatchObject([{ bookId: id, state: 'parsed' }, { state: 'invalid' }]);

    await scene.goodreads.control({ mode: 'hang', ids: ['1900000001'] });
    const late = await scene.ask('/parse-links', post([linkTo(1_900_000_001)], { headers: { prefer: 'wait=1' } }));
    expect([late.status, late.headers.get('preference-applied')]).toEqual([202, 'wait=1']);
    expect(late.body['items']).toMatchObject([{ state: expect.stringMatching(/queued|active|delayed/) }]);
    await scene.goodreads.control({ mode: 'open' });
    const ignored = await scene.ask('/parse-links', post([linkTo(id)], { headers: { prefer: 'wait=soon' } }));
    expect(ignored.headers.get('preference-applied')).toBeNull();
  });

  it('does a request with an Idempotency-Key once', async () => {
    const [id = ''] = scene.ids;
    const body = { urls: [linkTo(id), linkTo(1_900_000_002)], maxAge: 0 };
    const headers = { 'idempotency-key': `key ${store}` };
    const first = await scene.ask('/parse-links', post(body, { headers }));
    await scene.quire.ended(first.body['batchId'] as string);
    const again = await scene.ask('/parse-links', post(body, { headers }));
    expect([again.status, again.body, again.headers.get('location')]).toEqual([first.status, first.body, first.headers.get('location')]);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    const other = await scene.ask('/parse-links', post({ ...body, maxAge: 5 }, { headers }));
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch' } });
    expect(await scene.ask('/parse-links', post(body, { headers: { 'idempotency-key': 'x'.repeat(256) } }))).toMatchObject({
      status: 400,
      body: { code: 'invalid-request' },
    });
  });

  it('waits for the batch of an earlier request with the same Idempotency-Key when the caller prefers it', async () => {
    await scene.goodreads.control({ mode: 'hang', ids: ['1900000004'] });
    const headers = { 'idempotency-key': `wait ${store}` };
    const body = [linkTo(1_900_000_004), 'nonsense'];
    const first = await scene.ask('/parse-links', post(body, { headers }));
    const waiting = { headers: { ...headers, prefer: 'wait=1' } };
    const early = await scene.ask('/parse-links', post(body, waiting));
    const told = (answer: typeof first) =>
      ['idempotency-replayed', 'preference-applied', 'location'].map((name) => answer.headers.get(name));
    expect([early.status, ...told(early)]).toEqual([202, 'true', 'wait=1', first.headers.get('location')]);
    expect(early.body['items'][0]).toMatchObject({ status: 'queued', state: expect.stringMatching(/queued|active|delayed/) });
    await scene.goodreads.control({ mode: 'open' });
    const late = await scene.ask('/parse-links', post(body, { headers: { ...headers, prefer: 'wait=20' } }));
    expect([late.status, ...told(late)]).toEqual([200, 'true', 'wait=20', first.headers.get('location')]);
    expect(late.body).toMatchObject({
      batchId: first.body['batchId'],
      counts: first.body['counts'],
      items: [
        { status: 'queued', state: 'parsed' },
        { status: 'invalid', state: 'invalid' },
      ],
    });
    const plain = await scene.ask('/parse-links', post(body, { headers }));
    expect([plain.status, plain.headers.get('preference-applied'), plain.body]).toEqual([202, null, first.body]);
  });

  it('points to the entries and lines as they were sent', async () => {
    const pointers = async (ask: Ask): Promise<string[]> => {
      const { status, body } = await scene.ask('/parse-links', ask);
      expect(status).toBe(400);
      return (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer);
    };
    expect(await pointers(post(['x', 'x', 'y']))).toEqual(['/0', '/2']);
    expect(await pointers(post({ urls: ['x', 'x', 'y'] }))).toEqual(['/urls/0', '/urls/2']);
    expect(await pointers(text('\n\r\nx\n\nx\ny\n'))).toEqual(['/2', '/5']);
    expect((await scene.ask('/parse-links', text('\nx'))).body['errors'][0].detail).toMatch(/^Line 2: /);
    expect((await scene.ask('/parse-links', post(['x', 'x', 'y']))).body['detail']).toMatch(/^None of the 3 links /);
  });

  it('answers 409 while the first request with a key is being handled', async () => {
    await scene.goodreads.control({ mode: 'hang', ids: ['1900000003'] });
    const headers = { 'idempotency-key': `busy ${store}`, prefer: 'wait=2' };
    const body = [linkTo(1_900_000_003)];
    const both = await Promise.all([
      scene.ask('/parse-links', post(body, { headers })),
      scene.ask('/parse-links', post(body, { headers })),
    ]);
    const refused = both.find(({ status }) => status === 409);
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    expect(refused?.body).toMatchObject({ code: 'idempotency-conflict' });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await scene.goodreads.control({ mode: 'open' });
  });

  it('releases a key when the request failed', async () => {
    const headers = { 'idempotency-key': `failed ${store}` };
    expect((await scene.ask('/parse-links', post(['nonsense'], { headers }))).status).toBe(400);
    // The release is not waited for by the answer.
    await expect
      .poll(async () => (await scene.ask('/parse-links', post([linkTo(scene.ids[0] ?? '')], { headers }))).status, { timeout: 5000 })
      .toBeLessThan(300);
  });

  it('takes 10,000 links at once, and not one more', async () => {
    const links = Array.from({ length: 10_001 }, (_, n) => linkTo(1_900_100_000 + n));
    expect(await scene.ask('/parse-links', post(links))).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '' }] },
    });
    expect(await scene.ask('/parse-links', text(links.join('\n')))).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    // None of them is parsed: that they are taken is all that is looked at.
    await scene.goodreads.control({ mode: 'hang' });
    const { status, body } = await scene.ask('/parse-links', post(links.slice(0, 10_000)));
    expect(status).toBe(202);
    expect(body['counts']).toEqual({ total: 10_000, queued: 10_000, joined: 0, cached: 0, invalid: 0 });
    expect((await scene.ask(`/batches/${body['batchId']}`)).body).toMatchObject({ total: 10_000, state: 'running' });
  });
});
