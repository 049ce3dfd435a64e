/** What becomes of a job for everything a source can do: state of job and item, answer of the API, attempts used, requests made. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Control } from '../../support/goodreads.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';

interface Case {
  name: string;
  control: Control;
  job: string;
  item: string;
  answer: { status: number; code?: string };
  attempts: number;
  requests: number;
}

const FAILS: Case[] = [
  {
    name: 'limited: 429 is tried again until the attempts are used up',
    control: { mode: 'limited', retryAfter: 0 },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'down: so is 503',
    control: { mode: 'down' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'reset: so is a connection that is cut',
    control: { mode: 'reset' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'hang: so is silence, after the deadline',
    control: { mode: 'hang' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'huge: so is a page beyond the cap',
    control: { mode: 'huge' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'bomb: and a compressed one',
    control: { mode: 'bomb' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'crawl-failed' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'truncated: a page that ends early is asked for again, and ends the job at its last attempt',
    control: { mode: 'truncated' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'page-not-recognised' },
    attempts: 3,
    requests: 3,
  },
  {
    name: 'unknown: a whole page without a book ends the job at once',
    control: { mode: 'unknown' },
    job: 'failed',
    item: 'failed',
    answer: { status: 502, code: 'page-not-recognised' },
    attempts: 1,
    requests: 1,
  },
];

const BLOCKS: { name: string; control: Control }[] = [
  { name: 'challenge', control: { mode: 'challenge' } },
  { name: 'forbidden', control: { mode: 'forbidden' } },
  { name: 'signin', control: { mode: 'signin' } },
  { name: 'empty', control: { mode: 'empty' } },
];

describe.each(inThisRun(STORES))('a misbehaving source, on the %s store', (store) => {
  let quire: TestQuire;
  let nextId = 1_500_000_000;

  beforeAll(async () => {
    quire = await startQuire(store, { settings: { CRAWL_ATTEMPTS: '3', CRAWL_TIMEOUT: '300ms', BLOCK_PROBE: '60ms' } });
  });
  afterAll(() => quire.stop());
  beforeEach(async () => {
    await quire.goodreads.control({ mode: 'open' });
    // A case before may have left the source slowed or blocked: its state is not what is tested here.
    await quire.service.store.documents.delete(`source/${new URL(quire.goodreads.origin).host}`);
    await quire.service.store.signals.publish({ kind: 'source' });
    await waitUntil('the source to be open', async () => (await quire.get('/source')).body.state === 'open');
    await quire.goodreads.resetStats();
  });

  it.each(FAILS)('$name', async ({ control, job, item, answer, attempts, requests }) => {
    const id = String(nextId++);
    await quire.goodreads.control({ ...control, ids: [id] });
    const { batchId, items } = await quire.submit([`https://www.goodreads.com/book/show/${id}`]);
    expect(items).toMatchObject([{ status: 'queued', jobId: `book-${id}` }]);
    const batch = await quire.ended(batchId);
    expect(batch.counts).toMatchObject({ [item]: 1, queued: 0 });
    const view = (await quire.get(`/jobs/book-${id}`)).body;
    expect(view).toMatchObject({ state: job, attempts, lastError: { code: answer.code } });
    const read = await quire.get(`/book-info?id=${id}`);
    expect(read.status).toBe(answer.status);
    expect(read.body).toMatchObject({ code: answer.code, jobId: `book-${id}` });
    expect((await quire.goodreads.stats()).byId[id]).toBe(requests);
  });

  it('a page that ended early once is whole at the next attempt', async () => {
    const id = String(nextId++);
    await quire.goodreads.control({ mode: 'truncated', times: 1, ids: [id] });
    const { batchId } = await quire.submit([`https://www.goodreads.com/book/show/${id}`]);
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    expect((await quire.get(`/jobs/book-${id}`)).body).toMatchObject({ attempts: 2, lastError: null });
  });

  it('not found is believed only at the second look, and then remembered', async () => {
    const { batchId } = await quire.submit(['https://www.goodreads.com/book/show/999999999']);
    expect((await quire.ended(batchId)).counts).toMatchObject({ 'not-found': 1 });
    expect((await quire.goodreads.stats()).byId['999999999']).toBe(2);
    expect((await quire.get('/book-info?id=999999999')).body).toMatchObject({ status: 404, code: 'book-not-found' });
    const again = await quire.submit(['https://www.goodreads.com/book/show/999999999']);
    expect(again).toMatchObject({ counts: { cached: 1, queued: 0 }, items: [{ status: 'cached', state: 'not-found' }] });
    expect((await quire.goodreads.stats()).byId['999999999']).toBe(2);
  });

  it('a book that is "not found" only once is parsed', async () => {
    const id = String(nextId++);
    const missing = await waitForMissing(quire, id);
    expect((await quire.ended(missing)).counts).toMatchObject({ parsed: 1 });
    expect((await quire.get(`/jobs/book-${id}`)).body.attempts).toBe(1);
  });

  it.each(BLOCKS)('$name: the job waits as blocked, keeps its attempts, and is parsed once the source opens', async ({ control }) => {
    const ids = [nextId++, nextId++, nextId++, nextId++].map(String);
    await quire.goodreads.control(control);
    const { batchId } = await quire.submit(ids.map((id) => `https://www.goodreads.com/book/show/${id}`));
    const blocked = await waitUntil('the batch to be blocked', async () => {
      const { body } = await quire.get(`/batches/${batchId}`);
      return body.counts.blocked === ids.length ? body : undefined;
    });
    expect(blocked).toMatchObject({ state: 'running', etaSeconds: null });
    expect((await quire.get('/source')).body).toMatchObject({ state: 'blocked' });
    expect((await quire.get('/readyz')).status).toBe(200);
    // Between two looks of the source a job is active for a moment: the one that looks.
    const read = await waitUntil('the read to tell of the block', async () => {
      const answer = await quire.get(`/book-info?id=${ids[0]}`);
      expect(answer.status).toBe(202);
      return answer.body.status === 'blocked' && answer;
    });
    expect(Number(read.headers.get('retry-after'))).toBeGreaterThan(0);

    await quire.goodreads.control({ mode: 'open' });
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: ids.length, failed: 0 });
    for (const id of ids) expect((await quire.get(`/jobs/book-${id}`)).body).toMatchObject({ state: 'parsed', attempts: 1 });
  });

  it('limited: Retry-After of an answer is as long as the source asked for', async () => {
    const [first, second] = [String(nextId++), String(nextId++)];
    // A source of its own: while it is closed, the other tests would wait.
    const asked = await startQuire(store);
    try {
      await asked.goodreads.control({ mode: 'limited', retryAfter: 600 });
      await asked.submit([`https://www.goodreads.com/book/show/${first}`]);
      await waitUntil('the job to be delayed', async () => (await asked.get(`/jobs/book-${first}`)).body.state === 'delayed');
      const { batchId } = await asked.submit([`https://www.goodreads.com/book/show/${second}`]);
      for (const id of [first, second]) {
        // The worker takes a job for a moment before it knows that the source is closed.
        const { headers } = await waitUntil('the job to wait for the source', async () => {
          const answer = await asked.get(`/book-info?id=${id}`);
          return answer.body.etaSeconds > 500 && answer;
        });
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(500);
      }
      expect((await asked.get(`/batches/${batchId}`)).body.etaSeconds).toBeGreaterThan(500);
    } finally {
      await asked.stop();
    }
  });

  it('not found: Retry-After of an answer lasts until the second look', async () => {
    const asked = await startQuire(store, { settings: { NOT_FOUND_RECHECK: '10m' } });
    try {
      const id = String(nextId++);
      await asked.goodreads.control({ mode: 'missing', ids: [id] });
      await asked.submit([`https://www.goodreads.com/book/show/${id}`]);
      await waitUntil('the job to be delayed', async () => (await asked.get(`/jobs/book-${id}`)).body.state === 'delayed');
      expect((await asked.get(`/jobs/book-${id}`)).body.etaSeconds).toBeGreaterThan(500);
      expect(Number((await asked.get(`/book-info?id=${id}`)).headers.get('retry-after'))).toBeGreaterThan(500);
    } finally {
      await asked.stop();
    }
  });

  it('offsite: the other host gets no request', async () => {
    let asked = 0;
    const elsewhere = createServer((_req, res) => {
      asked += 1;
      res.end();
    });
    await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening));
    const id = String(nextId++);
    await quire.goodreads.control({
      mode: 'offsite',
      ids: [id],
      location: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/latest/meta-data/`,
    });
    const { batchId } = await quire.submit([`https://www.goodreads.com/book/show/${id}`]);
    expect((await quire.ended(batchId)).counts).toMatchObject({ failed: 1 });
    expect(asked).toBe(0);
    await new Promise((closed) => elsewhere.close(closed));
  });

  it('a page with 429 and Retry-After is not requested again for that time', async () => {
    const id = String(nextId++);
    await quire.goodreads.control({ mode: 'limited', retryAfter: 1, times: 1 });
    const { batchId } = await quire.submit([`https://www.goodreads.com/book/show/${id}`]);
    expect((await quire.ended(batchId)).counts).toMatchObject({ parsed: 1 });
    const { atMs } = await quire.goodreads.stats();
    expect(atMs).toHaveLength(2);
    expect((atMs[1] ?? 0) - (atMs[0] ?? 0)).toBeGreaterThanOrEqual(1000);
  });
});

/** Submits a book whose page is missing at the first look and there at the second. */
async function waitForMissing(quire: TestQuire, id: string): Promise<string> {
  await quire.goodreads.control({ mode: 'missing', ids: [id], times: 1 });
  return (await quire.submit([`https://www.goodreads.com/book/show/${id}`])).batchId;
}
