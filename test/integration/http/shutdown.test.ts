/** What callers on kept-alive connections see of an api that ends. */
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { startStopwatch } from '../../support/stopwatch.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo } from './scene.ts';

const json = { 'content-type': 'application/json' };

async function open(lingerMs: number): Promise<{ quire: TestQuire; caller: Agent }> {
  const quire = await startQuire('redis', { role: 'api', lingerMs, settings: { DRAIN_SECONDS: '20' } });
  onTestFinished(quire.stop);
  const caller = new Agent({ keepAliveTimeout: 60_000, keepAliveMaxTimeout: 120_000, connections: 1 });
  onTestFinished(() => caller.destroy());
  return { quire, caller };
}

describe('an api that ends', () => {
  it('answers what is under way, and does not wait for the connection that the caller keeps', async () => {
    const { quire, caller } = await open(0);
    const waiting = request(`${quire.origin}/parse-links`, {
      dispatcher: caller,
      method: 'POST',
      headers: { ...json, prefer: 'wait=30' },
      body: JSON.stringify([linkTo(1_000_000_001)]),
    });
    await waitUntil('the request to be under way', async () => (await quire.get('/stats')).body.backlog.waiting === 1);
    const before = performance.now();
    const [{ statusCode, body }] = await Promise.all([waiting, quire.service.stop()]);
    expect(statusCode).toBe(202);
    expect(await body.json()).toMatchObject({ counts: { queued: 1 } });
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('goes on answering while callers come, tells each connection to close, and says that it is not ready', async () => {
    const { quire, caller } = await open(3_000);
    const ask = async (path: string) => {
      const { statusCode, headers, body } = await request(quire.origin + path, { dispatcher: caller });
      await body.dump();
      return { statusCode, connection: headers['connection'] };
    };
    expect(await ask('/books')).toEqual({ statusCode: 200, connection: 'keep-alive' });
    let stopped = false;
    const watch = startStopwatch();
    onTestFinished(watch.stop);
    const before = performance.now();
    const stopping = quire.service.stop().then(() => (stopped = true));
    for (let asked = 0; performance.now() - before < 1_500; asked++) {
      expect(await ask('/books')).toEqual({ statusCode: 200, connection: 'close' });
      if (asked > 0) continue;
      const probe = await quire.get('/readyz');
      expect(probe).toMatchObject({ status: 503, body: { code: 'not-ready', checks: { draining: 'yes', store: 'ok' } } });
      expect(probe.headers.get('connection')).toBe('close');
    }
    expect(stopped).toBe(false);
    // Nobody comes any more, but for the load balancer's probes: it ends before its time.
    await waitUntil('the end', async () => stopped || (await ask('/readyz').catch(() => undefined), false), { timeoutMs: 5_000 });
    await stopping;
    expect(watch.elapsedMs()).toBeLessThan(2_900);
    await expect(ask('/books')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
