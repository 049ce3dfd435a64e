/** A small HTTP proxy on loopback that opens tunnels (`CONNECT`), and a server behind TLS for them to lead to. */
import { once } from 'node:events';
import { readFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';

export interface SmallProxy {
  /** `127.0.0.1:port`. */
  host: string;
  /** What it was asked for: the target and the credentials of each `CONNECT`. */
  asked: { target: string | undefined; authorization: string | undefined }[];
  /** The status of its next answers; 0 gives none. From 200 on it opens tunnels. */
  answerWith(status: number): void;
  stop(): Promise<void>;
}

/** Starts it. Every tunnel leads to `port` on loopback, whatever name was asked for. */
export async function startSmallProxy(port: number): Promise<SmallProxy> {
  const asked: SmallProxy['asked'] = [];
  const sockets = new Set<Socket>();
  let status = 200;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };
  const server = createServer().on('connection', keep);
  server.on('connect', (request, client: Socket) => {
    asked.push({ target: request.url, authorization: request.headers['proxy-authorization'] });
    if (status === 0) return;
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    keep(target);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answerWith: (next) => (status = next),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface TlsPages {
  port: number;
  /** Its certificate (PEM), for `host` and 127.0.0.1. */
  ca: string;
  requests(): number;
  stop(): Promise<void>;
}

/** A server behind TLS whose every page is a short text. */
export async function startTlsPages(host: string): Promise<TlsPages> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-tls-pages-'));
  const { key, certificate } = await makeCertificate(dir, host, `DNS:${host},IP:127.0.0.1`);
  const ca = await readFile(certificate, 'utf8');
  let requests = 0;
  const server = createTlsServer({ key: await readFile(key), cert: ca }, (_request, response) => {
    requests += 1;
    response.end('a page');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ca,
    requests: () => requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(dir, { recursive: true, force: true });
    },
  };
}
