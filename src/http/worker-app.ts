/** What a worker serves on WORKER_PORT: `/livez`, `/readyz` and `/metrics`, with the guards of the API. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { HttpDependencies } from './dependencies.ts';
import { installAuthentication } from './access/authentication.ts';
import { installScopes } from './access/scopes.ts';
import { installHostGuard } from './plugins/cross-origin.ts';
import { installErrorHandling } from './plugins/error-handling.ts';
import { timeRequests } from './plugins/metrics.ts';
import { installSecurityHeaders, securityHeaders } from './plugins/security-headers.ts';
import { validatorCompiler } from './plugins/validation.ts';
import { healthRoutes } from './routes/health.ts';
import { serverOptions } from './server-options.ts';

/** Builds the app. The caller listens and closes. */
export async function createWorkerApp(
  deps: Pick<HttpDependencies, 'config' | 'keys' | 'sessions' | 'version' | 'log' | 'readiness' | 'metrics'>,
): Promise<FastifyInstance> {
  const security = securityHeaders(deps.config);
  const app = Fastify(serverOptions(deps, security));
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  installSecurityHeaders(app, security);
  installErrorHandling(app);
  installHostGuard(app, deps);
  installScopes(app);
  installAuthentication(app, deps);
  timeRequests(app, deps.metrics.meters);
  await app.register(healthRoutes, { deps });
  return app;
}
