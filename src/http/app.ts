/** The HTTP side of Quire: its parts, in their order. */
import Fastify, { type FastifyInstance } from 'fastify';
import { installAccessLog } from './plugins/access-log.ts';
import { installAuditing } from './access/auditing.ts';
import { installAuthentication } from './access/authentication.ts';
import { installLimits } from './access/limits.ts';
import { installScopes } from './access/scopes.ts';
import { createBookAnswer } from './answers/book-answer.ts';
import { installJsonBodies } from './plugins/body-parsing.ts';
import { installCrossOriginGuard, installHostGuard } from './plugins/cross-origin.ts';
import type { HttpDependencies } from './dependencies.ts';
import { collectDocumentation, documentationRoutes } from './plugins/documentation.ts';
import { installErrorHandling } from './plugins/error-handling.ts';
import { watchMethods } from './plugins/known-methods.ts';
import { installKnownParameters } from './plugins/known-parameters.ts';
import { createReadCounter, showLoad, timeRequests } from './plugins/metrics.ts';
import { installBodyLimits } from './plugins/request-bodies.ts';
import { installSecurityHeaders, securityHeaders } from './plugins/security-headers.ts';
import { auditRoutes } from './routes/access/audit.ts';
import { keysRoutes } from './routes/access/keys.ts';
import { sessionRoutes } from './routes/access/session.ts';
import { batchEventsRoutes } from './routes/batches/batch-events.ts';
import { batchesRoutes } from './routes/batches/batches.ts';
import { openBatchesRoutes } from './routes/batches/open-batches.ts';
import { bookInfoRoutes } from './routes/book-info.ts';
import { bookPageRoutes } from './routes/book-page.ts';
import { booksRoutes } from './routes/books.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { bookSearchRoutes } from './routes/finding/book-search.ts';
import { findRoutes } from './routes/finding/find.ts';
import { healthRoutes } from './routes/health.ts';
import { jobsRoutes } from './routes/jobs.ts';
import { operationsRoutes } from './routes/operations.ts';
import { pagesRoutes } from './routes/pages.ts';
import { parserRoutes } from './routes/parser.ts';
import { parseLinksRoutes } from './routes/parse-links.ts';
import { savedPagesRoutes } from './routes/saved-pages.ts';
import { sourceRoutes } from './routes/source.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { BookSchema } from './schemas/book.ts';
import { ProblemSchema } from './schemas/problem.ts';
import { traceRequests } from './requests/request-span.ts';
import { serverOptions } from './server-options.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { installWireProblems } from './plugins/wire-problems.ts';
import { webRoutes } from './web/web-routes.ts';

/** Builds the app. The store is not asked before the first request. The caller listens and closes. */
export async function createApp(deps: HttpDependencies): Promise<FastifyInstance> {
  const { config, version } = deps;
  const security = securityHeaders(config);
  const app = Fastify(serverOptions(deps, security));
  const closing = new AbortController();
  app.addHook('preClose', async () => closing.abort());
  useSchemas(app);

  const addMissingMethods = watchMethods(app);
  installSecurityHeaders(app, security);
  traceRequests(app);
  if (config.accessLog) installAccessLog(app);
  installErrorHandling(app);
  installWireProblems(app, security);
  installJsonBodies(app);
  installHostGuard(app, deps);
  installScopes(app);
  installAuthentication(app, deps);
  installLimits(app, deps);
  installAuditing(app, deps);
  installCrossOriginGuard(app);
  installKnownParameters(app);
  const bodyBytes = installBodyLimits(app);
  const { metrics } = deps;
  timeRequests(app, metrics.meters);
  const openStreams = showLoad(metrics, bodyBytes);
  const answerBook = createBookAnswer({ ...deps, closing: closing.signal, count: createReadCounter(metrics.meters) });
  await collectDocumentation(app, { version, keyed: deps.keys.required() });

  const parts = { ...deps, openStreams, answerBook, closing: closing.signal };
  await app.register(parseLinksRoutes, { deps: parts });
  await app.register(bookInfoRoutes, { deps: parts });
  await app.register(bookSearchRoutes, { deps: parts });
  await app.register(findRoutes, { deps: parts });
  await app.register(booksRoutes, { deps: parts });
  await app.register(bookPageRoutes, { deps: parts });
  await app.register(savedPagesRoutes, { deps: parts });
  await app.register(batchesRoutes, { deps: parts });
  await app.register(openBatchesRoutes, { deps: parts });
  await app.register(batchEventsRoutes, { deps: parts });
  await app.register(jobsRoutes, { deps: parts });
  await app.register(webhookRoutes, { deps: parts });
  await app.register(deliveryRoutes, { deps: parts });
  await app.register(sourceRoutes, { deps: parts });
  await app.register(parserRoutes, { deps: parts });
  await app.register(keysRoutes, { deps: parts });
  await app.register(auditRoutes, { deps: parts });
  await app.register(sessionRoutes, { deps: parts });
  await app.register(healthRoutes, { deps: parts });
  await app.register(operationsRoutes, { deps: parts });
  await app.register(pagesRoutes);
  await app.register(webRoutes, { deps: parts });
  await app.register(documentationRoutes);
  await app.register(dashboardRoutes, { deps: parts });
  addMissingMethods();
  return app;
}

/** One schema checks the request, types the handler and stands in the document. */
function useSchemas(app: FastifyInstance): void {
  app.setValidatorCompiler(validatorCompiler);
  // Quire makes answers in the shape of their schemas, and tests check every one. A compiled serializer is slower for long lists.
  app.setSerializerCompiler(() => JSON.stringify);
  app.addSchema(ProblemSchema);
  app.addSchema(BookSchema);
}
