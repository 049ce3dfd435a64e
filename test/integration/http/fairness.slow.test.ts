/** The many bulk links of one key do not hold up the few of another: measured on a slow stand-in. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startQuire } from '../../support/service.ts';
import { linkTo } from './scene.ts';

const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

describe('10,000 bulk links of one key', () => {
  it('do not hold up five of another', async () => {
    const keys = { many: 'the-key-of-many', few: 'the-key-of-a-few' };
    const quire = await startQuire('redis', { settings: { API_KEYS: `${keys.many},${keys.few}`, CRAWL_CONCURRENCY: '2' } });
    onTestFinished(quire.stop);
    const [many, few] = [keys.many, keys.few].map((key) => ({ 'content-type': 'application/json', 'x-api-key': key })) as [
      object,
      object,
    ] as [Record<string, string>, Record<string, string>];
    const submit = (headers: Record<string, string>, ids: number[]) =>
      quire.get('/parse-links?priority=bulk', { method: 'POST', headers, body: JSON.stringify(ids.map(linkTo)) });
    await quire.goodreads.control({ delayMs: 40 });
    const long = await submit(many, numbers(1_000_000_000, 10_000));
    expect(long.status).toBe(202);
    const parsed = async (): Promise<number> =>
      (await quire.get(`/batches/${long.body.batchId}`, { headers: many })).body.counts.parsed as number;
    const before = await parsed();
    const short = await submit(few, numbers(1_000_500_000, 5));
    const ended = await quire.get(`/batches/${short.body.batchId}/events`, { headers: few });
    expect(ended.status).toBe(200);
    // Its first ten at most, and what two workers have under way.
    expect((await parsed()) - before).toBeLessThan(40);
    expect((await quire.get(`/batches/${short.body.batchId}`, { headers: few })).body.counts.parsed).toBe(5);
    await quire.get(`/batches/${long.body.batchId}`, { method: 'DELETE', headers: many });
  });
});
