/** Bodies of requests: compressed ones, ones that are too much, and answers to callers who are still sending. */
import { readFileSync } from 'node:fs';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openRequest, sendRaw } from '../../support/raw-http.ts';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const MIB = 1024 * 1024;
/** As docs/operations.md says. */
const MOST_IN_FLIGHT = 64 * MIB;

const PAGE = readFileSync(new URL('../../fixtures/pages/next/7100001.html', import.meta.url));
const json = { 'content-type': 'application/json' };
const html = { 'content-type': 'text/html' };

async function bytesInFlight(quire: TestQuire): Promise<number> {
  const { body } = await quire.get('/metrics');
  return Number(/^quire_request_body_bytes (\d+)$/m.exec(body as string)?.[1]);
}

describe('a compressed body', () => {
  let scene: HttpScene;
  beforeAll(async () => {
    scene = await openScene('redis');
  });
  afterAll(async () => {
    await waitUntil('all bodies to be let go', async () => (await bytesInFlight(scene.quire)) === 0);
    await scene.stop();
  });

  const put = (encoding: string, body: Uint8Array) =>
    scene.ask('/books/7100001/page', { method: 'PUT', headers: { ...html, 'content-encoding': encoding }, body });
  const post = (type: string, encoding: string, body: Uint8Array) =>
    scene.ask('/parse-links', { method: 'POST', headers: { 'content-type': type, 'content-encoding': encoding }, body });

  it.each([
    ['gzip', gzipSync(PAGE)],
    ['x-gzip', gzipSync(PAGE)],
    ['GZIP', gzipSync(PAGE)],
    ['deflate', deflateSync(PAGE)],
    ['deflate', deflateRawSync(PAGE)],
    ['br', brotliCompressSync(PAGE)],
    ['identity', PAGE],
    ['deflate, gzip', gzipSync(deflateSync(PAGE))],
  ])('of a page is read as %s says', async (encoding, body) => {
    expect((await put(encoding, body)).status).toBe(200);
    expect((await scene.ask('/books/7100001')).body).toMatchObject({ id: '7100001', author: 'Maren Oddvik' });
    expect((await scene.ask('/books/7100001', { method: 'DELETE' })).status).toBe(204);
  });

  it('of links is read as well', async () => {
    const links = [linkTo(scene.ids[1] ?? '')];
    expect((await post('application/json', 'gzip', gzipSync(JSON.stringify(links)))).body).toMatchObject({ counts: { total: 1 } });
    expect((await post('text/plain', 'br', brotliCompressSync(links.join('\n')))).body).toMatchObject({ counts: { total: 1 } });
  });

  it.each([
    ['gzip', PAGE],
    ['br', PAGE],
    ['deflate', PAGE],
    ['gzip', gzipSync(PAGE).subarray(0, -20)],
    ['br', gzipSync(PAGE)],
    ['gzip, gzip', gzipSync(PAGE)],
  ])('that is not the %s it says it is gets 400, and nothing is stored', async (encoding, body) => {
    expect(await put(encoding, body)).toMatchObject({
      status: 400,
      body: { code: 'invalid-request', errors: [{ pointer: '/headers/content-encoding' }] },
    });
    expect((await post('application/json', encoding, body)).status).toBe(400);
    expect((await scene.ask('/books/7100001')).status).toBe(404);
  });

  it.each(['zstd', 'compress', 'nonsense', 'gzip, gzip, gzip'])('in %s gets 415 with what is read', async (encoding) => {
    for (const answer of [await put(encoding, PAGE), await post('application/json', encoding, Buffer.from('[]'))]) {
      expect(answer).toMatchObject({
        status: 415,
        body: { code: 'unsupported-media-type', detail: expect.stringContaining('content-encoding') },
      });
      expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, br');
    }
  });

  it('a type that is not read gets 415 without Accept-Encoding, which would mean something else', async () => {
    const answer = await scene.ask('/books/1/page', { method: 'PUT', headers: json, body: '{}' });
    expect([answer.status, answer.headers.get('accept-encoding')]).toEqual([415, null]);
  });

  it('that is a bomb gets 413', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * MIB, 'x'));
    expect(await put('gzip', bomb)).toMatchObject({ status: 413, body: { code: 'body-too-large' } });
    expect((await post('application/json', 'gzip', gzipSync(Buffer.alloc(3 * MIB, ' ')))).status).toBe(413);
  });
});

describe('a caller who reads only after all is sent', () => {
  let quire: TestQuire;
  let keyed: TestQuire;
  beforeAll(async () => {
    [quire, keyed] = await Promise.all([
      startQuire('redis', { role: 'api' }),
      startQuire('redis', { role: 'api', settings: { API_KEYS: 'a-key-of-ours' } }),
    ]);
  });
  afterAll(() => Promise.all([quire.stop(), keyed.stop()]));

  const body = Buffer.alloc(8 * MIB, ' ');
  const length = `content-length: ${body.length}`;
  const chunked = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
  const links = 'POST /parse-links HTTP/1.1';
  const isJson = 'content-type: application/json';

  it.each([
    ['413, found by the length', links, [isJson, length], body, 413],
    ['413, found while reading', links, [isJson, 'transfer-encoding: chunked'], chunked, 413],
    ['415 for the type', links, ['content-type: image/png', length], body, 415],
    ['415 for the encoding', links, [isJson, 'content-encoding: zstd', length], body, 415],
    ['403', links, [isJson, 'origin: https://evil.example', length], body, 403],
    ['403 under a foreign name', links, [isJson, 'host: evil.example', length], body, 403],
    ['404', 'POST /nothing HTTP/1.1', ['content-type: image/png', length], body, 404],
    ['405', 'PUT /parse-links HTTP/1.1', [isJson, length], body, 405],
  ])('gets %s', async (_what, request, lines, sent, status) => {
    for (const connection of ['close', 'keep-alive']) {
      const host = lines.some((line) => line.startsWith('host:')) ? [] : ['host: localhost'];
      // A connection that is kept is ended by the caller's next request.
      const next = connection === 'close' ? '' : 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';
      const answer = await sendRaw(
        quire.origin,
        [request, ...host, ...lines, `connection: ${connection}`],
        Buffer.concat([sent, Buffer.from(next)]),
      );
      expect([answer.status, answer.body.includes('"type":"/errors/')], connection).toEqual([status, true]);
    }
  });

  it('gets 401', async () => {
    const answer = await sendRaw(keyed.origin, [links, 'host: localhost', isJson, length, 'connection: close'], body);
    expect([answer.status, answer.body.includes('unauthorized')]).toEqual([401, true]);
  });

  it('who never stops sending is answered, and cut off after a while', async () => {
    const socket = openRequest(quire.origin, [links, 'host: localhost', isJson, 'transfer-encoding: chunked']);
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, ' '), Buffer.from('\r\n')]);
    const write = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', write);
    write();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(socket.bytesWritten).toBeLessThan(40 * MIB);
  });
});

describe('bodies in flight', () => {
  it('are bounded over all connections, and what was refused, aborted and answered makes room again', async () => {
    const quire = await startQuire('redis', { role: 'api' });
    onTestFinished(quire.stop);
    const CALLERS = 30;
    const whole = Buffer.alloc(8 * MIB, ' ');
    const [most, last] = [whole.subarray(0, -MIB / 16), whole.subarray(-MIB / 16)];
    const before = process.memoryUsage().arrayBuffers;
    const callers = Array.from({ length: CALLERS }, (_, n) => {
      // Some tell the length, some do not.
      const framing = n % 2 === 0 ? `content-length: ${whole.length}` : 'transfer-encoding: chunked';
      const socket = openRequest(quire.origin, ['PUT /books/1/page HTTP/1.1', 'host: localhost', 'content-type: text/html', framing]);
      onTestFinished(() => void socket.destroy());
      if (n % 2 === 1) socket.write(`${whole.length.toString(16)}\r\n`);
      socket.write(most);
      const caller = { socket, answer: '', finish: () => void socket.write(last, () => n % 2 === 1 && socket.write('\r\n0\r\n\r\n')) };
      socket.on('data', (data) => (caller.answer += data.toString('latin1')));
      return caller;
    });
    const full = Math.floor(MOST_IN_FLIGHT / most.length);
    const refused = (): typeof callers => callers.filter(({ answer }) => answer !== '');
    let mostUsed = 0;
    await waitUntil(
      'all to be refused but those that there is room for',
      () => {
        mostUsed = Math.max(mostUsed, process.memoryUsage().arrayBuffers - before);
        return refused().length === CALLERS - full;
      },
      { timeoutMs: 30_000 },
    );
    for (const { answer } of refused()) {
      expect(answer).toMatch(/^HTTP\/1\.1 503 /);
      expect(answer).toMatch(/\r\nretry-after: \d+\r\n/i);
      expect(answer).toContain('"code":"overloaded"');
    }
    await waitUntil('the rest to have arrived', async () => (await bytesInFlight(quire)) === full * most.length);
    // The pieces lie in memory twice while their buffer grows.
    expect(mostUsed).toBeLessThan(3.5 * MOST_IN_FLIGHT);
    expect((await quire.get('/livez')).status).toBe(200);

    const held = callers.filter(({ answer }) => answer === '');
    const halfway = Math.floor(held.length / 2);
    for (const { socket } of held.slice(0, halfway)) socket.destroy();
    await waitUntil('those who left to be let go', async () => (await bytesInFlight(quire)) === (full - halfway) * most.length);
    for (const { finish } of held.slice(halfway)) finish();
    await waitUntil('the others to be answered', () => held.slice(halfway).every(({ answer }) => answer.startsWith('HTTP/1.1 422 ')));
    await waitUntil('all to be let go', async () => (await bytesInFlight(quire)) === 0);
    const answer = await quire.get('/books/7100001/page', { method: 'PUT', headers: html, body: new Uint8Array(PAGE) });
    expect(answer.status).toBe(200);
  });
});
