/** Every way in which Goodreads, or a network on the way to it, is known to misbehave. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/**
 * `challenge` (202, empty, `x-amzn-waf-action`), `captcha` (405), `forbidden` (403), `limited` (429), `down` (503), `reset`
 * (connection cut before, `cut` in the middle of the answer), `hang` (no answer ever), `drip` (a byte now and then), `empty` (200 without
 * body), `truncated` (the page ends early), `unknown` (a whole page that
 * nobody knows), `huge` (200 MiB), `announced` (a length of 200 MiB, and nothing), `bomb` (200 MiB in a small gzip),
 * `endless-gzip`, `not-gzip` (plain text that calls itself gzip), `signin`, `offsite` and `loop` (redirects),
 * `missing` ("not found", of a book that lives: Goodreads does that now and then).
 */
export const MODES = [
  'open',
  'challenge',
  'captcha',
  'forbidden',
  'limited',
  'down',
  'reset',
  'cut',
  'hang',
  'drip',
  'empty',
  'truncated',
  'unknown',
  'huge',
  'announced',
  'bomb',
  'endless-gzip',
  'not-gzip',
  'signin',
  'offsite',
  'loop',
  'missing',
] as const;
export type Mode = (typeof MODES)[number];

interface Scene {
  request: IncomingMessage;
  response: ServerResponse;
  control: { retryAfter?: number | string; location?: string };
  /** The page that an honest answer would carry. */
  page: Buffer | undefined;
}

const MEBIBYTE = 1 << 20;
const HUGE_BYTES = 200 * MEBIBYTE;
let bomb: Buffer | undefined;

/** Answers a request in the given way. */
export function misbehave(mode: Mode, { request, response, control, page = Buffer.from('<html><head>') }: Scene): void {
  const send = (status: number, headers: Record<string, string> = {}, body: string | Buffer = ''): void => {
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...headers });
    response.end(body);
  };
  switch (mode) {
    case 'challenge':
      return send(202, { 'x-amzn-waf-action': 'challenge', server: 'CloudFront' });
    case 'captcha':
      return send(405, { 'x-amzn-waf-action': 'captcha', server: 'CloudFront' });
    case 'missing':
      return send(
        404,
        {},
        '<html><head><title>Page not found</title></head><body><div data-testid="errorText">Sorry, we couldn’t find the page you were looking for.</div></body></html>',
      );
    case 'forbidden':
      return send(403, {}, '<html><body><h1>403 Forbidden</h1></body></html>');
    case 'limited':
      return send(429, { 'retry-after': String(control.retryAfter ?? 2) }, 'Too Many Requests');
    case 'down':
      return send(
        503,
        control.retryAfter === undefined ? {} : { 'retry-after': String(control.retryAfter) },
        '<html><head><title>Goodreads - unexpected error</title></head></html>',
      );
    case 'reset':
      return void request.socket.destroy();
    case 'cut':
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': page.length });
      return void response.write(page.subarray(0, page.length >> 1), () => request.socket.destroy());
    case 'hang':
      return;
    case 'drip':
      return drip(response);
    case 'empty':
      return send(200);
    case 'truncated':
      return send(200, {}, page.subarray(0, Math.min(4000, page.length >> 3)));
    case 'unknown':
      return send(200, {}, '<html><head><title>A new layout</title></head><body>Nobody knows it.</body></html>');
    case 'huge':
      response.writeHead(200, { 'content-type': 'text/html' });
      return pour(response, Buffer.alloc(MEBIBYTE, 'x'), HUGE_BYTES / MEBIBYTE);
    case 'announced':
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': HUGE_BYTES });
      return response.flushHeaders();
    case 'bomb':
      bomb ??= gzipSync(Buffer.alloc(HUGE_BYTES));
      return send(200, { 'content-encoding': 'gzip' }, bomb);
    case 'endless-gzip': {
      // One gzip member after another is a valid stream that never ends.
      const member = gzipSync(Buffer.alloc(MEBIBYTE));
      response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'gzip' });
      return pour(response, Buffer.concat(Array.from({ length: 256 }, () => member)), Number.POSITIVE_INFINITY);
    }
    case 'not-gzip':
      return send(200, { 'content-encoding': 'gzip' }, page);
    case 'signin':
      return send(302, { location: `/user/sign_in?returnurl=${encodeURIComponent(request.url ?? '')}` });
    case 'offsite':
      return send(302, { location: control.location ?? 'http://127.0.0.1:1/latest/meta-data/' });
    case 'loop':
      return send(302, { location: request.url ?? '/' });
    case 'open':
      return send(200, {}, page);
  }
}

function pour(response: ServerResponse, chunk: Buffer, times: number): void {
  let left = times;
  const more = (): void => {
    if (response.destroyed) return;
    if (left-- <= 0) response.end();
    else response.write(chunk, more);
  };
  more();
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/html' });
  const timer = setInterval(() => response.write('<!-- -->'), 20);
  response.once('close', () => clearInterval(timer));
}
