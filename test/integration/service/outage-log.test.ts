/** What the log tells of a store that goes away, of jobs that fail, and of batches that end. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

type Line = Record<string, unknown> & { level: string; msg: string };

function keepLines(): { lines: Line[]; onLog: (text: string) => void; of: (msg: string) => Line[] } {
  const lines: Line[] = [];
  return {
    lines,
    onLog: (text) => void lines.push(JSON.parse(text) as Line),
    of: (msg) => lines.filter((line) => line.msg === msg),
  };
}

const AWAY = 'the store does not answer; Quire tries again until it does';
const BACK = 'the store answers again';

describe('the log', () => {
  it('tells of an outage of Redis once when it begins and once when it ends', async () => {
    const server = await startRedis();
    const env = { REDIS_URL: server.url, QUEUE_PREFIX: ownPrefix() };
    const { lines, onLog, of } = keepLines();
    const quire = await startQuire('redis', { env, log: 'debug', onLog, settings: { DRAIN_SECONDS: '1' } });
    onTestFinished(() => quire.stop());
    const { port, dir } = server;
    const readyAt = lines.length;
    await server.kill9();
    await waitUntil('the outage to be told', () => of(AWAY).length > 0);
    await Promise.all(Array.from({ length: 20 }, () => quire.get('/book-info?id=1')));
    // The quick look of the reconciler runs every two seconds, and the indexer of books has failed by then too.
    await waitUntil('the reconciler to fail', () => of('reconciler round').length > 0, { timeoutMs: 15_000 });
    const again = await startRedis({ port, dir });
    onTestFinished(() => again.stop());
    await waitUntil('the end of the outage to be told', () => of(BACK).length > 0, { timeoutMs: 15_000 });
    expect(of(AWAY)).toHaveLength(1);
    expect(of(BACK)).toHaveLength(1);
    expect(of(BACK)[0]?.['awaySeconds']).toBeLessThan(60);
    // Every connection and every request noticed, and none filled the log.
    const heard = lines.slice(lines.indexOf(of(AWAY)[0]!)).filter(({ level }) => level !== 'debug');
    const told = heard.map(({ msg }) => msg);
    expect(told.length).toBe(new Set(told).size);
    expect(told.length).toBeLessThan(12);
    // No part adds a warning of its own while the store is away: neither the reconciler, nor the counters, nor a request.
    const during = lines.slice(readyAt, lines.indexOf(of(BACK)[0]!)).filter(({ level }) => level === 'warn' || level === 'error');
    // This Redis came back empty, and a worker may find that before the end of the outage is told.
    expect(during.map(({ msg }) => msg).filter((msg) => !msg.startsWith('the limit over all workers was missing'))).toEqual([AWAY]);
  });

  it('has a warning for each failed job, and a line for the end of its batch', async () => {
    const { onLog, of } = keepLines();
    const quire = await startQuire('embedded', { log: 'debug', onLog, settings: { CRAWL_ATTEMPTS: '2' } });
    onTestFinished(() => quire.stop());
    await quire.goodreads.control({ modes: { '1900000001': 'down' } });
    const { batchId } = await quire.submit(['1900000001', `https://www.goodreads.com/book/show/${quire.goodreads.ids[0]}`]);
    await quire.ended(batchId);
    expect(of('a job failed')).toMatchObject([
      { level: 'warn', jobId: 'book-1900000001', bookId: '1900000001', code: 'crawl-failed', attempts: 2, items: 1, role: 'all' },
    ]);
    await waitUntil('the end of the batch to be told', () => of('a batch ended').length > 0);
    expect(of('a batch ended')).toMatchObject([{ level: 'info', batchId, parsed: 1, failed: 1, state: 'completed' }]);
  });

  it('has a line for each request where ACCESS_LOG says so, and not its query', async () => {
    const { onLog, of } = keepLines();
    const quire = await startQuire('embedded', { log: 'info', onLog, settings: { ACCESS_LOG: 'true' } });
    onTestFinished(() => quire.stop());
    await quire.get('/book-info?id=77');
    await waitUntil('the request to be told', () => of('a request was answered').length > 0);
    expect(of('a request was answered')).toMatchObject([{ level: 'info', method: 'GET', path: '/book-info', status: 404 }]);
  });
});
