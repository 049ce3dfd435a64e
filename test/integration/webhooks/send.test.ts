import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_ANSWER_BYTES, send } from '../../../src/webhooks/sending/send.ts';
import { startReceiver, type Receiver } from './receiver.ts';
import { startTlsReceiver, type TlsReceiver } from './tls-receiver.ts';

describe('a call', () => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await startReceiver();
  });
  afterAll(() => receiver.stop());

  const call = (url: string, { addresses = ['127.0.0.1'], timeoutMs = 5_000 } = {}) =>
    send({
      target: { url: new URL(url), addresses },
      headers: { 'content-type': 'application/json' },
      body: '{"a":"ü"}',
      signal: AbortSignal.timeout(timeoutMs),
    });

  it('goes to the address that was checked, under the name of the URL', async () => {
    // The name does not exist: only the pinned address can have been used.
    const answer = await call(`http://receiver.invalid:${receiver.port}/a/b?c=d`);
    expect(answer).toMatchObject({ status: 204 });
    expect(receiver.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: '/a/b?c=d',
      body: '{"a":"ü"}',
      headers: { host: `receiver.invalid:${receiver.port}`, 'content-length': '10' },
    });
  });

  it('tries the next address when one does not answer', async () => {
    await expect(call(`http://receiver.invalid:${receiver.port}/`, { addresses: ['::1', '127.0.0.1'] })).resolves.toMatchObject({
      status: 204,
    });
  });

  it('names the host in the TLS handshake while it connects to the address', async () => {
    let hello = '';
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('data', (data) => {
        hello = data.toString('latin1');
        socket.destroy();
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    await expect(call(`https://receiver.invalid:${port}/`)).rejects.toBeInstanceOf(Error);
    expect(hello).toContain('receiver.invalid');
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  describe('over TLS', () => {
    let target: TlsReceiver;
    beforeAll(async () => {
      target = await startTlsReceiver('receiver.test');
    });
    afterAll(() => target.stop());

    it('is made when the host has a certificate from an authority that this machine trusts', async () => {
      expect(await target.callFromProcess('receiver.test', { NODE_EXTRA_CA_CERTS: target.certificate })).toEqual({ status: 204 });
      expect(target.calls).toEqual(['{"a":"ü"}']);
    });

    it.each([
      ['one that nobody vouches for', 'receiver.test', {}, /SELF_SIGNED/],
      ['one of another host', 'other.test', { trusted: true }, /ERR_TLS_CERT_ALTNAME_INVALID/],
    ])('is not made with %s: the receiver sees no request', async (_what, host, { trusted = false }: { trusted?: boolean }, code) => {
      const seen = target.calls.length;
      const env = trusted ? { NODE_EXTRA_CA_CERTS: target.certificate } : {};
      expect(await target.callFromProcess(host, env)).toEqual({ error: expect.stringMatching(code) });
      expect(target.calls).toHaveLength(seen);
    });
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const before = receiver.calls.length;
    receiver.answers.push((response) => response.writeHead(status, { location: receiver.url }).end());
    await expect(call(receiver.url)).resolves.toMatchObject({ status });
    expect(receiver.calls).toHaveLength(before + 1);
  });

  it('stops reading an endless answer', async () => {
    let sent = 0;
    receiver.answers.push((response) => {
      response.writeHead(200);
      const piece = Buffer.alloc(16 * 1024);
      const more = (): void => {
        sent += piece.length;
        response.write(piece);
      };
      response.on('drain', more);
      for (let n = 0; n < 8; n++) more();
    });
    await expect(call(receiver.url)).resolves.toMatchObject({ status: 200 });
    // What the kernel's buffers take is sent, but no more: the answer would not have ended by itself.
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(sent).toBeGreaterThanOrEqual(MAX_ANSWER_BYTES);
  });

  it('takes the status of an answer whose body is too slow or breaks off', async () => {
    receiver.answers.push((response) => response.writeHead(200).write('slow'));
    await expect(call(receiver.url, { timeoutMs: 200 })).resolves.toMatchObject({ status: 200 });
    receiver.answers.push((response) => {
      response.writeHead(500, { 'content-length': 100 });
      response.write('x', () => response.destroy());
    });
    await expect(call(receiver.url)).resolves.toMatchObject({ status: 500 });
  });

  it('ends with the signal when there is no answer', async () => {
    receiver.answers.push(() => undefined);
    await expect(call(receiver.url, { timeoutMs: 100 })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('rejects when nobody listens, when the connection breaks and when the headers do not end', async () => {
    await expect(call('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    receiver.answers.push((response) => response.destroy());
    await expect(call(receiver.url)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
    receiver.answers.push((response) => response.socket?.write(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}`));
    await expect(call(receiver.url)).rejects.toMatchObject({ code: 'UND_ERR_HEADERS_OVERFLOW' });
  });
});
