/** An export is as large as its reader's patience, not as Quire's memory. */
import { BookSchema } from '../../../src/http/schemas/book.ts';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import type { BookId } from '../../../src/domain/identity.ts';
import { readConfig } from '../../../src/config/config.ts';
import { createService } from '../../../src/service.ts';
import { openStore } from '../../../src/storage/open-store.ts';
import { startQuire, storeEnvironment, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const BOOKS = 20_000;
const BODY_BYTES = 3_000;
const MIB = 1024 * 1024;

const [BOOK] = (BookSchema as unknown as { examples: [object] }).examples;

async function fill({ service }: Pick<TestQuire, 'service'>, total = BOOKS): Promise<void> {
  const { books } = service.store;
  const nowMs = Date.now();
  const put = async (n: number): Promise<void> => {
    const id = String(1_000_000 + n) as BookId;
    const body = Buffer.from(JSON.stringify({ ...BOOK, id, description: 'x'.repeat(BODY_BYTES) }));
    const more = { etag: 'e'.repeat(16), fetchedAtMs: nowMs, freshUntilMs: nowMs + 1_000_000, richness: 10 };
    await books.put({ bookId: id, body, ...more }, [], nowMs + 86_400_000);
  };
  for (let from = 0; from < total; from += 500) await Promise.all(Array.from({ length: 500 }, (_, n) => put(from + n)));
}

it('an export of 20,000 books waits for a reader who stalls, in bounded memory, and then gives all of them', async () => {
  const quire = await startQuire('redis', { role: 'api' });
  onTestFinished(quire.stop);
  await fill(quire);

  const used = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${quire.origin}/books/export`, resolve).on('error', reject);
  });
  expect(answer.statusCode).toBe(200);
  const before = used();
  let most = before;
  // Nothing is read: what the kernel's buffers take is sent, and then everything stands still.
  const untilMs = performance.now() + 1_000;
  const look = (): boolean => {
    most = Math.max(most, used());
    return performance.now() > untilMs;
  };
  await waitUntil('what would be sent without a bound to have been sent', look);
  expect(most - before).toBeLessThan(40 * MIB);

  let [lines, bytes] = [0, 0];
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines += 1;
  }
  expect(lines).toBe(BOOKS);
  expect(bytes).toBeGreaterThan(BOOKS * BODY_BYTES);
});

it('an export whose reader takes nothing any more is cut off', async () => {
  const quire = await startQuire('redis', { role: 'api', silentMs: 300 });
  onTestFinished(quire.stop);
  await fill(quire);
  const served = new Promise<ServerResponse>((resolve) => {
    const onRequest = (message: unknown): void => resolve((message as { response: ServerResponse }).response);
    diagnostics.subscribe('http.server.request.start', onRequest);
    onTestFinished(() => void diagnostics.unsubscribe('http.server.request.start', onRequest));
  });
  const reader = get(`${quire.origin}/books/export`, (answer) => answer.pause());
  reader.on('error', () => undefined);
  onTestFinished(() => void reader.destroy());
  const response = await served;
  await once(response, 'close');
  expect(response.writableFinished).toBe(false);
  expect((await quire.get('/stats')).status).toBe(200);
});

it.each(['/books/export', '/books/export?format=csv', '/batches/{batch}/export'])(
  'HEAD %s is answered as GET is, without a body, and reads nothing after that',
  async (template) => {
    const { env, cleanUp } = await storeEnvironment('redis');
    onTestFinished(cleanUp);
    const config = readConfig({ ...env, PORT: '0' }, 'api');
    const store = openStore(config, () => undefined);
    let pages = 0;
    const counted = <A extends unknown[], R>(read: (...args: A) => R) => {
      return (...args: A): R => {
        pages += 1;
        return read(...args);
      };
    };
    const service = createService(config, {
      log: pino({ level: 'silent' }),
      version: '0',
      store: {
        ...store,
        books: { ...store.books, list: counted(store.books.list) },
        batches: { ...store.batches, items: counted(store.batches.items) },
      },
    });
    onTestFinished(() => service.stop());
    await service.start();
    await fill({ service }, 1_000);
    const origin = service.address ?? '';
    const links = Array.from({ length: 1_000 }, (_, n) => `https://www.goodreads.com/book/show/${1_000_000 + n}`);
    const submitted = await fetch(`${origin}/parse-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(links),
    });
    const { batchId } = (await submitted.json()) as { batchId: string };
    const url = origin + template.replace('{batch}', batchId);

    pages = 0;
    const whole = await fetch(url);
    expect((await whole.arrayBuffer()).byteLength).toBeGreaterThan(1_000);
    const ofGet = pages;
    expect(ofGet).toBeGreaterThan(4);

    pages = 0;
    for (let n = 0; n < 5; n += 1) {
      const head = await fetch(url, { method: 'HEAD' });
      expect(head.status).toBe(200);
      for (const name of ['content-type', 'content-disposition', 'cache-control'])
        expect(head.headers.get(name)).toBe(whole.headers.get(name));
      expect(head.headers.get('content-length')).toBeNull();
    }
    // While this one is sent, reading that went on behind the answers would be seen.
    await (await fetch(url)).arrayBuffer();
    expect(pages).toBe(ofGet + 5);
  },
);
