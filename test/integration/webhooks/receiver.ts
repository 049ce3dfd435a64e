/** A webhook's receiver on loopback: keeps what it was sent and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { waitUntil } from '../../support/wait-until.ts';

export interface ReceivedCall {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
  atMs: number;
}

/** A status, or what is done with the call. */
type Answer = number | ((response: ServerResponse, call: ReceivedCall) => void);

export interface Receiver {
  url: string;
  port: number;
  calls: ReceivedCall[];
  /** Answers of the calls to come, in order; after the last, or without any, 204. */
  answers: Answer[];
  /** The answer of calls that `answers` has none for: 204 unless told. */
  otherwise: Answer;
  /** Resolves to all calls once there are so many. */
  called(times: number, timeoutMs?: number): Promise<ReceivedCall[]>;
  stop(): Promise<void>;
}

/** A payload as a receiver sees it. */
export interface Payload {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}

/** What a receiver makes of a call: throws when the signature does not hold. */
export function verified(call: ReceivedCall | undefined, secret: string): Payload {
  if (!call) throw new Error('there was no such call');
  return new Webhook(secret).verify(call.body, call.headers as Record<string, string>) as Payload;
}

/** Starts a receiver on a free port, or on the one that is named. */
export async function startReceiver(at = 0): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const listener: RequestListener = (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const call: ReceivedCall = { method, path: url, headers, body: Buffer.concat(pieces).toString('utf8'), atMs: Date.now() };
      calls.push(call);
      const answer = receiver.answers.shift() ?? receiver.otherwise;
      if (typeof answer === 'number') response.writeHead(answer).end();
      else answer(response, call);
    });
  };
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    calls,
    answers: [],
    otherwise: 204,
    called: (times, timeoutMs = 10_000) => waitUntil(`${times} calls`, () => (calls.length >= times ? calls : undefined), { timeoutMs }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
