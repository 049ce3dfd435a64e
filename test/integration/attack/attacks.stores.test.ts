/**
 * Hostile input over every endpoint. The tables beside this file say what is sent. One Quire takes all of it, and at the end it must still be
 * what it was: nothing crashed, nothing was asked elsewhere, nothing foreign lies in the store, and no memory stays.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startGoodreads, type Goodreads } from '../../support/goodreads.ts';
import { watchOutgoing, type Outgoing } from '../../support/outgoing.ts';
import { startQuire, STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { createVerbatimClient, exchange, type VerbatimAnswer, type VerbatimClient } from '../../support/verbatim.ts';
import { MARK, type Attack, type Ground } from './attack.ts';
import { attacksByArchive } from './archives.ts';
import { attacksByBody } from './bodies.ts';
import { attacksFromBrowsers, UNKEYED } from './browsers.ts';
import { attacksOnPlaces, type Document } from './places.ts';
import { foreignNames, storeForAttack, type AttackedStore } from './store-names.ts';
import { TEXTS } from './texts.ts';
import { attacksByAddress } from './urls.ts';
import { wireAttacks } from './wire.ts';

const document = JSON.parse(inject('openapi')) as Document;
const BOOK = '7100001';
const PAGE = readFileSync(new URL('../../fixtures/pages/next/7100001.html', import.meta.url));
/** Requests at a time. */
const AT_ONCE = 6;

/** What the crawler may ask for: robots.txt, the pages of its families, and suggestions. No text of a caller but a slug is part of a path. */
const GOODREADS_PATHS =
  /^\/(robots\.txt|book\/(show\/\d{1,12}|isbn\/[\dX]{10,13}|auto_complete\?format=json&q=[^&#]*)|(list\/show|series|author\/(show|list)|work\/editions)\/\d+[^/#]*|(shelf\/show|genres)\/[\w%.-]+(\?page=\d+)?)$/;

/** What must not stand in any answer: traces of code, of the machine, and of a text that was run. */
const INNARDS = /node_modules|\/src\/\w+|\n\s+at \S+ \(|WRONGTYPE|NOSCRIPT|ReplyError|SQLSTATE|syntax error at or near|root:x:0|PGlite/;

const SECURITY = [
  'content-security-policy',
  'cross-origin-resource-policy',
  'referrer-policy',
  'x-content-type-options',
  'x-frame-options',
];

/** `503` comes by design when too much is under way at once. It says `overloaded`, and everything else may not be above 499. */
const isByDesign = ({ status, text }: VerbatimAnswer): boolean => status === 503 && text.includes('"code":"overloaded"');

/** What is wrong with an answer, in words. */
function faultsOf({ statuses }: Attack, answer: VerbatimAnswer): string[] {
  const { status, headers, text } = answer;
  const faults = [];
  if (status >= 500 && !isByDesign(answer)) faults.push(`answered ${status}: ${text.slice(0, 300)}`);
  if (statuses && !statuses.includes(status)) faults.push(`answered ${status} and not ${statuses.join(' or ')}: ${text.slice(0, 300)}`);
  for (const name of SECURITY) if (!headers.has(name)) faults.push(`${name} is missing`);
  if ([...headers.keys()].some((name) => name.includes(MARK))) faults.push('the answer has a header of the caller');
  if (headers.has('set-cookie')) faults.push('the answer sets a cookie');
  if (/evil\.|127\.0\.0\.1:1\b/.test(headers.get('location') ?? '')) faults.push(`it leads to ${headers.get('location')}`);
  if (INNARDS.test(text)) faults.push(`it shows innards: ${INNARDS.exec(text)?.[0]}`);
  const isPage = (headers.get('content-type') ?? '').startsWith('text/html');
  if (isPage && /<script>pwned|onerror=pwned|onload=pwned/.test(text)) faults.push('the page has a script of the caller');
  return faults;
}

/** How often an answer begins in what a connection brought. */
const statusesIn = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) [A-Z][\w ]*\r\n/g)].map(([, status]) => Number(status));

/** A connection that brings nothing for so long is taken for ended, in milliseconds: proper answers come at once, or close it. */
const SILENT_MS = 3_000;

const isLarge = ({ body }: Attack): boolean => (body?.length ?? 0) > 50_000;

const gc = (): void => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
};
const heldBytes = (): number => {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

describe.each(inThisRun(STORES).filter((store) => store !== 'redis-cluster'))('attacks, on the %s store', (store) => {
  let quire: TestQuire;
  let goodreads: Goodreads;
  let own: AttackedStore;
  let client: VerbatimClient;
  let outgoing: Outgoing;
  let trap: Server;
  let trapped = 0;
  let ground: Ground;
  let book = '';
  /** What the store consisted of before. */
  let names: string[];
  const sent: string[] = [];
  const crashes: unknown[] = [];
  const onCrash = (error: unknown): void => void crashes.push(error);

  beforeAll(async () => {
    process.on('uncaughtExceptionMonitor', onCrash);
    own = await storeForAttack(store);
    names = await own.names();
    trap = createServer((_request, response) => {
      trapped += 1;
      response.end();
    });
    await new Promise<void>((resolve) => trap.listen(0, resolve));
    outgoing = watchOutgoing();
    goodreads = await startGoodreads();
    goodreads.setCollections({ sizes: { list: 3, series: 3, author: 3, editions: 3, shelf: 3, genre: 3, genres: 3 } });
    quire = await startQuire(store, { env: own.env, goodreads });
    client = createVerbatimClient(quire.origin);
    const put = await quire.get(`/books/${BOOK}/page`, {
      method: 'PUT',
      headers: { 'content-type': 'text/html' },
      body: new Uint8Array(PAGE),
    });
    if (put.status !== 200) throw new Error(`the book of the tests was not taken: ${JSON.stringify(put.body)}`);
    const link = `https://www.goodreads.com/book/show/${BOOK}`;
    const [ended, open] = [await quire.submit([link]), await quire.submit([link], '?open=true')];
    const batches = { batchId: ended.batchId as string, openBatchId: open.batchId as string };
    // A standing webhook would be called, at an address that is not of this machine: there is none.
    ground = { bookId: BOOK, ...batches, webhookId: 'wh0mhf5k2x3a1b2c3d4e5f6', trapPort: (trap.address() as AddressInfo).port };
    book = (await client.ask({ method: 'GET', path: `/books/${BOOK}` })).text;
  });
  afterAll(async () => {
    process.off('uncaughtExceptionMonitor', onCrash);
    outgoing.stop();
    client.stop();
    await quire.stop();
    await goodreads.stop();
    await own.cleanUp();
    await new Promise((resolve) => trap.close(resolve));
  });

  const bodies = (): Attack[] => [...attacksByBody(ground), ...attacksByArchive()];

  /** Sends all, some at a time, and returns what is wrong. */
  async function faultsOfAll(attacks: readonly Attack[]): Promise<string[]> {
    const faults: string[] = [];
    const queue = [...attacks];
    const work = async (): Promise<void> => {
      for (let attack = queue.shift(); attack !== undefined; attack = queue.shift()) {
        const { what } = attack;
        const found = await client.ask(attack).then(
          (answer) => faultsOf(attack, answer),
          (error: Error) => [`no answer: ${error.message}`],
        );
        faults.push(...found.map((fault) => `${what}: ${fault}`));
        sent.push(what);
      }
    };
    // Large ones one by one: on a busy machine several of them together outlast the patience with the store, which is 503 by design.
    await Promise.all(Array.from({ length: attacks.some(isLarge) ? 1 : AT_ONCE }, work));
    return faults;
  }

  it.each(Object.keys(TEXTS))('%s in every place where a caller may write text', async (kind) => {
    expect(await faultsOfAll(attacksOnPlaces(document, ground).filter((attack) => attack.kind === kind))).toEqual([]);
  });

  it('addresses that lead elsewhere', async () => {
    expect(await faultsOfAll(attacksByAddress(ground))).toEqual([]);
  });

  it('pages of other origins, and names that lead here', async () => {
    expect(await faultsOfAll(attacksFromBrowsers(document.paths, ground))).toEqual([]);
  });

  it.each(['json', 'pollution', 'table', 'pattern', 'archive'])('bodies: %s', async (kind) => {
    expect(await faultsOfAll(bodies().filter((attack) => attack.kind === kind))).toEqual([]);
  });

  it('bytes that are no proper HTTP', async () => {
    const faults: string[] = [];
    for (const { what, bytes, statuses } of wireAttacks(ground)) {
      const text = await exchange(quire.origin, bytes, SILENT_MS);
      const given = statusesIn(text);
      const isRight = given.length === statuses.length && given.every((status, at) => statuses[at]?.includes(status));
      if (!isRight)
        faults.push(
          `${what}: answered ${given.join() || 'nothing'} and not ${JSON.stringify(statuses).slice(0, 60)}: ${text.slice(0, 200)}`,
        );
      if (INNARDS.test(text) || text.toLowerCase().includes(`\nx-${MARK}`)) faults.push(`${what}: ${text.slice(0, 200)}`);
      sent.push(what);
    }
    expect(faults).toEqual([]);
  });

  it('headers that no cache has in its key change no answer that a cache may keep', async () => {
    const kept = ({ status, headers, text }: VerbatimAnswer): string =>
      `${status} ${headers.get('location')} ${headers.get('etag')} ${text}`;
    const paths = [
      `/books/${BOOK}`,
      `/book-info?id=${BOOK}`,
      '/errors',
      '/errors/forbidden',
      '/openapi.yaml',
      '/docs/',
      '/',
      '/favicon.ico',
      '/docs/static/index.css',
      '/nothing',
    ];
    const faults: string[] = [];
    for (const path of paths) {
      const request = { method: 'GET', path, headers: { host: 'localhost' } };
      const plain = await client.ask(request);
      // What no cache keeps may say who asked.
      if (/no-store/.test(plain.headers.get('cache-control') ?? '')) continue;
      // What `Vary` names is in the key.
      const keyed = (plain.headers.get('vary') ?? '').toLowerCase().split(/, */);
      for (const headers of UNKEYED.filter((one) => !Object.keys(one).some((name) => keyed.includes(name)))) {
        const answer = await client.ask({ ...request, headers: { ...request.headers, ...headers } });
        // A part of a file is kept as a part.
        if (answer.status !== 206 && kept(answer) !== kept(plain))
          faults.push(`${path} is another one with ${JSON.stringify(headers)}: ${kept(answer).slice(0, 100)}`);
        sent.push(path);
      }
    }
    expect(faults).toEqual([]);
  });

  it('leave no memory behind', async () => {
    const heavy = bodies()
      .filter(isLarge)
      .filter((_, at) => at % 3 === 0);
    expect(heavy.length).toBeGreaterThan(10);
    const grownBytes = async (): Promise<number> => {
      const before = heldBytes();
      await faultsOfAll(heavy);
      return heldBytes() - before;
    };
    // One of the large bodies, or what was made of it, would be seen each time. The memory of the embedded database grows in steps, once.
    const isKept = async (): Promise<boolean> => (await grownBytes()) > 12 * 1024 * 1024;
    expect((await isKept()) && (await isKept()) && (await isKept())).toBe(false);
    const { body: metrics } = await quire.get('/metrics');
    expect(metrics).toMatch(/^quire_request_body_bytes 0$/m);
    expect(metrics).toMatch(/^quire_event_streams 0$/m);
  });

  it('were 500 and more, and Quire is what it was', async () => {
    expect(new Set(sent).size).toBeGreaterThan(500);
    expect(crashes).toEqual([]);
    expect((await quire.get('/readyz')).status).toBe(200);
    expect((await client.ask({ method: 'GET', path: `/books/${BOOK}` })).text).toBe(book);
    // Prototypes have what the language gives them.
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(([] as unknown as Record<string, unknown>)['polluted']).toBeUndefined();

    // Nothing was asked but Goodreads' own pages, at the one origin.
    expect(trapped).toBe(0);
    const asked = [...outgoing.requests].filter((url) => !url.startsWith(quire.origin));
    const paths = asked.map((url) => (url.startsWith(goodreads.origin) ? url.slice(goodreads.origin.length) : url));
    expect(paths.filter((path) => !GOODREADS_PATHS.test(path))).toEqual([]);
    expect(paths.length).toBeGreaterThan(0);
    const ours = [quire.origin, goodreads.origin, ...own.servers].map((url) => new URL(url).port);
    expect([...outgoing.connections].filter((target) => !ours.some((port) => target.endsWith(`:${port}`)))).toEqual([]);
    expect([...outgoing.names].filter((name) => !['127.0.0.1', 'localhost'].includes(name))).toEqual([]);

    await quire.service.stop();
    expect(foreignNames(await own.names(), names)).toEqual([]);
  });
});
