/** A receiver that speaks TLS, and calls to it from a process of their own: which authorities Node trusts is settled when a process starts. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificate } from '../../support/certificate.ts';

export interface TlsReceiver {
  /** Path of its certificate, which vouches for itself. */
  certificate: string;
  /** Bodies of the calls it has seen. */
  calls: string[];
  /** Calls it as `host` from a process with `env`: the answer's status, or the code of what went wrong. */
  callFromProcess(host: string, env: Record<string, string>): Promise<unknown>;
  stop(): Promise<void>;
}

const CALL = `
  import { send } from ${JSON.stringify(new URL('../../../src/webhooks/sending/send.ts', import.meta.url).href)};
  const target = { url: new URL(process.argv[1]), addresses: ['127.0.0.1'] };
  const call = { target, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}', signal: AbortSignal.timeout(8000) };
  send(call).then(
    ({ status }) => console.log(JSON.stringify({ status })),
    (error) => console.log(JSON.stringify({ error: error.code ?? String(error) })),
  );
`;

/** Starts one on loopback whose certificate is for `host`. */
export async function startTlsReceiver(host: string): Promise<TlsReceiver> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-tls-'));
  const { key, certificate } = await makeCertificate(dir, host, `DNS:${host}`);
  const calls: string[] = [];
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      calls.push(Buffer.concat(pieces).toString('utf8'));
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    certificate,
    calls,
    async callFromProcess(name, env) {
      const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', CALL, `https://${name}:${port}/hook`];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'], ...env }, timeout: 20_000 });
      return JSON.parse(stdout) as unknown;
    },
    async stop() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await rm(dir, { recursive: true, force: true });
    },
  };
}
