import { expect, test } from 'vitest';
import { readConfig } from '../../../src/config/config.ts';
import { pausedWhy, userAgent } from '../../../src/crawl/fetch/user-agent.ts';

test('the user agent names the contact of the operator, and never a made-up one', () => {
  const agentOf = (env: Record<string, string>): string => userAgent('1.2.3', readConfig(env).crawlContact);
  expect(agentOf({ CRAWL_CONTACT: 'mailto:crawler@example.org' })).toBe('Quire/1.2.3 (+mailto:crawler@example.org)');
  expect(agentOf({ CRAWL_CONTACT: 'none' })).toBe('Quire/1.2.3');
  expect(agentOf({})).toBe('Quire/1.2.3');
  expect(() => readConfig({ CRAWL_CONTACT: 'me' })).toThrow(/CRAWL_CONTACT must be a URL such as .*, or none/);
});

test.each([
  [{}, true],
  [{ GOODREADS_ORIGIN: 'https://goodreads.com' }, true],
  [{ GOODREADS_ORIGIN: 'http://m.goodreads.com:8080' }, true],
  [{ CRAWL_CONTACT: 'none' }, false],
  [{ CRAWL_CONTACT: 'https://example.org/crawler' }, false],
  [{ GOODREADS_ORIGIN: 'http://127.0.0.1:8099' }, false],
  [{ GOODREADS_ORIGIN: 'https://notgoodreads.com' }, false],
  [{ GOODREADS_ORIGIN: 'https://goodreads.com.example' }, false],
])('with %j it is %s that no request is sent', (env, paused) => {
  const why = pausedWhy(readConfig(env));
  expect(why !== null).toBe(paused);
  expect(why ?? 'set CRAWL_CONTACT to … or to `none`').toMatch(/set CRAWL_CONTACT to .* or to `none`/);
});
