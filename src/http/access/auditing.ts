/** Keeps what admins did: each change that needs the scope `admin` and was not refused. */
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import type { Audit } from '../../app/access/audit.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the path does not tell of a change, such as the key that was made. */
    changed: string | null;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Characters of a path that are kept. The query stays out. */
const MOST_PATH = 200;

/** Adds an entry after each such answer. Only routes that change something as `admin` have the hook: no read pays for it. Scopes are set before. */
export function installAuditing(app: FastifyInstance, { audit }: { audit: Audit }): void {
  app.decorateRequest('changed', null);
  const keep: onResponseHookHandler = (request, reply, done) => {
    const { method, caller, routeOptions } = request;
    if (reply.statusCode >= 400) return done();
    const [path = ''] = request.url.split('?', 1);
    const { operationId = 'dashboard' } = (routeOptions.schema ?? {}) as { operationId?: string };
    const target = `${method} ${path.slice(0, MOST_PATH)}${request.changed === null ? '' : `: ${request.changed}`}`;
    const who = { name: caller.key?.name ?? null, keyId: caller.key?.id ?? null, from: request.ip };
    void audit.add({ ...who, action: operationId, target, status: reply.statusCode });
    done();
  };
  app.addHook('onRoute', (route) => {
    const isSafe = [route.method].flat().every((method) => SAFE.has(method));
    if (!isSafe && route.config?.scope === 'admin') route.onResponse = [...[route.onResponse ?? []].flat(), keep];
  });
}
