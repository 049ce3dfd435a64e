import { expect, test } from 'vitest';
import { takesProxy } from '../../../src/crawl/fetch/proxy.ts';

const GOODREADS = 'https://www.goodreads.com';

test.each([
  [GOODREADS, '', true],
  [GOODREADS, 'example.org', true],
  [GOODREADS, 'oodreads.com', true],
  [GOODREADS, 'goodreads.com', false],
  [GOODREADS, 'localhost,.Goodreads.com', false],
  [GOODREADS, 'localhost *.goodreads.com', false],
  [GOODREADS, 'goodreads.com:443', false],
  [GOODREADS, 'goodreads.com:8443', true],
  [GOODREADS, '*', false],
  ['https://www.goodreads.com:8443', 'www.goodreads.com:8443', false],
  ['https://127.0.0.1:8443', '127.0.0.1', false],
  // An http origin is a stand-in: it has no use for a proxy of https.
  ['http://127.0.0.1:8080', '', false],
])('%s with NO_PROXY=%j takes the proxy: %s', (origin, noProxy, takes) => {
  expect(takesProxy(origin, { httpsProxy: 'http://127.0.0.1:3128', noProxy })).toBe(takes);
  expect(takesProxy(origin, { httpsProxy: null, noProxy })).toBe(false);
});
