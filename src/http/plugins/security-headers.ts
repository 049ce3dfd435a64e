/**
 * What every answer tells a browser: load nothing, guess no type, frame nothing, name nobody, and show no other site what is here.
 * Pages set a `Content-Security-Policy` of their own, which replaces the one for data.
 */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config/config.ts';

/** For data: whatever a browser takes it for, it loads nothing and runs nothing. */
const DATA_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A year, as browsers want it. */
const HSTS = 'max-age=31536000';

export type SecurityHeaders = Readonly<Record<string, string>>;

/** The headers of every answer. Over http a browser would pass over HSTS, so only an https address of ours brings it. */
export const securityHeaders = ({ publicUrl }: Pick<Config, 'publicUrl'>): SecurityHeaders => ({
  'content-security-policy': DATA_CSP,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // For browsers that do not know `frame-ancestors`.
  'x-frame-options': 'DENY',
  ...(publicUrl?.startsWith('https:') ? { 'strict-transport-security': HSTS } : {}),
});

/** Puts them on every answer of a route, an unknown path included. What is answered before there is a route has them by itself. */
export function installSecurityHeaders(app: FastifyInstance, headers: SecurityHeaders): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers);
    done();
  });
}
