/** `/keys`: who may ask what. */
import type { FastifyInstance } from 'fastify';
import { NO_LIMITS, type ApiKey, type KeyLimits } from '../../../domain/access/api-key.ts';
import { sortedScopes, type Scope } from '../../../domain/access/scope.ts';
import { isoOrNull } from '../../../domain/time/iso.ts';
import { QuireError } from '../../../errors.ts';
import type { HttpDependencies } from '../../dependencies.ts';
import { sendUncached } from '../../answers/uncached.ts';
import { json } from '../../schemas/answer.ts';
import { KeyListSchema, KeyParams, MadeKeySchema, NewKeySchema } from '../../schemas/key.ts';
import { LOCATION } from '../../schemas/parameters.ts';
import { INVALID_JSON, UNKNOWN_PARAMETER } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

type Deps = Pick<HttpDependencies, 'keys'>;

interface Asked {
  name: string;
  scopes: Scope[];
  expiresAt?: string | null;
  limits?: Partial<KeyLimits>;
}

const TAGS = ['Operations'];

const viewOf = ({ id, name, scopes, limits, from, createdAtMs, expiresAtMs, revokedAtMs }: ApiKey): object => ({
  id,
  name,
  scopes,
  limits,
  from,
  createdAt: isoOrNull(createdAtMs),
  expiresAt: isoOrNull(expiresAtMs),
  revokedAt: isoOrNull(revokedAtMs),
});

function endOf(text: string | null | undefined): number | null {
  if (text === undefined || text === null) return null;
  const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (ms > Date.now()) return ms;
  const detail = Number.isNaN(ms) ? 'must be a time such as 2031-01-01T00:00:00Z' : 'must lie in the future';
  throw new QuireError('invalid-request', `expiresAt ${detail}.`, { errors: [{ pointer: '/expiresAt', detail }] });
}

function createKey(app: FastifyInstance, { keys }: Deps): void {
  app.post<{ Body: Asked }>('/keys', {
    schema: {
      operationId: 'createKey',
      tags: TAGS,
      summary: 'Create a key',
      description:
        'The key itself is shown in this answer and never again: Quire keeps its hash. From the first key on, every request needs a key. So the first one must have the scope `admin`.',
      body: NewKeySchema,
      response: {
        201: { ...json('The new key.', MadeKeySchema), headers: LOCATION },
        ...problems(INVALID_JSON, 'too-many-keys', 'body-too-large', 'unsupported-media-type'),
      },
    },
    handler: async (request, reply) => {
      const { name, scopes, expiresAt, limits } = request.body;
      if (!keys.required() && !scopes.includes('admin')) {
        const detail = 'must hold admin, because this is the first key: without one of that scope nobody could manage keys';
        throw new QuireError('invalid-request', `scopes ${detail}.`, { errors: [{ pointer: '/scopes', detail }] });
      }
      const wanted = { name, scopes: sortedScopes(scopes), expiresAtMs: endOf(expiresAt), limits: { ...NO_LIMITS, ...limits } };
      const { key, text } = await keys.create(wanted);
      request.changed = `${key.id} ${JSON.stringify(name)} (${key.scopes.join(', ')})`;
      return sendUncached(reply.header('location', '/keys'), 201, { ...viewOf(key), key: text });
    },
  });
}

function listKeys(app: FastifyInstance, { keys }: Deps): void {
  app.get('/keys', {
    schema: {
      operationId: 'listKeys',
      tags: TAGS,
      summary: 'List keys',
      description:
        'The oldest first: those of the store, then those of `API_KEYS_FILE`, then those of `API_KEYS`. The last 100 revoked ones stay listed.',
      response: { 200: json('The keys.', KeyListSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: async (_request, reply) => sendUncached(reply, 200, { keys: (await keys.list()).map(viewOf) }),
  });
}

function revokeKey(app: FastifyInstance, { keys }: Deps): void {
  app.delete<{ Params: { keyId: string } }>('/keys/:keyId', {
    schema: {
      operationId: 'revokeKey',
      tags: TAGS,
      summary: 'Revoke a key',
      description: 'From now on the key opens nothing, in any process, and its sessions are over.',
      params: KeyParams,
      response: { 204: { description: 'The key is revoked.', type: 'null' }, ...problems('key-unknown') },
    },
    handler: async (request, reply) => {
      const { keyId } = request.params;
      if ((await keys.revoke(keyId)) === null)
        throw new QuireError('key-unknown', `There is no key ${JSON.stringify(keyId.slice(0, 60))} that could be revoked here.`);
      return reply.code(204).send();
    },
  });
}

export async function keysRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  createKey(app, deps);
  listKeys(app, deps);
  revokeKey(app, deps);
}
