/** The proxy of HTTPS_PROXY, as a real one on loopback: the name of the source leads nowhere but through it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFetchingBench, faultKind } from '../../support/fetching.ts';
import { freePort } from '../../support/free-port.ts';
import { startSmallProxy, startTlsPages, type SmallProxy, type TlsPages } from '../../support/small-proxy.ts';
import { rejection } from '../../support/crawling.ts';

const HOST = 'goodreads.invalid';
const bench = createFetchingBench();
let pages: TlsPages;
let proxy: SmallProxy;

beforeAll(async () => {
  pages = await startTlsPages(HOST);
});
afterAll(() => pages.stop());
beforeEach(async () => {
  proxy = await startSmallProxy(pages.port);
});
afterEach(async () => {
  await bench.stopAll();
  await proxy.stop();
});

const fetcher = (httpsProxy: string, { noProxy = '', host = HOST, timeoutMs = 5000 } = {}) =>
  bench.fetcher(`https://${host}:${pages.port}`, { proxy: { httpsProxy, noProxy }, ca: pages.ca, timeoutMs, connections: 1 });

describe('through a proxy', () => {
  test('pages come over one tunnel, and the proxy gets the name, user and password', async () => {
    const through = fetcher(`http://user:p%40ss@${proxy.host}`);
    for (let n = 0; n < 3; n++) expect(Buffer.from((await through.fetch('/book/show/1')).body).toString()).toBe('a page');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(proxy.asked).toEqual([{ target: `${HOST}:${pages.port}`, authorization }]);
  });

  test('a name of NO_PROXY is asked directly', async () => {
    const direct = fetcher(`http://${proxy.host}`, { host: '127.0.0.1', noProxy: 'localhost, 127.0.0.1' });
    expect((await direct.fetch('/book/show/1')).status).toBe(200);
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    [403, /refused to connect \(status 403\)/],
    [407, /user and password belong into HTTPS_PROXY/],
    [502, /refused to connect \(status 502\)/],
  ])('a proxy that answers with %i is a fault of the network here, and no request left', async (status, message) => {
    proxy.answerWith(status);
    let sent = 0;
    const through = fetcher(`http://user:secret@${proxy.host}`);
    const fault = (await rejection(through.fetch('/book/show/1', { onSent: () => (sent += 1) }))) as Error;
    expect(fault).toMatchObject({ kind: 'unreachable', message: expect.stringMatching(message) });
    expect(fault.message).not.toContain('secret');
    expect(sent).toBe(0);
    proxy.answerWith(200);
    expect((await through.fetch('/book/show/1', { onSent: () => (sent += 1) })).status).toBe(200);
    expect(sent).toBe(1);
  });

  test('a proxy that is not there is one too, and one that never answers ends with the deadline', async () => {
    expect(await faultKind(fetcher(`http://127.0.0.1:${await freePort()}`).fetch('/book/show/1'))).toBe('unreachable');
    proxy.answerWith(0);
    expect(await faultKind(fetcher(`http://${proxy.host}`, { timeoutMs: 200 }).fetch('/book/show/1'))).toMatch(/^(unreachable|timeout)$/);
    const before = pages.requests();
    // Closing gives up the tunnel that is being opened.
    const closed = fetcher(`http://${proxy.host}`, { timeoutMs: 60_000 });
    const waiting = rejection(closed.fetch('/book/show/1'));
    await expect.poll(() => proxy.asked.length).toBe(2);
    await closed.close();
    expect(await waiting).toMatchObject({ code: 'crawl-failed' });
    expect(pages.requests()).toBe(before);
  });
});
