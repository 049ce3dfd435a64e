/** The HTTP side of Quire, put together: the order of its parts, on one screen. */
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import { installAuthentication } from './plugins/authentication.ts';
import { createBookAnswer } from './answers/book-answer.ts';
import { installJsonBodies } from './plugins/body-parsing.ts';
import { installCrossOriginGuard, installHostGuard } from './plugins/cross-origin.ts';
import type { HttpDependencies } from './dependencies.ts';
import { collectDocumentation, documentationRoutes } from './plugins/documentation.ts';
import { installErrorHandling, sendError } from './plugins/error-handling.ts';
import { watchMethods } from './plugins/known-methods.ts';
import { installKnownParameters } from './plugins/known-parameters.ts';
import { createMetrics } from './plugins/metrics.ts';
import { installBodyLimits } from './plugins/request-bodies.ts';
import { requestId } from './plugins/request-id.ts';
import { batchEventsRoutes } from './routes/batch-events.ts';
import { batchesRoutes } from './routes/batches.ts';
import { bookInfoRoutes } from './routes/book-info.ts';
import { booksRoutes } from './routes/books.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { jobsRoutes } from './routes/jobs.ts';
import { operationsRoutes } from './routes/operations.ts';
import { pagesRoutes } from './routes/pages.ts';
import { parserRoutes } from './routes/parser.ts';
import { parseLinksRoutes } from './routes/parse-links.ts';
import { sourceRoutes } from './routes/source.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { BookSchema } from './schemas/book.ts';
import { ProblemSchema } from './schemas/problem.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { createWireAnswer, installWireProblems } from './plugins/wire-problems.ts';

/**
 * A connection on which nothing moves for so long is closed, whatever is under way: the caller has gone without a word, or takes no more of a
 * long answer. No answer is silent for longer by design: `Prefer: wait` ends after 30 s, and event streams have a heartbeat.
 */
const SILENT_MS = 120_000;

/** Bodies of routes that do not say otherwise. */
const BODY_LIMIT = 64 * 1024;

/** Builds the app. Asks nothing of the store: that begins with the first request. The caller listens and closes. */
export async function createApp(deps: HttpDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log,
    // One logger for all requests: a child for each would cost more than the rest of a read. Our lines name the request themselves.
    childLoggerFactory: (log) => log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    requestIdHeader: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 60_000,
    connectionTimeout: deps.silentMs ?? SILENT_MS,
    routerOptions: { maxParamLength: 200 },
    return503OnClosing: false,
    // Health checks are answered without a Host; the guard below refuses the rest.
    http: { requireHostHeader: false },
    frameworkErrors: (error, request, reply) => void sendError(error, request, reply),
    clientErrorHandler: createWireAnswer(deps.log),
  });
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());

  app.setValidatorCompiler(validatorCompiler);
  // Answers are made by us, to the schemas' shape (a test holds every answer to its schema); a compiled serializer is slower for long lists.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addSchema(ProblemSchema);
  app.addSchema(BookSchema);

  const addMissingMethods = watchMethods(app);
  installErrorHandling(app);
  installWireProblems(app);
  installJsonBodies(app);
  installHostGuard(app, deps.config);
  installAuthentication(app, deps.config.apiKeys);
  installCrossOriginGuard(app);
  installKnownParameters(app);
  const bodyBytes = installBodyLimits(app);
  const metrics = createMetrics(app, { ...deps, bodyBytes });
  const answerBook = createBookAnswer({ deps, closing: closing.signal, count: metrics.countRead });

  await collectDocumentation(app, { version: deps.version, keyed: deps.config.apiKeys.length > 0 });
  await app.register(parseLinksRoutes, { deps, closing: closing.signal });
  await app.register(bookInfoRoutes, { answerBook });
  await app.register(booksRoutes, { deps, answerBook });
  await app.register(batchesRoutes, { deps });
  await app.register(batchEventsRoutes, { deps, metrics });
  await app.register(jobsRoutes, { jobs: deps.jobs });
  await app.register(webhookRoutes, { webhooks: deps.webhooks });
  await app.register(sourceRoutes, { source: deps.source });
  await app.register(parserRoutes, { pages: deps.store.pages, health: deps.parserHealth });
  await app.register(operationsRoutes, { deps, metrics });
  await app.register(pagesRoutes, { version: deps.version });
  await app.register(documentationRoutes);
  await app.register(dashboardRoutes, { deps });
  addMissingMethods();
  return app;
}
