/** Readers of a batch's events who do not read. */
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { BatchId } from '../../../src/domain/batch.ts';
import type { JobId } from '../../../src/domain/identity.ts';
import { createEventStreams } from '../../../src/http/streams/event-streams.ts';
import { redisStore, type MadeStore } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

const TOTAL = 4_000;
/** As long as a link may be: all events together are more than the kernel's buffers of one connection take. */
const INPUT = 'x'.repeat(2_000);
const STUCK_MS = 500;
const BATCH = 'stuck0000001' as BatchId;

describe('a reader who takes nothing', () => {
  let made: MadeStore;
  beforeAll(async () => {
    made = await redisStore.make();
    const items = Array.from({ length: TOTAL }, (_, index) => ({
      index,
      input: INPUT,
      jobId: `book-${index + 1}` as JobId,
      bookId: null,
      duplicates: 0,
      reason: null,
    }));
    const batch = { batchId: BATCH, options: { priority: 'normal', maxAgeMs: null, webhook: null }, total: TOTAL, last: true } as const;
    for (let at = 0; at < TOTAL; at += 500) {
      const part = { batch: { ...batch, last: at + 500 === TOTAL }, items: items.slice(at, at + 500) };
      await made.store.batches.submit({ ...part, nowMs: 1000, run: 'r', priority: 'normal', maxAgeMs: null });
    }
    await made.store.batches.cancel(BATCH, 2000);
  });
  afterAll(() => made.cleanup());

  it('is dropped, and costs no more memory than a few events; a reader beside it gets all events', async () => {
    const open = { count: 0 };
    const streams = createEventStreams({
      deps: { store: made.store, batches: { view: async () => null } as never, log: { warn: () => undefined } as never },
      openStreams: { inc: () => (open.count += 1), dec: () => (open.count -= 1) },
      stuckMs: STUCK_MS,
    });
    const responses: ServerResponse[] = [];
    const server = createServer((_request, response) => {
      responses.push(response);
      response.writeHead(200, { connection: 'close' });
      void streams.serve(response, BATCH, 0);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    onTestFinished(async () => {
      streams.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const ask = (): Socket => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      return socket;
    };
    const stuck = ask().pause();
    onTestFinished(() => void stuck.destroy());
    await waitUntil('the stuck reader to be served', () => responses.length === 1);

    let most = 0;
    const before = performance.now();
    let events = 0;
    let rest = '';
    const reader = ask().on('data', (data) => {
      const text = rest + data.toString('latin1');
      events += text.split('event: item').length - 1;
      rest = text.slice(text.lastIndexOf('\n') + 1);
    });
    const look = (): boolean => {
      most = Math.max(most, responses[0]?.writableLength ?? 0);
      return responses[0]?.destroyed === true;
    };
    await waitUntil('the stuck reader to be dropped', look, { everyMs: 5 });
    expect(performance.now() - before).toBeGreaterThanOrEqual(STUCK_MS * 0.9);
    // At most one reading of 100 events waits for him, of the 8 MB there are.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(150 * (INPUT.length + 500));
    await waitUntil('the other to have everything', () => reader.readableEnded);
    expect(events).toBe(TOTAL);
    await waitUntil('both to be counted out', () => open.count === 0);
  });
});
