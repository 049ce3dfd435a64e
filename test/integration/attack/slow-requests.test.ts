/** Callers who begin a request and never end it (slowloris). */
import { expect, it, onTestFinished } from 'vitest';
import { openRequest } from '../../support/raw-http.ts';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Connections that say the beginning of a request, and then nothing. */
function slowRequests(origin: string): { closed: boolean }[] {
  const beginnings = [
    ['GET /livez HTTP/1.1', 'host: localhost', 'x: y'],
    ['POST /parse-links HTTP/1.1', 'host: localhost', 'content-type: application/json', 'content-length: 100'],
    ['POST /parse-links HTTP/1.1', 'host: localhost', 'content-type: text/csv', 'transfer-encoding: chunked'],
    ['PUT /books/1/page HTTP/1.1', 'host: localhost', 'content-type: text/html', 'content-length: 8000000'],
    ['POST /pages HTTP/1.1', 'host: localhost', 'content-type: application/zip', 'content-length: 30000000'],
  ];
  return Array.from({ length: 60 }, (_, n) => {
    const connection = { closed: false };
    const socket = openRequest(origin, beginnings[n % beginnings.length] ?? []);
    socket.write('[');
    socket.once('close', () => (connection.closed = true)).resume();
    return connection;
  });
}

it('are closed when nothing moves, hold up nobody meanwhile, and hold no bytes afterwards', async () => {
  const quire = await startQuire('redis', { role: 'api', silentMs: 500 });
  onTestFinished(quire.stop);
  const connections = slowRequests(quire.origin);
  for (let n = 0; n < 20; n += 1) expect((await quire.get('/livez')).status).toBe(200);
  await waitUntil('all of them to be closed', () => connections.every(({ closed }) => closed), { timeoutMs: 20_000 });
  await waitUntil('their bytes to be let go', async () => {
    const { body } = await quire.get('/metrics');
    return /^quire_request_body_bytes 0$/m.test(body as string);
  });
});
