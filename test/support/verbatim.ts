/** Requests as they stand: `fetch` would tidy up paths, and set Host and other headers itself. Every answer is held to openapi.yaml. */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { holdAnswer } from './hold-answers.ts';

export interface VerbatimAnswer {
  status: number;
  headers: Headers;
  text: string;
}

export interface VerbatimRequest {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array;
}

export interface VerbatimClient {
  /** Rejects when there is no answer within the deadline. */
  ask(request: VerbatimRequest): Promise<VerbatimAnswer>;
  stop(): void;
}

/** Longest time for one answer, in milliseconds. */
const DEADLINE_MS = 15_000;

export function createVerbatimClient(origin: string): VerbatimClient {
  const agent = new Agent({ keepAlive: true });
  return {
    ask: ({ method, path, headers = {}, body }) =>
      new Promise((resolve, reject) => {
        const bytes = body === undefined ? undefined : Buffer.from(body);
        const length = bytes === undefined ? {} : { 'content-length': String(bytes.length) };
        const sent = request(origin, { method, path, headers: { ...length, ...headers }, agent, signal: AbortSignal.timeout(DEADLINE_MS) });
        sent.once('error', reject);
        sent.once('response', (answer) => {
          const pieces: Buffer[] = [];
          answer.on('data', (piece: Buffer) => pieces.push(piece));
          answer.once('error', reject);
          answer.once('end', () => {
            const given = new Headers();
            for (let at = 0; at < answer.rawHeaders.length; at += 2)
              given.append(answer.rawHeaders[at] ?? '', answer.rawHeaders[at + 1] ?? '');
            const text = Buffer.concat(pieces).toString('utf8');
            const status = answer.statusCode ?? 0;
            const isStream = (given.get('content-type') ?? '').startsWith('text/event-stream');
            holdAnswer({ method, path, status, headers: given, body: isStream ? null : text });
            resolve({ status, headers: given, text });
          });
        });
        sent.end(bytes);
      }),
    stop: () => agent.destroy(),
  };
}

/** Writes bytes, and resolves to all that comes back until the other side closes, or is silent for `silentMs`. */
export async function exchange(origin: string, bytes: Buffer, silentMs: number): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  let seen = '';
  return new Promise((resolve) => {
    const finish = (): void => {
      socket.destroy();
      resolve(seen);
    };
    socket.setTimeout(silentMs, finish);
    socket.on('data', (data) => (seen += data.toString('latin1')));
    // What is still being sent when the connection is closed may be refused.
    socket.on('error', () => undefined);
    socket.once('close', finish);
    socket.write(bytes);
  });
}
