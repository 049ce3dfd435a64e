/** The options of Fastify. */
import { LogController, type FastifyHttpOptions } from 'fastify';
import type { Server } from 'node:http';
import type { HttpDependencies } from './dependencies.ts';
import { sendError } from './plugins/error-handling.ts';
import type { SecurityHeaders } from './plugins/security-headers.ts';
import { createWireAnswer } from './plugins/wire-problems.ts';
import { requestId } from './requests/request-id.ts';

/**
 * A connection on which no byte moves for so long is closed: the caller has gone, or takes no more of a long answer.
 * No answer is silent for longer by design: `Prefer: wait` ends after 30 s, and event streams have a heartbeat.
 */
const SILENT_MS = 120_000;

/** Bodies of routes that do not say otherwise. */
const BODY_LIMIT = 64 * 1024;

export const serverOptions = (
  { log, config, silentMs = SILENT_MS }: Pick<HttpDependencies, 'log' | 'config' | 'silentMs'>,
  security: SecurityHeaders,
): FastifyHttpOptions<Server> => ({
  loggerInstance: log,
  // One logger for all requests: a child for each would cost more than the rest of a read. Log lines name the request themselves.
  childLoggerFactory: (logger) => logger,
  logController: new LogController({ disableRequestLogging: true }),
  // What callers write into X-Forwarded-For counts only from proxies that the operator named.
  trustProxy: config.trustProxy === null ? false : [...config.trustProxy],
  genReqId: requestId,
  requestIdHeader: false,
  bodyLimit: BODY_LIMIT,
  requestTimeout: 60_000,
  connectionTimeout: silentMs,
  routerOptions: { maxParamLength: 200 },
  return503OnClosing: false,
  // Health checks are answered without a Host; a guard refuses the rest.
  http: { requireHostHeader: false },
  frameworkErrors: (error, request, reply) => void sendError(error, request, reply.headers(security)),
  clientErrorHandler: createWireAnswer(log, security),
});
