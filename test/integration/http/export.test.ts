/** An export is as large as its reader's patience, not as Quire's memory. */
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import type { BookId } from '../../../src/books/identity.ts';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const BOOKS = 20_000;
const BODY_BYTES = 3_000;
const MIB = 1024 * 1024;

async function fill(quire: TestQuire): Promise<void> {
  const { books } = quire.service.store;
  const nowMs = Date.now();
  const put = async (n: number): Promise<void> => {
    const id = String(1_000_000 + n) as BookId;
    const body = Buffer.from(JSON.stringify({ id, description: 'x'.repeat(BODY_BYTES) }));
    const more = { etag: 'e'.repeat(16), fetchedAtMs: nowMs, freshUntilMs: nowMs + 1_000_000, richness: 10 };
    await books.put({ bookId: id, body, ...more }, [], nowMs + 86_400_000);
  };
  for (let from = 0; from < BOOKS; from += 500) await Promise.all(Array.from({ length: 500 }, (_, n) => put(from + n)));
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
