import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, SETTINGS } from '../../src/config/config.ts';

const faultsOf = (env: Record<string, string>, role?: string): readonly string[] => {
  try {
    readConfig(env, role);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('the settings', () => {
  it('have their defaults in an empty environment, and are frozen', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      redisUrl: null,
      databaseUrl: null,
      dataDir: './data',
      goodreadsOrigin: 'https://www.goodreads.com',
      crawlRate: 1,
      role: 'all',
      apiKeys: [],
    });
    expect(config.bookTtlMs).toBe(7 * 86_400_000);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('treat an empty value as unset', () => {
    expect(readConfig({ PORT: '', REDIS_URL: ' ', BOOK_TTL: '' })).toMatchObject({ port: 3000, redisUrl: null });
  });

  it('of the proxy may have lower-case names, as everywhere', () => {
    expect(readConfig({ https_proxy: 'http://a:1', no_proxy: 'b' })).toMatchObject({ httpsProxy: 'http://a:1', noProxy: 'b' });
    expect(readConfig({ https_proxy: 'http://a:1', HTTPS_PROXY: 'http://c:1' })).toMatchObject({ httpsProxy: 'http://c:1' });
    expect(faultsOf({ HTTPS_PROXY: 'socks5://u:geheim@x' }).join()).not.toContain('geheim');
  });

  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['500ms', 500],
    ['1.5h', 5_400_000],
    ['30d', 30 * 86_400_000],
  ])('read the duration %s', (text, ms) => {
    expect(readConfig({ BOOK_TTL: text }).bookTtlMs).toBe(ms);
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '3000.5'],
    ['PORT', '0x10'],
    ['HOST', 'a b'],
    ['REDIS_URL', 'http://127.0.0.1:6379'],
    ['REDIS_URL', 'redis-sentinel://s1'],
    ['REDIS_URL', 'redis://:p%zz@h'],
    ['DATABASE_URL', 'mysql://x'],
    ['QUEUE_PREFIX', 'Has-Dash'],
    ['GOODREADS_ORIGIN', 'https://www.goodreads.com/book'],
    ['GOODREADS_ORIGIN', 'goodreads.com'],
    ['HTTPS_PROXY', 'proxy:3128'],
    ['HTTPS_PROXY', 'socks5://127.0.0.1:1080'],
    ['CRAWL_CONCURRENCY', '0'],
    ['CRAWL_RATE', '-1'],
    ['CRAWL_RATE', 'fast'],
    ['BOOK_TTL', '7 days'],
    ['NOT_FOUND_TTL', ''.padStart(3, '9') + 'y'],
    ['QUIET_HOURS', '22-6'],
    ['QUIET_HOURS', '22:00-06:00 Mars/Olympus'],
    ['QUIET_HOURS', '25:00-06:00'],
    ['LOG_LEVEL', 'loud'],
    ['API_KEYS', 'short'],
    ['API_KEYS', 'a key with spaces'],
    ['API_KEYS', 'first-key-of-ours,second\tkey'],
    ['API_KEYS', 'schlüssel-eins'],
    ['API_KEYS', 'a-key-of-ours,'],
  ])('%s=%s is a fault that names the setting and what it wants', (name, value) => {
    const [fault, ...others] = faultsOf({ [name]: value });
    expect(fault).toMatch(new RegExp(`^${name} must be `));
    expect(others).toEqual([]);
  });

  it('report every fault at once, in one message', () => {
    const faults = faultsOf({ PORT: 'x', CRAWL_RATE: 'y', LOG_LEVEL: 'z', REDIS_URL: 'redis://a', DATABASE_URL: 'postgres://b/c' });
    expect(faults).toHaveLength(4);
    expect(() => readConfig({ PORT: 'x', CRAWL_RATE: 'y' })).toThrow(/2 settings are wrong:\n {2}- PORT .*\n {2}- CRAWL_RATE /);
  });

  it('accept every key that fits into each header for keys', () => {
    expect(readConfig({ API_KEYS: 'abc.DEF-_~+/12==, p!"#$%&()*;:<>?@[]^`{|}' }).apiKeys).toEqual([
      'abc.DEF-_~+/12==',
      'p!"#$%&()*;:<>?@[]^`{|}',
    ]);
  });

  it('never repeat a secret', () => {
    expect(faultsOf({ API_KEYS: 'first-key,geheim ist das' }).join()).toMatch(/key 2 of 2/);
    expect(faultsOf({ API_KEYS: 'first-key,geheim ist das' }).join()).not.toMatch(/geheim|first/);
    expect(faultsOf({ API_KEYS: 'geheim', REDIS_URL: 'ftp://:geheim@x', DATABASE_URL: 'x://geheim' }).join()).not.toContain('geheim');
  });

  it('require a shared store for single roles, and refuse unknown roles', () => {
    expect(faultsOf({}, 'worker')).toEqual([expect.stringContaining('set REDIS_URL or DATABASE_URL')]);
    expect(faultsOf({ REDIS_URL: 'redis://a' }, 'worker')).toEqual([]);
    expect(faultsOf({}, 'boss')).toEqual([expect.stringContaining('all, api, worker')]);
  });

  it('have defaults that are valid themselves', () => {
    for (const { env, fallback, parse } of Object.values(SETTINGS)) expect(() => parse(fallback), env).not.toThrow();
  });
});
