/** The key or the session that a request carries. */
import type { FastifyRequest } from 'fastify';

/** Name of the cookie of a session. */
export const SESSION_COOKIE = 'quire_session';

/**
 * The key that the headers of a request carry, or `null`: `X-API-Key: <key>`, `Authorization: Bearer <key>`, `Authorization: <key>`, or Basic
 * with any user and the key as password.
 */
export function presentedKey({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  const apiKey = headers['x-api-key'];
  if (typeof apiKey === 'string') return apiKey;
  const { authorization } = headers;
  if (authorization === undefined) return null;
  const [scheme = '', credentials = ''] = authorization.trim().split(/ +/, 2);
  if (credentials === '') return scheme;
  if (/^bearer$/i.test(scheme)) return credentials;
  if (!/^basic$/i.test(scheme)) return null;
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

/** The token of the session that the cookies of a request carry, or `null`. */
export function presentedSession({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

export interface CookieOptions {
  /** `PUBLIC_URL`. */
  publicUrl: string | null;
  /** Whether the request came by https, as far as is known. */
  isSecure: boolean;
}

/** The value of `Set-Cookie`. Seconds of 0 delete the cookie. */
export function sessionCookie(token: string, seconds: number, { publicUrl, isSecure }: CookieOptions): string {
  const address = publicUrl === null ? null : new URL(publicUrl);
  const path = address?.pathname.replace(/\/+$/, '') || '/';
  const secure = isSecure || address?.protocol === 'https:' ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
