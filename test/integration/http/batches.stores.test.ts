import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('batches, jobs and exports over HTTP, on the %s store', (store) => {
  let scene: HttpScene;
  let ids: string[];
  beforeAll(async () => {
    scene = await openScene(store, { CRAWL_ATTEMPTS: '1' });
    ids = [...scene.ids];
    await scene.parsed(ids.map(linkTo));
  });
  afterAll(() => scene.stop());

  const total = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
  const nextOf = (headers: Headers): string | null => /^<(.*)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1] ?? null;

  it('the counts of a batch add up to its items', async () => {
    const batchId = await scene.parsed([...ids.map(linkTo), 'nonsense']);
    const { status, body } = await scene.ask(`/batches/${batchId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      batchId,
      state: 'completed',
      total: ids.length + 1,
      counts: { cached: ids.length, invalid: 1 },
      etaSeconds: null,
    });
    expect(total(body['counts'])).toBe(body['total']);
    expect(await scene.ask(`/batches/${batchId}`, { method: 'DELETE' })).toMatchObject({ status: 200, body: { cancelled: 0 } });
  });

  it('a batch is waited for, says when to look again, and is not sent twice', async () => {
    const slow = 1_800_000_001;
    await scene.goodreads.control({ delayMs: 1_000, ids: [slow] });
    const submitted = await scene.ask('/parse-links', { method: 'POST', body: [linkTo(slow)] });
    expect([submitted.status, submitted.headers.get('retry-after')]).toEqual([202, expect.stringMatching(/^[2-4]$/)]);
    const path = `/batches/${submitted.body['batchId']}`;
    const running = await scene.ask(path);
    expect(running.body['state']).toBe('running');
    expect(running.headers.get('retry-after')).toMatch(/^\d+$/);
    const ended = await scene.ask(path, { headers: { prefer: 'wait=20' } });
    expect([ended.body['state'], ended.headers.get('preference-applied'), ended.headers.get('retry-after')]).toEqual([
      'completed',
      'wait=20',
      null,
    ]);
    // What has ended is not waited for.
    expect((await scene.ask(path, { headers: { prefer: 'wait=20' } })).headers.get('preference-applied')).toBeNull();
    const etag = ended.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{16}"$/);
    expect(etag).not.toBe(running.headers.get('etag'));
    expect(await scene.ask(path, { headers: { 'if-none-match': etag } })).toMatchObject({ status: 304, body: '' });
    expect((await scene.ask(path, { headers: { 'if-none-match': running.headers.get('etag') ?? '' } })).status).toBe(200);
    await scene.goodreads.control({});
    await scene.ask(`/books/${slow}`, { method: 'DELETE' });
  });

  it('all batches come in pages that link to the next, newest first', async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) made.push(await scene.parsed([linkTo(ids[n] ?? 1)]));
    const seen: string[] = [];
    for (let path: string | null = '/batches?limit=2&state=ended'; path !== null;) {
      const { status, body, headers } = await scene.ask(path);
      expect(status).toBe(200);
      for (const batch of body['batches'] as { batchId: string; state: string; total: number; counts: Record<string, number> }[]) {
        expect([batch.state, total(batch.counts)]).toEqual(['completed', batch.total]);
        seen.push(batch.batchId);
      }
      path = nextOf(headers);
      expect(path === null).toBe(body['cursor'] === null);
    }
    expect(seen.slice(0, 3)).toEqual(made.toReversed());
    expect(seen).toEqual(seen.toSorted().toReversed());
    expect((await scene.ask('/batches?state=open')).body).toEqual({ batches: [], cursor: null });
    const [newest] = (await scene.ask('/batches?limit=1')).body['batches'] as object[];
    expect(newest).toEqual((await scene.ask(`/batches/${made[2]}`)).body);
  });

  it('its items come in pages that link to the next', async () => {
    const batchId = await scene.parsed([...ids.map(linkTo), 'nonsense']);
    const seen: string[] = [];
    let path: string | null = `/batches/${batchId}/items?limit=3`;
    while (path !== null) {
      const { body, headers } = await scene.ask(path);
      expect(body['items'].length).toBeLessThanOrEqual(3);
      for (const { index, input } of body['items'] as { index: number; input: string }[]) {
        expect(index).toBe(seen.length);
        seen.push(input);
      }
      path = nextOf(headers);
      expect(path === null).toBe(body['cursor'] === null);
    }
    expect(seen).toEqual([...ids.map(linkTo), 'nonsense']);
    const invalid = await scene.ask(`/batches/${batchId}/items?state=invalid`);
    expect(invalid.body['items']).toMatchObject([{ input: 'nonsense', state: 'invalid', jobId: null, reason: expect.any(String) }]);
    expect((await scene.ask(`/batches/${batchId}/items?state=lost`)).status).toBe(400);
  });

  it('all books come in pages, in order of their numbers', async () => {
    const seen: string[] = [];
    for (let path: string | null = '/books?limit=3'; path !== null;) {
      const { body, headers } = await scene.ask(path);
      for (const { id } of body['books'] as { id: string }[]) seen.push(id);
      path = nextOf(headers);
    }
    expect(seen).toEqual(ids.toSorted((a, b) => Number(a) - Number(b)));
  });

  it('exports have every book, as lines of JSON or as a table', async () => {
    const batchId = await scene.parsed([...ids.map(linkTo).toReversed(), 'nonsense']);
    const sorted = ids.toSorted((a, b) => Number(a) - Number(b));
    for (const [path, wanted] of [
      [`/batches/${batchId}/export`, ids.toReversed()],
      ['/books/export', sorted],
    ] as [string, string[]][]) {
      const lines = await scene.ask<string>(path);
      expect(lines.headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
      const books = lines.body
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { id: string });
      expect(books.map(({ id }) => id)).toEqual(wanted);
      const table = await scene.ask<string>(`${path}?format=csv`);
      expect(table.headers.get('content-disposition')).toMatch(/^attachment; filename="[\w-]+\.csv"$/);
      const [header, ...rows] = table.body.split('\r\n');
      expect(header).toMatch(
        /^Book Id,Title,Author,Additional Authors,ISBN,ISBN13,Average Rating,Publisher,Binding,Number of Pages,Year Published,Original Publication Year,/,
      );
      expect(rows.filter((row) => /^\d+,/.test(row)).map((row) => row.split(',')[0])).toEqual(wanted);
    }
  });

  it('a job shows its timeline', async () => {
    const [id = ''] = ids;
    expect(await scene.ask(`/jobs/book-${id}`)).toMatchObject({
      status: 200,
      body: { jobId: `book-${id}`, state: 'parsed', bookId: id, lastError: null },
    });
    expect(await scene.ask(`/jobs/book-${id}`, { method: 'DELETE' })).toMatchObject({ status: 200, body: { status: 'ended' } });
  });

  it('failed jobs are listed by reason, retried and redriven', async () => {
    const failing = ['1900002001', '1900002002', '1900002003'];
    await scene.goodreads.control({ mode: 'truncated', ids: failing });
    await scene.parsed(failing.map(linkTo));
    const listed = await scene.ask('/jobs?state=failed&reason=page-not-recognised&limit=2');
    expect((await scene.ask('/jobs?reason=page-not-recognised&limit=2')).body).toEqual(listed.body);
    expect(listed.body['jobs']).toMatchObject([{ state: 'failed', lastError: { code: 'page-not-recognised' } }, { state: 'failed' }]);
    const rest = await scene.ask(nextOf(listed.headers) ?? '');
    expect(rest.body['jobs']).toHaveLength(1);
    expect((await scene.ask('/jobs?state=failed&reason=crawl-failed')).body).toEqual({ jobs: [], cursor: null });

    await scene.goodreads.control({ mode: 'open' });
    const retried = await scene.ask(`/jobs/book-${failing[0]}/retry`, { method: 'POST' });
    expect(retried).toMatchObject({ status: 202, body: { status: 'queued' } });
    expect(retried.headers.get('location')).toBe(`/jobs/book-${failing[0]}`);
    expect((await scene.ask(`/book-info?id=${failing[0]}`, { headers: { prefer: 'wait=20' } })).status).toBe(200);
    expect(await scene.ask('/failures/redrive', { method: 'POST', body: { reason: 'crawl-failed' } })).toMatchObject({
      status: 202,
      body: { queued: 0 },
    });
    expect(await scene.ask('/failures/redrive', { method: 'POST', body: { reason: 'page-not-recognised', limit: 1 } })).toMatchObject({
      body: { queued: 1 },
    });
    expect(await scene.ask('/failures/redrive', { method: 'POST' })).toMatchObject({ body: { queued: 1 } });
    for (const id of failing) expect((await scene.ask(`/book-info?id=${id}`, { headers: { prefer: 'wait=20' } })).status).toBe(200);
    expect(await scene.ask('/failures/redrive', { method: 'POST', body: { reason: 'bad-mood' } })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/reason' }] },
    });
  });

  it('a live job can be cancelled', async () => {
    await scene.goodreads.control({ mode: 'hang', ids: ['1900002010'] });
    const { body } = await scene.ask('/parse-links', { method: 'POST', body: [linkTo(1_900_002_010)] });
    expect(await scene.ask('/jobs/book-1900002010/retry', { method: 'POST' })).toMatchObject({ status: 200, body: { status: 'live' } });
    expect(await scene.ask('/jobs/book-1900002010', { method: 'DELETE' })).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect(await scene.quire.ended(body['batchId'] as string)).toMatchObject({ counts: { cancelled: 1 } });
    await scene.goodreads.control({ mode: 'open' });
  });

  it('the source and its ledger are shown', async () => {
    expect(await scene.ask('/source')).toMatchObject({ status: 200, body: { state: 'open', requestsToday: expect.any(Number) } });
    const { body } = await scene.ask('/source/ledger?days=1');
    expect(body['hours'].at(-1)).toMatchObject({ requests: expect.any(Number), outcomes: expect.any(Object) });
  });
});
