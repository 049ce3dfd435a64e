/**
 * Other web pages in the same browser: they can send simple POSTs anywhere (with stored Basic credentials even), and by
 * DNS rebinding make a name of theirs lead to this machine. Programs that are no browsers send none of these headers.
 */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import { sendProblem } from './problem.ts';
import { problems } from './schemas/problem.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The host name of a `Host` header, without port and brackets; `''` when there is none. */
const hostName = (host: string | undefined): string =>
  (host ?? '')
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();

/** Whether a name or address can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = hostName(host.includes('::') && !host.startsWith('[') ? `[${host}]` : host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Whether the request was made by a page of another origin. `Sec-Fetch-Site` is the browser's own word; older ones send `Origin` alone. */
export function isCrossOrigin({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string') return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== (host ?? '').toLowerCase();
}

/** For the document. */
const FORBIDDEN = { 403: problems('forbidden')[403] };

/** Refuses requests of other origins' pages that would change something. Reads do not pass through here at all. */
export function installCrossOriginGuard(app: FastifyInstance): void {
  const guard: onRequestHookHandler = (request, reply, done) => {
    if (!isCrossOrigin(request)) return done();
    sendProblem(request, reply, 'forbidden', { detail: 'A page of another origin may not change anything here.' });
  };
  app.addHook('onRoute', (route) => {
    if ([route.method].flat().every((method) => SAFE.has(method))) return;
    route.onRequest = [guard, ...[route.onRequest ?? []].flat()];
    if (route.schema) route.schema.response = { ...(route.schema.response as object), ...FORBIDDEN };
  });
}
