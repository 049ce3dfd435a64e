/**
 * Other web pages in the same browser: they can send simple requests anywhere (with stored Basic credentials even), and by
 * DNS rebinding make a name of theirs lead to this machine. Programs that are no browsers send none of these headers.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Config } from '../../config/config.ts';
import { QuireError } from '../../errors.ts';
import { sendProblem } from '../answers/problem.ts';
import { OTHER_ORIGIN } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { hostName, isLoopbackHost } from '../../domain/loopback.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers under any Host and under none: the health checks. Probes name whatever they like, and learn nothing. */
    anyHost?: boolean;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the request came under a name of this machine. A name that leads here by DNS rebinding, or by a proxy, is none. */
export const isAskedByLoopbackName = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean => isLoopbackHost(headers.host ?? '');

/** Whether the request was made by a page of another origin. `Sec-Fetch-Site` is the browser's own word; older ones send `Origin` alone. */
export function isCrossOrigin({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (host ?? '').toLowerCase();
}

const REFUSAL = 'A page of another origin may not change anything here.';

/** For reads that change something when asked to: refuses pages of other origins, as {@link installCrossOriginGuard} does for other methods. */
export function refuseCrossOrigin(request: Pick<FastifyRequest, 'headers'>): void {
  if (isCrossOrigin(request)) throw new QuireError('forbidden', REFUSAL);
}

/** For the document. */
const { 403: refused } = problems('forbidden', OTHER_ORIGIN);

/** Refuses requests of other origins' pages that would change something. Reads do not pass through here at all. */
export function installCrossOriginGuard(app: FastifyInstance): void {
  const guard: onRequestHookHandler = (request, reply, done) => {
    if (!isCrossOrigin(request)) return done();
    sendProblem(request, reply, 'forbidden', { detail: REFUSAL });
  };
  app.addHook('onRoute', (route) => {
    if ([route.method].flat().every((method) => SAFE.has(method))) return;
    route.onRequest = [guard, ...[route.onRequest ?? []].flat()];
    if (route.schema?.response) route.schema.response = { ...route.schema.response, 403: refused };
  });
}

type Doors = Pick<Config, 'host' | 'apiKeys' | 'publicUrl'>;

/**
 * On loopback without keys the name is all that tells a caller of this machine from a web page that rebinds its own name to it.
 * So loopback names and the host of `PUBLIC_URL` are answered, and no others. Keys, or an address for others, make the name irrelevant.
 */
export function installHostGuard(app: FastifyInstance, { host, apiKeys, publicUrl }: Doors): void {
  const guarded = apiKeys.length === 0 && isLoopbackHost(host);
  const publicName = publicUrl === null ? null : hostName(new URL(publicUrl).host);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.anyHost === true) return done();
    const given = request.headers.host;
    if (!guarded || isAskedByLoopbackName(request) || (publicName !== null && hostName(given ?? '') === publicName)) return done();
    sendProblem(request, reply, 'forbidden', {
      detail:
        'Without API_KEYS Quire answers only under the names of this machine (127.0.0.1, localhost, [::1]) and the host of PUBLIC_URL. Set one of the two to be reached under another name.',
    });
  });
}

/** What a start warns of while everything is open to others: to whom, and what to do. `null` while it is not. */
export function openDoorWarning({ host, apiKeys, publicUrl }: Doors): string | null {
  if (apiKeys.length > 0) return null;
  const open = 'can read, change and delete everything here';
  if (!isLoopbackHost(host))
    return `HOST is ${host} and API_KEYS is not set: every machine that can reach this port ${open}. Set API_KEYS; or HOST=127.0.0.1 where no other machine needs it.`;
  const name = publicUrl === null ? '' : new URL(publicUrl).host;
  if (publicUrl === null || isLoopbackHost(name)) return null;
  return `PUBLIC_URL is set and API_KEYS is not: everybody whom a proxy lets in under ${name} ${open}. Set API_KEYS, or have the proxy ask for credentials.`;
}
