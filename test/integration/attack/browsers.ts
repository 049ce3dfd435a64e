/** What a browser can be made to send by a foreign page, and what a cache between could be made to keep. */
import type { Attack, Ground } from './attack.ts';

type Methods = Record<string, object>;

const FORBIDDEN = [403];
/** Names that lead here by DNS rebinding, or try to look like ours. */
const HOSTS = [
  'evil.invalid',
  'evil.invalid:80',
  'localhost.evil.invalid',
  '127.0.0.1.evil.invalid',
  'evil.invalid#localhost',
  'localhost@evil.invalid',
  'evil.invalid/localhost',
  'localhost evil.invalid',
  '127.0.0.1\t',
  '128.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '[::2]',
  '[::ffff:10.0.0.1]',
  '0x7f000002.evil.invalid',
  'localhosts',
  'xlocalhost',
  '*.localhost.evil.invalid',
  'ｌocalhost.evil.invalid',
].filter((host) => /^[\x20-\x7e]+$/.test(host));

const ORIGINS: Record<string, string>[] = [
  { origin: 'https://evil.invalid' },
  { origin: 'null' },
  { origin: 'http://localhost.evil.invalid' },
  { origin: 'http://localhost:1' },
  { origin: 'file://' },
  { origin: 'http://localhost' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { 'sec-fetch-site': 'cross-site', origin: 'http://localhost' },
  { 'sec-fetch-site': 'Same-Origin' },
  { 'sec-fetch-site': '' },
];

/** The simple types that a form or `sendBeacon` can send without asking first. */
const SIMPLE = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', ''];

export function attacksFromBrowsers(paths: Record<string, Methods>, { bookId, batchId, openBatchId, webhookId }: Ground): Attack[] {
  const real = (template: string): string =>
    template
      .replace('{bookId}', bookId)
      .replace('{batchId}', template.endsWith('close') || template.endsWith('links') ? openBatchId : batchId)
      .replace('{jobId}', `book-${bookId}`)
      .replace('{webhookId}', webhookId)
      .replace('{deliveryId}', 'dl0mhf5k2x3a1b2c3d4e5f6')
      .replace('{code}', 'forbidden');
  const operations = Object.entries(paths).flatMap(([template, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path: real(template) })),
  );
  const changing = operations.filter(({ method }) => method !== 'GET');
  const crossSite = changing.flatMap(({ method, path }, at) =>
    [0, 1, 2, 3].map((step) => {
      const headers = ORIGINS[(at + step * 3) % ORIGINS.length] ?? {};
      const type = SIMPLE[(at + step) % SIMPLE.length];
      return {
        kind: 'cross-site',
        what: `${method} ${path} by ${JSON.stringify(headers)} as ${type}`,
        method,
        path,
        headers: { host: 'localhost:3000', ...headers, ...(type ? { 'content-type': type } : {}) },
        body: '["https://www.goodreads.com/book/show/1"]',
        statuses: FORBIDDEN,
      };
    }),
  );
  const byReading = ORIGINS.slice(0, 10).flatMap((headers) =>
    ['/book-info?id=1999999991&submit=true', '/books/1999999991?submit=true', '/find?source=goodreads&q=abc'].map((path) => ({
      kind: 'cross-site',
      what: `GET ${path} by ${JSON.stringify(headers)}`,
      method: 'GET',
      path,
      headers: { host: 'localhost:3000', ...headers },
      statuses: FORBIDDEN,
    })),
  );
  // Health checks tell a caller nothing, and have no Host to check.
  const rebound = operations
    .filter(({ path }) => path !== '/livez' && path !== '/readyz')
    .flatMap(({ method, path }, at) =>
      [0, 1].map((step) => {
        const host = HOSTS[(at + step * 7) % HOSTS.length] ?? '';
        return { kind: 'rebinding', what: `${method} ${path} under ${host}`, method, path, headers: { host }, statuses: FORBIDDEN };
      }),
    );
  return [...crossSite, ...byReading, ...rebound];
}

/** Headers that some proxies and frameworks obey, and that no cache has in its key. */
export const UNKEYED: readonly Record<string, string>[] = [
  { 'x-forwarded-host': 'evil.invalid' },
  { 'x-forwarded-proto': 'https' },
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-prefix': '/evil' },
  { 'x-forwarded-port': '1337' },
  { 'x-host': 'evil.invalid' },
  { 'x-original-url': '/evil' },
  { 'x-rewrite-url': '/evil' },
  { 'x-http-method-override': 'DELETE' },
  { 'x-method-override': 'DELETE' },
  { forwarded: 'host=evil.invalid;proto=https' },
  { 'accept-language': 'xx' },
  { accept: 'application/xml' },
  { accept: 'text/html' },
  { 'accept-encoding': 'br;q=1, *;q=0' },
  { cookie: 'session=1' },
  { range: 'bytes=0-1' },
  { 'user-agent': 'evil' },
  { host: 'localhost:1337' },
  { host: 'LOCALHOST' },
];
