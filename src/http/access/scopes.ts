/**
 * The scope that each route needs. A read needs `read`, and a change needs `admin`, unless the route is named here. So a new route that
 * nobody thought of is closed rather than open.
 */
import type { FastifyInstance } from 'fastify';
import type { Scope } from '../../domain/access/scope.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The scope that a key needs here. Set by {@link installScopes}. */
    scope?: Scope;
  }
}

/** By `operationId`. */
const SCOPE_OF: Record<string, Scope> = {
  // What brings books, and looks after what was brought.
  parseLinks: 'submit',
  addLinks: 'submit',
  closeBatch: 'submit',
  cancelBatch: 'submit',
  refreshBook: 'submit',
  putPage: 'submit',
  uploadPages: 'submit',
  retryJob: 'submit',
  listBatchDeliveries: 'submit',
  // What tells of others: where webhooks lead, and who has keys.
  listWebhooks: 'admin',
  getWebhook: 'admin',
  listDeliveries: 'admin',
  getDelivery: 'admin',
  listKeys: 'admin',
  audit: 'admin',
  backup: 'admin',
};

const SAFE = new Set<unknown>(['GET', 'HEAD', 'OPTIONS']);

/** Gives every route that is added from now on its scope, and shows the scope in the document. */
export function installScopes(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.open) return;
    const { operationId = '' } = (route.schema ?? {}) as { operationId?: string };
    const isRead = [route.method].flat().every((method) => SAFE.has(method));
    const scope = SCOPE_OF[operationId] ?? (isRead ? 'read' : 'admin');
    route.config = { ...route.config, scope };
    if (operationId !== '') Object.assign(route.schema ?? {}, { 'x-scope': scope });
  });
}
