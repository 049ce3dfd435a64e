import { expect, test } from 'vitest';
import { SETTINGS } from '../../src/config/config.ts';
import { nearMisses } from '../../src/config/near-misses.ts';

test.each([
  ['CRAWL_CONCURENCY', 'CRAWL_CONCURRENCY'],
  ['CRAWL_CONCURRENYC', 'CRAWL_CONCURRENCY'],
  ['crawl_rate', 'CRAWL_RATE'],
  ['CRAWLRATE', 'CRAWL_RATE'],
  ['QUIRE_CRAWL_RATE', 'CRAWL_RATE'],
  ['API_KEY', 'API_KEYS'],
  ['REDIS_URI', 'REDIS_URL'],
  ['DATABASE_URI', 'DATABASE_URL'],
  ['DATADIR', 'DATA_DIR'],
  ['QUITE_HOURS', 'QUIET_HOURS'],
  ['LOGLEVEL', 'LOG_LEVEL'],
])('%s looks like %s', (name, meant) => {
  expect(nearMisses({ [name]: 'a secret' })).toEqual([`${name} is no setting of Quire and has no effect: is ${meant} meant?`]);
});

test('names of others, and those that Kubernetes makes for a service called quire, are none', () => {
  const others = [
    'PATH',
    'HOME',
    'HOSTNAME',
    'PORTS',
    'POST',
    'HTTP_PROXY',
    'http_proxy',
    'https_proxy',
    'no_proxy',
    'ALL_PROXY',
    'FTP_PROXY',
  ];
  const node = ['NODE_ENV', 'NODE_OPTIONS', 'npm_config_loglevel', 'npm_config_noproxy', 'LOGNAME', 'OTEL_LOG_LEVEL', 'PGDATABASE'];
  const service = ['QUIRE_PORT', 'QUIRE_PORT_3000_TCP', 'QUIRE_PORT_3000_TCP_ADDR', 'QUIRE_SERVICE_HOST', 'QUIRE_SERVICE_PORT_HTTP'];
  const another = ['QUIRE_API_SERVICE_HOST', 'QUIRE_API_PORT_3000_TCP_PROTO', 'REDIS_PORT', 'REDIS_SERVICE_HOST'];
  const settings = Object.values(SETTINGS).map(({ env }) => env);
  const env = [...others, ...node, ...service, ...another, ...settings].map((name) => [name, 'x']);
  expect(nearMisses(Object.fromEntries(env) as Record<string, string>)).toEqual([]);
});
