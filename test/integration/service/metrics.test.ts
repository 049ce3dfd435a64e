/** Metrics of a fleet of one api and one worker that parse, miss, fail and are blocked, read in both forms. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../../../src/metrics/families.ts';
import type { FamilyRow } from '../../../src/metrics/registry.ts';
import { readOpenMetrics, readText, valueOf, type ReadFamily, type Sample } from '../../support/exposition.ts';
import { sendRaw } from '../../support/raw-http.ts';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const link = (id: number | string): string => `https://www.goodreads.com/book/show/${id}`;
const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
const [FAILING, MISSING, BLOCKED] = [1_800_000_001, 1_800_000_002, 1_800_000_003];

describe('metrics', () => {
  let api: TestQuire;
  let worker: TestQuire;
  let workerOrigin: string;
  let open: { api: Map<string, ReadFamily>; worker: Map<string, ReadFamily> };
  let text: { api: Map<string, Sample[]>; worker: Map<string, Sample[]> };

  const read = async (origin: string, accept?: string): Promise<{ type: string; body: string }> => {
    const answer = await fetch(`${origin}/metrics`, accept === undefined ? {} : { headers: { accept } });
    expect(answer.status).toBe(200);
    return { type: answer.headers.get('content-type') ?? '', body: await answer.text() };
  };
  const counted = (of: 'api' | 'worker', name: string, labels: Record<string, string> = {}): number | undefined =>
    valueOf(text[of].get(name) ?? [], labels);

  beforeAll(async () => {
    const settings = { CRAWL_ATTEMPTS: '2', CRAWL_RATE: '500', CRAWL_TIMEOUT: '20s', BLOCK_PROBE: '1h' };
    api = await startQuire('redis', { role: 'api', settings });
    const { goodreads, env } = api;
    worker = await startQuire('redis', { role: 'worker', goodreads, env, settings: { ...settings, WORKER_PORT: '0' } });
    workerOrigin = worker.service.workerAddress ?? '';
    const [first, second] = goodreads.ids;
    await goodreads.control({ modes: { [FAILING]: 'down', [MISSING]: 'missing', [BLOCKED]: 'challenge' } });
    const { batchId } = await api.submit([link(first!), link(second!), link(FAILING), link(MISSING), 'nonsense']);
    await api.ended(batchId);
    await api.submit([link(first!)]);
    await api.get(`/book-info?id=${first}`);
    await api.submit([link(BLOCKED)], '?priority=bulk');
    await waitUntil('the source to be blocked', async () => (await api.get('/source')).body.state === 'blocked');
    await waitUntil('the job to wait', async () => (await api.get('/stats')).body.backlog.blocked === 1);
    // The worker writes its counts for the others once a second.
    await waitUntil('the counts of the worker', async () => {
      const [source, stats] = [(await api.get('/source')).body, (await api.get('/stats')).body];
      return source.requestsToday >= 8 && stats.endedToday.failed === 1 && stats.endedToday['not-found'] === 1;
    });
    // Each process has answered once, so that both forms show the same series.
    for (const origin of [api.origin, workerOrigin]) await read(origin);
    open = {
      api: readOpenMetrics((await read(api.origin, OPEN_METRICS)).body),
      worker: readOpenMetrics((await read(workerOrigin, OPEN_METRICS)).body),
    };
    text = { api: readText((await read(api.origin)).body), worker: readText((await read(workerOrigin)).body) };
  });
  afterAll(async () => {
    await worker.stop();
    await api.stop();
  });

  it('count jobs by outcome and reason in the process that ended them, from 0', () => {
    expect(counted('worker', 'quire_jobs_ended_total', { outcome: 'parsed', reason: 'none' })).toBe(2);
    expect(counted('worker', 'quire_jobs_ended_total', { outcome: 'not-found', reason: 'book-not-found' })).toBe(1);
    expect(counted('worker', 'quire_jobs_ended_total', { outcome: 'failed', reason: 'crawl-failed' })).toBe(1);
    expect(counted('worker', 'quire_jobs_ended_total', { outcome: 'failed', reason: 'poison' })).toBe(0);
    expect(counted('api', 'quire_jobs_ended_total')).toBe(0);
  });

  it('count runs, retries and requests by what came of them', () => {
    expect(counted('worker', 'quire_job_attempts_total', { result: 'parsed' })).toBe(2);
    expect(counted('worker', 'quire_job_attempts_total', { result: 'retry' })).toBe(1);
    expect(counted('worker', 'quire_job_attempts_total', { result: 'later' })).toBe(1);
    expect(counted('worker', 'quire_job_attempts_total', { result: 'wait-for-source' })).toBeGreaterThanOrEqual(1);
    expect(counted('worker', 'quire_job_retries_total', { reason: 'crawl-failed' })).toBe(1);
    expect(counted('worker', 'quire_source_requests_total', { outcome: 'ok' })).toBe(2);
    expect(counted('worker', 'quire_source_requests_total', { outcome: 'missing' })).toBe(2);
    expect(counted('worker', 'quire_source_requests_total', { outcome: 'overloaded' })).toBe(2);
    expect(counted('worker', 'quire_source_requests_total', { outcome: 'blocked' })).toBe(1);
    expect(counted('worker', 'quire_source_requests_total', { outcome: 'unreachable' })).toBe(0);
  });

  it('time fetches, parses, waits and the way from link to book', () => {
    expect(counted('worker', 'quire_fetch_seconds_count')).toBe(7);
    expect(counted('worker', 'quire_parse_seconds_count')).toBe(7);
    expect(counted('worker', 'quire_queue_wait_seconds_count', { priority: 'normal' })).toBe(4);
    expect(counted('worker', 'quire_queue_wait_seconds_count', { priority: 'bulk' })).toBe(1);
    expect(counted('worker', 'quire_link_to_book_seconds_count', { priority: 'normal' })).toBe(2);
    expect(counted('worker', 'quire_store_call_seconds_count', { call: 'jobs.settle' })).toBe(4);
    expect(counted('api', 'quire_store_call_seconds_count', { call: 'batches.submit' })).toBe(3);
  });

  it('count links by status, reads, and fields by layer', () => {
    const links = { queued: 5, cached: 1, invalid: 1, joined: 0 };
    for (const [status, n] of Object.entries(links)) expect(counted('api', 'quire_links_total', { status }), status).toBe(n);
    expect(counted('api', 'quire_book_reads_total', { outcome: 'fresh' })).toBe(1);
    expect(counted('api', 'quire_read_cache_reads_total', { result: 'miss' })).toBeGreaterThanOrEqual(1);
    expect(counted('worker', 'quire_parsed_fields_total', { field: 'title' })).toBe(2);
    expect(counted('worker', 'quire_parsed_fields_total', { field: 'title', layer: 'absent' })).toBeUndefined();
    expect(counted('worker', 'quire_pages_read_total', { kind: 'book' })).toBe(2);
  });

  it('show the fleet as gauges: blocked jobs apart, and by priority', async () => {
    // A worker takes the job once more before it pauses, and gives it back.
    await waitUntil('the job to wait', async () => {
      text.api = readText((await read(api.origin)).body);
      return counted('api', 'quire_jobs', { state: 'blocked' }) === 1;
    });
    const states = { waiting: 0, blocked: 1, active: 0, delayed: 0 };
    for (const [state, n] of Object.entries(states)) expect(counted('api', 'quire_jobs', { state }), state).toBe(n);
    expect(text.api.get('quire_jobs')).toHaveLength(4);
    expect(counted('api', 'quire_waiting_jobs', { priority: 'bulk' })).toBe(1);
    expect(counted('api', 'quire_waiting_jobs', { priority: 'normal' })).toBe(0);
    expect(counted('api', 'quire_oldest_waiting_job_seconds')).toBeGreaterThanOrEqual(0);
    expect(counted('api', 'quire_books')).toBe(2);
    // robots.txt is one of them.
    expect(counted('api', 'quire_source_requests_today')).toBe(counted('worker', 'quire_source_requests_total'));
    for (const of of ['api', 'worker'] as const) {
      expect(counted(of, 'quire_source_state', { state: 'blocked' })).toBe(1);
      expect(counted(of, 'quire_store_up')).toBe(1);
      expect(counted(of, 'quire_build_info', { role: of })).toBe(1);
    }
    expect(counted('worker', 'quire_source_rate_used_ratio')).toBeGreaterThan(0);
    expect(text.worker.has('quire_jobs')).toBe(false);
  });

  it('say the same in OpenMetrics, with units and help, and in the text format', async () => {
    expect((await read(api.origin)).type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await read(workerOrigin, OPEN_METRICS)).type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    for (const of of ['api', 'worker'] as const) {
      const names = new Set([...open[of].values()].flatMap(({ samples }) => samples.map(({ name }) => name)));
      expect([...text[of].keys()].filter((name) => !names.has(name))).toEqual([]);
      const rows = new Map(
        Object.values<FamilyRow>(FAMILIES).map(({ name, type, help }) => [name.replace(/_(total|info)$/, ''), { type, help }]),
      );
      const told = new Map([...open[of]].map(([name, { type, help }]) => [name, { type, help }]));
      expect(Object.fromEntries(rows)).toMatchObject(Object.fromEntries(told));
    }
    expect(open.worker.get('quire_fetch_seconds')?.unit).toBe('seconds');
    expect(valueOf(open.worker.get('quire_jobs_ended')?.samples ?? [], { outcome: 'parsed' })).toBe(2);
  });

  it('/stats counts live jobs by state, and the jobs that ended today over all processes', async () => {
    await waitUntil('the job to wait', async () => (await api.get('/stats')).body.backlog.blocked === 1);
    expect((await api.get('/stats')).body).toMatchObject({
      backlog: { waiting: 0, blocked: 1, active: 0, delayed: 0, byPriority: { interactive: 0, normal: 0, bulk: 1 } },
      endedToday: { parsed: 2, 'not-found': 1, failed: 1, cancelled: 0 },
      source: 'blocked',
    });
  });

  it('the port of a worker answers health checks, and nothing else', async () => {
    const status = async (path: string): Promise<number> =>
      (await sendRaw(workerOrigin, [`GET ${path} HTTP/1.1`, 'host: 127.0.0.1', 'connection: close'])).status;
    const paths = ['/livez', '/readyz', '/stats', '/dashboard'];
    expect(await Promise.all(paths.map(status))).toEqual([200, 200, 404, 404]);
  });
});
