/** Too many readers of a batch's events. */
import type { Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openRequest } from '../../support/raw-http.ts';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** As docs/operations.md says. */
const MOST_STREAMS = 1_000;

describe('readers beyond the number that is served', () => {
  it('get 503 with Retry-After, and are served once others have left', async () => {
    const quire = await startQuire('redis', { role: 'api' });
    onTestFinished(quire.stop);
    const { batchId } = (await quire.submit(['https://www.goodreads.com/book/show/1'])) as { batchId: string };
    const path = `/batches/${batchId}/events`;
    const open = async (): Promise<number> =>
      Number(/^quire_event_streams (\d+)$/m.exec((await quire.get('/metrics')).body as string)?.[1]);
    const answers: string[] = [];
    const ask = (): Socket => openRequest(quire.origin, [`GET ${path} HTTP/1.1`, 'host: localhost']);
    const read = (socket: Socket): Socket => socket.once('data', (data) => answers.push(data.toString('latin1').slice(0, 12)));
    // Ten more than are served, all at once: none slips in between a look and its stream.
    const sockets = Array.from({ length: MOST_STREAMS + 10 }, () => read(ask()));
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    await waitUntil('all to be answered', () => answers.length === sockets.length, { timeoutMs: 30_000 });
    expect(answers.filter((answer) => answer === 'HTTP/1.1 200')).toHaveLength(MOST_STREAMS);
    expect(answers.filter((answer) => answer === 'HTTP/1.1 503')).toHaveLength(10);
    expect(await open()).toBe(MOST_STREAMS);

    const { status, headers, body } = await quire.get(path);
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'overloaded' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    for (const socket of sockets) socket.destroy();
    await waitUntil('the streams of those who left to end', async () => (await open()) === 0, { timeoutMs: 30_000 });
    const served = await fetch(quire.origin + path);
    expect(served.status).toBe(200);
    await served.body?.cancel();
  });
});
