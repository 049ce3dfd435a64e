import { describe, expect, it } from 'vitest';
import { describeAddress, parseRedisUrl } from '../../../src/config/redis-url.ts';

describe('REDIS_URL', () => {
  it.each([
    ['redis://127.0.0.1:6379', { kind: 'single', nodes: [{ host: '127.0.0.1', port: 6379 }], tls: false, database: 0 }],
    ['redis://cache', { kind: 'single', nodes: [{ host: 'cache', port: 6379 }] }],
    [
      'rediss://user:p%40ss%2Fw@cache:6380/3',
      { tls: true, username: 'user', password: 'p@ss/w', database: 3, nodes: [{ host: 'cache', port: 6380 }] },
    ],
    ['redis://:a:b@[::1]:7000', { username: undefined, password: 'a:b', nodes: [{ host: '::1', port: 7000 }] }],
    [
      'redis-sentinel://s1,s2:26380/1#books',
      {
        kind: 'sentinel',
        master: 'books',
        database: 1,
        nodes: [
          { host: 's1', port: 26_379 },
          { host: 's2', port: 26_380 },
        ],
      },
    ],
    [
      'rediss-cluster://:pw@n1:7001,n2:7002',
      {
        kind: 'cluster',
        tls: true,
        password: 'pw',
        nodes: [
          { host: 'n1', port: 7001 },
          { host: 'n2', port: 7002 },
        ],
      },
    ],
  ])('%s', (url, address) => {
    expect(parseRedisUrl(url)).toMatchObject(address);
  });

  it.each([
    'http://x',
    'redis://a,b',
    'redis-sentinel://s1',
    'redis-cluster://n1/2',
    'redis://h:99999',
    'redis://h:x',
    'redis://:p%zz@h',
    'redis://',
    'redis-cluster://n1, n2',
    'redis-sentinel://s1#my master',
  ])('%s is refused', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(/^a /);
  });

  it('is described without its password', () => {
    const described = describeAddress(parseRedisUrl('rediss-sentinel://u:secret@s1,s2/2#books'));
    expect(described).toBe('Redis, master books of the Sentinels at s1:26379, s2:26379, database 2 (TLS)');
  });
});
