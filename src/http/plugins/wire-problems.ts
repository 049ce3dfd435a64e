/** What HTTP itself refuses before there is a route: a malformed request, no Host, an unknown expectation. Each answer is a problem. */
import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Log } from '../../domain/log.ts';
import { PROBLEM_TYPE, sendStatusProblem } from '../answers/problem.ts';
import { requestId } from '../requests/request-id.ts';
import type { SecurityHeaders } from './security-headers.ts';

/** What Node's parser calls its errors, and what they mean to a caller. */
const PARSER_ERRORS: Record<string, [status: number, detail: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are longer than 16 KiB.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The extensions of a chunk are longer than 16 KiB.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
};

interface Written {
  headers: Record<string, string>;
  body: string;
}

/** A problem that means no more than its status, as text, and the headers that go with it. */
function written(status: number, detail: string, instance: string, security: SecurityHeaders): Written {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, detail, instance });
  const headers = {
    ...security,
    connection: 'close',
    'content-type': PROBLEM_TYPE,
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    'x-request-id': instance,
  };
  return { headers, body };
}

/** Answers on a connection that has no request object. The answer is written by hand. */
function answerBare(socket: Duplex, status: number, detail: string, security: SecurityHeaders): string {
  const instance = requestId({ headers: {} });
  const { headers, body } = written(status, detail, instance, security);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
  return instance;
}

/** Makes Fastify's `clientErrorHandler`: it answers what Node's parser refuses. */
export function createWireAnswer(log: Log, security: SecurityHeaders): (error: Error & { code?: string }, socket: Duplex) => void {
  return (error, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const [status, detail] = PARSER_ERRORS[error.code ?? ''] ?? [400, 'That is not a well-formed HTTP request.'];
    const reqId = answerBare(socket, status, detail, security);
    log.debug({ reqId, status, code: error.code }, 'a request is not well-formed HTTP');
  };
}

/** Whether a request names two hosts. Node takes the first, a proxy before it may have taken the last. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Answers what Node would refuse without a body. The server must be made with `requireHostHeader: false`. */
export function installWireProblems(app: FastifyInstance, security: SecurityHeaders): void {
  app.addHook('onRequest', (request, reply, done) => {
    // Health checks may be asked by anybody who reaches the port.
    const isMissing =
      request.headers.host === undefined && request.raw.httpVersion === '1.1' && request.routeOptions.config.anyHost !== true;
    if (!isMissing && !hasTwoHosts(request.raw)) return done();
    sendStatusProblem(request, reply.header('connection', 'close'), 400, {
      detail: isMissing ? 'The request has no Host header, which HTTP/1.1 requires.' : 'The request has more than one Host header.',
    });
  });
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const { headers, body } = written(417, 'Only the expectation 100-continue is met here.', requestId(request), security);
    response.writeHead(417, headers).end(body);
  });
  app.server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    answerBare(socket, 501, 'CONNECT is for proxies, and this is none.', security);
  });
}
