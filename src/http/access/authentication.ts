/** Who asks: the key of a request, or the session of the web page, and whether its scopes suffice. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Keys } from '../../app/access/keys.ts';
import type { Sessions } from '../../app/access/sessions.ts';
import type { ApiKey } from '../../domain/access/api-key.ts';
import { allows, SCOPES, type Scope } from '../../domain/access/scope.ts';
import { QuireError } from '../../errors.ts';
import { sendProblem } from '../answers/problem.ts';
import { comesFromOwnPage } from '../plugins/cross-origin.ts';
import { presentedKey, presentedSession } from './credentials.ts';

/** Who makes a request. */
export interface Caller {
  /** `null`: nobody in particular. */
  key: ApiKey | null;
  scopes: readonly Scope[];
  via: 'none' | 'key' | 'session';
  /** When the session ends, or the key, in milliseconds since the epoch. */
  expiresAtMs: number | null;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Answers without a key: the health checks, and what the type of a problem leads to. `looks`: the route itself looks at who asks. A key
     * that is wrong is refused there, too.
     */
    open?: boolean | 'looks';
  }
  interface FastifyRequest {
    /** Set before any handler runs. */
    caller: Caller;
  }
}

/** Everybody, while there are no keys. */
const ANYBODY: Caller = { key: null, scopes: SCOPES, via: 'none', expiresAtMs: null };
/** A request without a key where keys are needed. It gets no further than open routes. */
const NOBODY: Caller = { key: null, scopes: [], via: 'none', expiresAtMs: null };

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Pages for people. A browser asks its user for a password when the challenge is Basic. */
const forBrowsers = (request: FastifyRequest): boolean =>
  /^\/(dashboard|docs)(\/|\?|$)/.test(request.url) || (request.headers.accept ?? '').includes('text/html');

function refuse(request: FastifyRequest, reply: FastifyReply, detail: string): FastifyReply {
  reply.header('www-authenticate', forBrowsers(request) ? 'Basic realm="Quire", charset="UTF-8"' : 'Bearer realm="Quire"');
  return sendProblem(request, reply, 'unauthorized', { detail });
}

const lacks = ({ key, scopes }: Caller, wanted: Scope): string =>
  `The key ${JSON.stringify(key?.name ?? '')} has the scope ${scopes.join(', ')}, and this needs ${wanted}. Use a key that has it.`;

/** Throws `forbidden` when the caller lacks a scope. For what only part of a route does. */
export function needScope({ caller }: Pick<FastifyRequest, 'caller'>, wanted: Scope): void {
  if (!allows(caller.scopes, wanted)) throw new QuireError('forbidden', lacks(caller, wanted));
}

/** Who asks by a session; `null` when the session is over. */
async function callerOfSession(request: FastifyRequest, sessions: Sessions): Promise<Caller | null> {
  const token = presentedSession(request);
  const session = token === null ? null : await sessions.find(token);
  if (session === null) return null;
  const { key, expiresAtMs } = session;
  return { key, scopes: key.scopes, via: 'session', expiresAtMs };
}

/** For the document: an open route asks for no key, and never answers 401. */
function documentOpenRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', ({ config, schema }) => {
    if (!config?.open || schema === undefined) return;
    if (config.open === 'looks') {
      Object.assign(schema, { security: [{}, { bearer: [] }, { apiKey: [] }, { basic: [] }, { session: [] }] });
      return;
    }
    const response = Object.entries(schema.response ?? {}).filter(([status]) => status !== '401');
    Object.assign(schema, { security: [], response: Object.fromEntries(response) });
  });
}

/** Asks every request for a key, once there are keys, except on open routes. Sets `request.caller`. */
export function installAuthentication(app: FastifyInstance, { keys, sessions }: { keys: Keys; sessions: Sessions }): void {
  documentOpenRoutes(app);
  app.decorateRequest('caller', null as unknown as Caller);

  /** Lets the request pass, or answers it. */
  const decide = (request: FastifyRequest, reply: FastifyReply, caller: Caller, done: () => void): void => {
    const { open, scope } = request.routeOptions.config;
    request.caller = caller;
    if (open) return done();
    if (caller === NOBODY)
      return void refuse(
        request,
        reply,
        presentedSession(request) === null
          ? 'Send one of the API keys as `Authorization: Bearer <key>` or `X-API-Key: <key>`.'
          : 'The session is over. Sign in again, or send an API key.',
      );
    // The cookie is sent by the browser, whoever made it ask. Only a page of ours may change something with it.
    if (caller.via === 'session' && !SAFE.has(request.method) && !comesFromOwnPage(request))
      return void sendProblem(request, reply, 'forbidden', {
        detail: 'A session changes something only from a page of its own origin: the request has to say so in Sec-Fetch-Site or Origin.',
      });
    if (scope === undefined || allows(caller.scopes, scope)) return done();
    reply.header('www-authenticate', `Bearer realm="Quire", error="insufficient_scope", scope="${scope}"`);
    sendProblem(request, reply, 'forbidden', { detail: lacks(caller, scope) });
  };

  app.addHook('onRequest', (request, reply, done) => {
    if (!keys.required()) return decide(request, reply, ANYBODY, done);
    const { open } = request.routeOptions.config;
    if (open === true) return decide(request, reply, NOBODY, done);
    const text = presentedKey(request);
    if (text !== null) {
      const key = keys.find(text);
      if (key === null) return void refuse(request, reply, 'The key is not one of the API keys, or it was revoked or has expired.');
      return decide(request, reply, { key, scopes: key.scopes, via: 'key', expiresAtMs: key.expiresAtMs }, done);
    }
    if (presentedSession(request) === null) return decide(request, reply, NOBODY, done);
    callerOfSession(request, sessions).then((caller) => decide(request, reply, caller ?? NOBODY, done), done);
  });
}
