/**
 * Guards against other web pages in the caller's browser. A page can send simple requests anywhere, even with stored Basic credentials.
 * By DNS rebinding a page can make its own name lead to this machine. Programs that are no browsers send none of these headers.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Keys } from '../../app/access/keys.ts';
import type { Config } from '../../config/config.ts';
import { QuireError } from '../../errors.ts';
import { sendProblem } from '../answers/problem.ts';
import { OTHER_ORIGIN } from '../schemas/problem-examples.ts';
import { problems } from '../schemas/problem.ts';
import { hostName, isLoopbackHost } from '../../domain/loopback.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers under any Host and under none: the health checks, which tell a caller nothing. */
    anyHost?: boolean;
  }
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether the request names this machine. A name that leads here by DNS rebinding, or by a proxy, does not. */
export const isAskedByLoopbackName = ({ headers }: Pick<FastifyRequest, 'headers'>): boolean => isLoopbackHost(headers.host ?? '');

/** Whether a page of another origin made the request. Browsers say so in `Sec-Fetch-Site`; older ones send `Origin` alone. */
export function isCrossOrigin({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (host ?? '').toLowerCase();
}

/** Whether a browser says that a page of ours made the request. Programs say nothing, and get no `true`. */
export function comesFromOwnPage(request: Pick<FastifyRequest, 'headers'>): boolean {
  const { origin, 'sec-fetch-site': site } = request.headers;
  return (site !== undefined ? site === 'same-origin' : origin !== undefined) && !isCrossOrigin(request);
}

const REFUSAL = 'A page of another origin may not change anything here.';

/** Refuses pages of other origins. For reads that change something; other methods pass {@link installCrossOriginGuard}. */
export function refuseCrossOrigin(request: Pick<FastifyRequest, 'headers'>): void {
  if (isCrossOrigin(request)) throw new QuireError('forbidden', REFUSAL);
}

/** For the document. */
const { 403: refused } = problems('forbidden', OTHER_ORIGIN);

/** Refuses requests of other origins' pages that would change something. Reads do not pass through here. */
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

interface Doors {
  config: Pick<Config, 'host' | 'publicUrl'>;
  keys: Pick<Keys, 'required'>;
}

/**
 * On loopback without keys, only the name tells a caller of this machine from a web page that rebinds its own name to it.
 * So Quire answers under loopback names and the host of `PUBLIC_URL` alone. With keys, or on another address, the name does not matter.
 */
export function installHostGuard(app: FastifyInstance, { config: { host, publicUrl }, keys }: Doors): void {
  const isLoopback = isLoopbackHost(host);
  const publicName = publicUrl === null ? null : hostName(new URL(publicUrl).host);
  app.addHook('onRequest', (request, reply, done) => {
    if (request.routeOptions.config.anyHost === true) return done();
    const given = request.headers.host;
    if (!isLoopback || keys.required() || isAskedByLoopbackName(request) || (publicName !== null && hostName(given ?? '') === publicName))
      return done();
    sendProblem(request, reply, 'forbidden', {
      detail:
        'Without keys Quire answers only under the names of this machine (127.0.0.1, localhost, [::1]) and the host of PUBLIC_URL. Make a key or set PUBLIC_URL to be reached under another name.',
    });
  });
}

/** Why a process may not open its door: others could do everything, and nobody said that this is meant. `null` when it may. */
export function openDoorRefusal({
  config: { host, open },
  keys,
}: { config: Pick<Config, 'host' | 'open'> } & Pick<Doors, 'keys'>): string | null {
  if (open || keys.required() || isLoopbackHost(host)) return null;
  return `HOST is ${host}, where other machines can reach Quire, and there are no keys: make one with \`quire keys create --name me --scope admin\` or set API_KEYS; or set HOST=127.0.0.1; or set OPEN=true if everybody who reaches the port may do everything.`;
}

/** The warning at start when others can do everything: who they are, and what to do. `null` when they cannot. */
export function openDoorWarning({ config: { host, publicUrl }, keys }: Doors): string | null {
  if (keys.required()) return null;
  const open = 'can read, change and delete everything here';
  if (!isLoopbackHost(host))
    return `HOST is ${host}, there are no keys, and OPEN=true: every machine that can reach this port ${open}. Set API_KEYS or make a key; or set HOST=127.0.0.1 where no other machine needs it.`;
  const name = publicUrl === null ? '' : new URL(publicUrl).host;
  if (publicUrl === null || isLoopbackHost(name)) return null;
  return `PUBLIC_URL is set and API_KEYS is not: everybody whom a proxy lets in under ${name} ${open}. Set API_KEYS or make a key, or have the proxy ask for credentials.`;
}
