/** Bytes that are no proper HTTP: requests smuggled inside others, broken framing, headers split by line ends. */
import { MARK, type Ground, type WireAttack } from './attack.ts';

const REFUSED = [400];

/**
 * The inner request would delete a book. Where the framing of the outer request is open to two readings, Quire must refuse it and close:
 * what follows is never a request.
 */
const smuggled = (bookId: string): string => `DELETE /books/${bookId} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n`;

export function wireAttacks({ bookId }: Ground): WireAttack[] {
  const inner = smuggled(bookId);
  const post = (headers: string, body: string): string =>
    `POST /parse-links HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\n\r\n${body}`;
  const get = (headers: string, path = '/livez', version = 'HTTP/1.1'): string =>
    `GET ${path} ${version}\r\nhost: localhost\r\n${headers}\r\n\r\n`;
  const chunk = `0\r\n\r\n${inner}`;
  const length = Buffer.byteLength(chunk);

  const refused: [what: string, text: string][] = [
    ['both framings', post(`content-length: ${length}\r\ntransfer-encoding: chunked`, chunk)],
    ['both framings, the other way round', post(`transfer-encoding: chunked\r\ncontent-length: 4`, chunk)],
    ['a coding that is not chunked', post(`content-length: 2\r\ntransfer-encoding: identity`, `[]${inner}`)],
    ['a coding nobody knows', post('transfer-encoding: xchunked', chunk)],
    ['chunked, but not at the end', post('transfer-encoding: chunked, identity', chunk)],
    ['chunked twice', post('transfer-encoding: chunked\r\ntransfer-encoding: identity', chunk)],
    ['a space before the colon', post(`transfer-encoding : chunked`, chunk)],
    ['a tab before the colon', post(`transfer-encoding\t: chunked`, chunk)],
    ['a control character in the coding', post('transfer-encoding: \u000bchunked', chunk)],
    ['quotes around the coding', post('transfer-encoding: "chunked"', chunk)],
    ['a header that folds', post(`x: y\r\n transfer-encoding: chunked\r\ncontent-length: ${length}`, chunk)],
    ['a coding that folds', post('transfer-encoding:\r\n chunked\r\ncontent-length: 2', `[]${inner}`)],
    ['two lengths', post(`content-length: 2\r\ncontent-length: ${length}`, `[]${inner}`)],
    ['a list of lengths', post('content-length: 2, 2', `[]${inner}`)],
    ['a length with a sign', post('content-length: +2', `[]${inner}`)],
    ['a length below nothing', post('content-length: -1', inner)],
    ['a hexadecimal length', post('content-length: 0x2', `[]${inner}`)],
    ['a length with an exponent', post('content-length: 2e0', `[]${inner}`)],
    ['a length of letters', post('content-length: two', inner)],
    ['a length beyond all numbers', post(`content-length: ${'9'.repeat(40)}`, '[]')],
    ['an empty length', post('content-length:', inner)],
    ['a chunk of a negative size', post('transfer-encoding: chunked', `-1\r\n[]\r\n0\r\n\r\n${inner}`)],
    ['a chunk of a signed size', post('transfer-encoding: chunked', `+2\r\n[]\r\n0\r\n\r\n${inner}`)],
    ['a chunk size with 0x', post('transfer-encoding: chunked', `0x2\r\n[]\r\n0\r\n\r\n${inner}`)],
    ['a chunk size beyond all numbers', post('transfer-encoding: chunked', `${'f'.repeat(20)}\r\n[]\r\n0\r\n\r\n`)],
    ['a chunk longer than its size', post('transfer-encoding: chunked', `2\r\n[]X\r\n0\r\n\r\n${inner}`)],
    ['a chunk that ends in a bare line feed', post('transfer-encoding: chunked', `2\n[]\n0\n\n${inner}`)],
    ['a NUL in a header', get(`x: a\u0000b`)],
    ['a NUL in the name of a header', get(`x\u0000y: a`)],
    ['a carriage return in a header', get(`x: a\rx-${MARK}: 1`)],
    ['a header without a colon', get('nonsense')],
    ['a header without a name', get(': x')],
    ['a space in the name of a header', get('x y: z')],
    ['a space in front of the first header', `GET /livez HTTP/1.1\r\n x: y\r\nhost: localhost\r\n\r\n`],
    ['a method with a control character', `G\u0001T /livez HTTP/1.1\r\nhost: localhost\r\n\r\n`],
    ['a NUL in the path', get('', '/books/\u0000')],
    ['a tab in the path', get('', '/livez\tx')],
    ['HTTP/3.7', get('', '/livez', 'HTTP/3.7')],
    ['HTTP/1.10', get('', '/livez', 'HTTP/1.10')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS handshake', '\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003'],
    ['commands of Redis', `SET ${MARK} 1\r\nFLUSHALL\r\n`],
    ['commands of PostgreSQL', `Q\u0000\u0000\u0000\u0010SELECT 1;\u0000`],
    ['nothing but line ends and a word', `\r\n\r\n\r\nnonsense\r\n\r\n`],
    ['an empty request line', ' \r\nhost: localhost\r\n\r\n'],
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ];

  const close = 'connection: close';
  const answered: [what: string, text: string, ...statuses: number[][]][] = [
    ['the address of another host', get(close, 'http://evil.invalid/books'), [200, 403, 404]],
    ['the address of another host, with a user', get(close, 'http://localhost@evil.invalid/books'), [200, 403, 404]],
    ['a path that begins with two slashes', get(close, '//evil.invalid/books'), [404]],
    ['a path that climbs', get(close, '/docs/static/../../../../etc/passwd'), [400, 403, 404]],
    ['a path that climbs in secret', get(close, '/docs/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd'), [400, 403, 404]],
    ['a path that climbs behind the dashboard', get(close, '/dashboard/static/..%5c..%5c..%5cetc%5cpasswd'), [200, 400, 403, 404]],
    ['a path of backslashes', get(close, '/docs\\..\\..\\etc\\passwd'), [404]],
    ['a path of 15,000 characters', get(close, `/${'a/'.repeat(7_500)}`), [404]],
    ['10,000 query parameters', get(close, `/books?${'a&'.repeat(7_000)}`), [400]],
    ['a star for a path', get(close, '*'), [200, 404]],
    ['15,000 bytes of one header', get(`x: ${'x'.repeat(15_000)}\r\n${close}`), [200]],
    ['headers beyond the limit', get(`x: ${'x'.repeat(20_000)}\r\n${close}`), [431]],
    ['2,000 headers', get(`${Array.from({ length: 2_000 }, (_, n) => `x${n}: y\r\n`).join('')}${close}`), [200, 431]],
    ['the same header 1,000 times', get(`${'cookie: a\r\n'.repeat(1_000)}${close}`), [200, 431]],
    ['two Host headers', get(`host: evil.invalid\r\n${close}`, '/books'), [400]],
    ['HTTP/0.9', 'GET /books\r\n\r\n', [400, 403]],
    ['another protocol', get(close, '/livez', 'RTSP/1.0'), [200, 400]],
    ['an empty Host', `GET /books HTTP/1.1\r\nhost:\r\n${close}\r\n\r\n`, [400, 403]],
    ['a protocol to upgrade to', get(`connection: upgrade\r\nupgrade: websocket\r\n${close}`), [200, 400]],
    [
      'HTTP/2 to upgrade to',
      get(`connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA`),
      [200, 400],
    ],
    ['a body with a GET', get(`content-length: ${inner.length}\r\n${close}`) + inner, [200]],
    ['a body with a HEAD', `HEAD /livez HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n${close}\r\n\r\n[]`, [200]],
    ['headers that a hop may drop', get(`connection: close, host, x-api-key`, '/books'), [200]],
    [
      'trailers that would be headers',
      post(`transfer-encoding: chunked\r\ntrailer: host\r\n${close}`, '2\r\n[]\r\n0\r\nhost: evil.invalid\r\n\r\n'),
      [400],
    ],
    ['extensions of chunks', post(`transfer-encoding: chunked\r\n${close}`, '2;a=b;c="d"\r\n[]\r\n0\r\n\r\n'), [400]],
    ['a coding in capitals', post(`Transfer-Encoding: CHUNKED\r\n${close}`, '2\r\n[]\r\n0\r\n\r\n'), [400]],
    ['a body in 1-byte chunks', post(`transfer-encoding: chunked\r\n${close}`, `${'1\r\n \r\n'.repeat(20_000)}0\r\n\r\n`), [400]],
    ['an expectation that nobody has', get(`expect: 200-maybe\r\n${close}`), [417]],
    ['a tunnel', `CONNECT evil.invalid:443 HTTP/1.1\r\nhost: evil.invalid:443\r\n\r\n`, [501]],
    [
      'a body that never comes',
      `PUT /books/1/page HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/html\r\ncontent-length: 9000000000\r\n${close}\r\n\r\n`,
      [413],
    ],
    ['an answer that is asked twice in one write', get('x: y') + get(close), [200], [200]],
    ['200 requests in one write', get('x: y').repeat(199) + get(close), ...Array.from({ length: 200 }, () => [200])],
  ];

  return [
    ...refused.map(([what, text]) => ({ what, bytes: Buffer.from(text, 'latin1'), statuses: [REFUSED] })),
    ...answered.map(([what, text, ...statuses]) => ({ what, bytes: Buffer.from(text, 'latin1'), statuses })),
  ];
}
