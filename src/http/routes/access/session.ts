/** `/session`: a browser gives its key once and gets a cookie. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../../access/authentication.ts';
import { presentedSession, sessionCookie } from '../../access/credentials.ts';
import type { HttpDependencies } from '../../dependencies.ts';
import { sendProblem } from '../../answers/problem.ts';
import { sendUncached } from '../../answers/uncached.ts';
import { isoOrNull } from '../../../domain/time/iso.ts';
import { json } from '../../schemas/answer.ts';
import { SessionSchema, SignInSchema } from '../../schemas/key.ts';
import { INVALID_JSON, UNKNOWN_PARAMETER } from '../../schemas/problem-examples.ts';
import { problems } from '../../schemas/problem.ts';

type Deps = Pick<HttpDependencies, 'keys' | 'sessions' | 'config'>;

const TAGS = ['Operations'];
const SET_COOKIE = { 'Set-Cookie': { type: 'string', description: 'The session: `HttpOnly`, `SameSite=Strict`, `Secure` on https.' } };

const viewOf = ({ keys }: Deps, { key, scopes, via, expiresAtMs }: Caller): object => ({
  keysRequired: keys.required(),
  via,
  name: key?.name ?? null,
  scopes,
  expiresAt: isoOrNull(expiresAtMs),
});

const setCookie = (reply: FastifyReply, request: FastifyRequest, { config }: Deps, token: string, seconds: number): FastifyReply =>
  reply.header('set-cookie', sessionCookie(token, seconds, { publicUrl: config.publicUrl, isSecure: request.protocol === 'https' }));

function getSession(app: FastifyInstance, deps: Deps): void {
  app.get('/session', {
    config: { open: 'looks' },
    schema: {
      operationId: 'getSession',
      tags: TAGS,
      summary: 'Tell who asks',
      description: 'Whether keys are needed, and what the key or the session of this request may do. Needs no key.',
      response: { 200: json('Who asks.', SessionSchema), ...problems(UNKNOWN_PARAMETER) },
    },
    handler: (request, reply) => sendUncached(reply, 200, viewOf(deps, request.caller)),
  });
}

function signIn(app: FastifyInstance, deps: Deps): void {
  app.post<{ Body: { key: string } }>('/session', {
    config: { open: 'looks' },
    schema: {
      operationId: 'signIn',
      tags: TAGS,
      summary: 'Sign in with a key',
      description:
        'For the web page: the answer sets a cookie that opens what the key opens. The session ends after 12 hours, with the key, or by `DELETE /session`. Without keys no cookie is needed, and none is set.',
      body: SignInSchema,
      response: {
        200: { ...json('Who is signed in.', SessionSchema), headers: SET_COOKIE },
        ...problems(INVALID_JSON, 'body-too-large', 'unsupported-media-type'),
      },
    },
    handler: async (request, reply) => {
      const { keys, sessions } = deps;
      if (!keys.required()) return sendUncached(reply, 200, viewOf(deps, request.caller));
      const key = keys.find(request.body.key.trim());
      if (key === null) {
        reply.header('www-authenticate', 'Bearer realm="Quire"');
        return sendProblem(request, reply, 'unauthorized', {
          detail: 'That is not one of the API keys, or it was revoked or has expired.',
        });
      }
      const { token, expiresAtMs } = await sessions.begin(key);
      const seconds = Math.max(1, Math.floor((expiresAtMs - Date.now()) / 1000));
      setCookie(reply, request, deps, token, seconds);
      return sendUncached(reply, 200, viewOf(deps, { key, scopes: key.scopes, via: 'session', expiresAtMs }));
    },
  });
}

function signOut(app: FastifyInstance, deps: Deps): void {
  app.delete('/session', {
    config: { open: 'looks' },
    schema: {
      operationId: 'signOut',
      tags: TAGS,
      summary: 'Sign out',
      description: 'Ends the session of the cookie in every process. Without a session it does nothing.',
      response: { 204: { description: 'There is no session any more.', type: 'null', headers: SET_COOKIE }, ...problems() },
    },
    handler: async (request, reply) => {
      const token = presentedSession(request);
      if (token !== null) await deps.sessions.end(token);
      return setCookie(reply, request, deps, '', 0).code(204).send();
    },
  });
}

export async function sessionRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  getSession(app, deps);
  signIn(app, deps);
  signOut(app, deps);
}
