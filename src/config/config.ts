/**
 * One table of settings: name in the environment, default, meaning, parser. `readConfig` turns an environment into a frozen `Config`, or
 * throws one error with every fault. A test compares `docs/configuration.md` and `.env.example` with this table.
 */

import { parseQuietHours } from '../domain/time/quiet-hours.ts';
import {
  boolean,
  contact,
  decimal,
  duration,
  integer,
  list,
  matching,
  oneOf,
  optional,
  origin,
  proxies,
  redisUrl,
  text,
  url,
} from './parsers.ts';

/** The roles of a process: `api` answers HTTP, `worker` crawls, `all` does both. */
export const ROLES = ['all', 'api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

interface Setting<T> {
  env: string;
  /** The default as a user would write it; `''` means "not set". */
  fallback: string;
  /** One line for the docs, with the unit. */
  meaning: string;
  /** Throws an Error whose message completes the sentence "NAME must be …". */
  parse: (text: string) => T;
}

const setting = <T>(env: string, fallback: string, meaning: string, parse: (text: string) => T): Setting<T> => ({
  env,
  fallback,
  meaning,
  parse,
});

const DAY_MS = 86_400_000;

/** Every setting, in the order of `docs/configuration.md`. */
export const SETTINGS = {
  port: setting('PORT', '3000', 'TCP port of the HTTP API; 0 takes a free one.', integer(0, 65_535)),
  host: setting(
    'HOST',
    '127.0.0.1',
    'Address the HTTP API listens on; `0.0.0.0` for all.',
    matching(/^[\w.:-]+$/, 'an address or host name'),
  ),
  workerPort: setting(
    'WORKER_PORT',
    '',
    'TCP port on HOST where a process of the role `worker` serves `/livez`, `/readyz` and `/metrics`; 0 takes a free one. Without it there is none.',
    optional(integer(0, 65_535)),
  ),
  redisUrl: setting(
    'REDIS_URL',
    '',
    'Redis as the store: `redis://[user:password@]host:port/database`, `redis-sentinel://host1,host2#master` or `redis-cluster://host1,host2`; `rediss…` for TLS.',
    optional(redisUrl),
  ),
  databaseUrl: setting(
    'DATABASE_URL',
    '',
    'PostgreSQL (14 or later) as the store.',
    optional(url(['postgres:', 'postgresql:'], 'postgres://user:password@127.0.0.1:5432/quire')),
  ),
  dataDir: setting('DATA_DIR', './data', 'Directory of the embedded store, used when neither REDIS_URL nor DATABASE_URL is set.', text),
  queuePrefix: setting(
    'QUEUE_PREFIX',
    'quire',
    'Keeps several Quires apart on one Redis or PostgreSQL: prefix of every key, name of the schema.',
    matching(/^[a-z][a-z0-9_]{0,39}$/, 'a lower-case letter followed by at most 39 lower-case letters, digits or underscores'),
  ),
  goodreadsOrigin: setting(
    'GOODREADS_ORIGIN',
    'https://www.goodreads.com',
    'The one origin that is ever requested; point it at a stand-in for tests.',
    origin,
  ),
  httpsProxy: setting(
    'HTTPS_PROXY',
    '',
    'Proxy for requests to an https GOODREADS_ORIGIN: `http://[user:password@]host:port`. Webhooks do not take it.',
    optional(url(['http:', 'https:'], 'http://proxy.example.org:3128')),
  ),
  noProxy: setting('NO_PROXY', '', 'Comma-separated names that are asked without the proxy, with their subdomains; `*` for all.', text),
  crawlConcurrency: setting('CRAWL_CONCURRENCY', '4', 'Pages in flight at once, over all workers.', integer(1, 1000)),
  crawlRate: setting('CRAWL_RATE', '1', 'Pages per second, over all workers; 0 is unlimited.', decimal(0, 10_000)),
  crawlTimeoutMs: setting('CRAWL_TIMEOUT', '20s', 'Longest time one page may take, from request to last byte.', duration(50, 120_000)),
  crawlAttempts: setting('CRAWL_ATTEMPTS', '5', 'Attempts a job has before a passing failure becomes final.', integer(1, 50)),
  crawlBackoffMs: setting(
    'CRAWL_BACKOFF',
    '2s',
    'Base of the exponential backoff between attempts; the wait is a random part of base × 2^(attempt-1), at most 10 minutes.',
    duration(1, 600_000),
  ),
  crawlContact: setting(
    'CRAWL_CONTACT',
    '',
    'A page (https://…) or address (mailto:…) about your crawler; it is part of the user agent. `none` names nothing. While it is not set, Quire sends no request to Goodreads itself: the source is `paused`.',
    optional(contact),
  ),
  blockProbeMs: setting(
    'BLOCK_PROBE',
    '60s',
    'First wait before a blocked source is probed; doubles with each failed probe, at most 1 hour.',
    duration(1, 3_600_000),
  ),
  quietHours: setting(
    'QUIET_HOURS',
    '',
    'Hours without crawling, in a time zone: `22:00-06:00 America/Los_Angeles`.',
    // Only checked here. The code that uses it parses it again.
    optional((value) => parseQuietHours(value).text),
  ),
  bookTtlMs: setting(
    'BOOK_TTL',
    '7d',
    'How long a stored book counts as fresh (spread by ±10 %); afterwards it is served stale and refreshed.',
    duration(1, 3650 * DAY_MS),
  ),
  bookRetentionMs: setting(
    'BOOK_RETENTION',
    '365d',
    'How long a stored book is kept after it was last fetched.',
    duration(1000, 3650 * DAY_MS),
  ),
  notFoundTtlMs: setting('NOT_FOUND_TTL', '1d', 'How long Quire remembers that Goodreads has no such book.', duration(1, 3650 * DAY_MS)),
  notFoundRecheckMs: setting(
    'NOT_FOUND_RECHECK',
    '10m',
    'Wait before the second look that a "not found" needs to be believed.',
    duration(1, 7 * DAY_MS),
  ),
  maxWaitingJobs: setting(
    'MAX_WAITING_JOBS',
    '1000000',
    'Most jobs that may wait in the queue; links that do not fit are answered with 429. 0 means no limit. On Redis 1,000,000 take about 675 MB.',
    integer(0, 1_000_000_000),
  ),
  batchTtlMs: setting('BATCH_TTL', '7d', 'How long a batch is kept after it ended.', duration(1000, 365 * DAY_MS)),
  drainSeconds: setting(
    'DRAIN_SECONDS',
    '25',
    'Seconds that running jobs get to finish after SIGTERM before they return to the queue.',
    integer(0, 600),
  ),
  apiKeys: setting(
    'API_KEYS',
    '',
    'Comma-separated keys of at least 8 visible ASCII characters; when set, every endpoint but the health checks and `/errors` needs one (`Authorization: Bearer …`).',
    list,
  ),
  apiKeysFile: setting(
    'API_KEYS_FILE',
    '',
    'File of keys with scopes, which `quire keys create --file` writes. It holds only hashes, and a change counts within a second.',
    optional(text),
  ),
  open: setting(
    'OPEN',
    'false',
    'Lets the roles `api` and `all` start without keys although HOST is not loopback: everybody who reaches the port may then do everything.',
    boolean,
  ),
  trustProxy: setting(
    'TRUST_PROXY',
    '',
    'Proxies whose `X-Forwarded-…` count: addresses and ranges with commas (`10.0.0.0/8`), `loopback`, `linklocal`, `uniquelocal`. Without it, the address of a caller is that of the connection.',
    optional(proxies),
  ),
  publicUrl: setting(
    'PUBLIC_URL',
    '',
    'Address of the API as others reach it, without a slash at the end; goes before paths in webhook payloads. On loopback without keys its host is answered beside the names of this machine. One by https makes browsers come back by https alone (HSTS, a year).',
    optional(url(['https:', 'http:'], 'https://quire.example.org')),
  ),
  webhookSecret: setting(
    'WEBHOOK_SECRET',
    '',
    'Signs the webhooks of batches that give no secret of their own (`whsec_` and 24 to 64 bytes in base64); without it such batches are refused.',
    optional(matching(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, '`whsec_` followed by 24 to 64 bytes in base64')),
  ),
  webhookAllowLoopback: setting(
    'WEBHOOK_ALLOW_LOOPBACK',
    'false',
    'Lets webhooks go to this machine, by http too: for development and tests.',
    boolean,
  ),
  logLevel: setting('LOG_LEVEL', 'info', `One of ${LOG_LEVELS.join(', ')}.`, oneOf(LOG_LEVELS)),
  accessLog: setting('ACCESS_LOG', 'false', 'One line at level `info` for each HTTP request, without its query.', boolean),
} as const;

type Settings = typeof SETTINGS;

/** All settings, parsed and frozen. Names that end in `Ms` are milliseconds, in `Seconds` seconds. */
export type Config = Readonly<{ [K in keyof Settings]: ReturnType<Settings[K]['parse']> }> & { readonly role: Role };

/** {@link readConfig} throws it. The message lists every fault, one a line. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(
      `Quire cannot start, ${faults.length === 1 ? 'a setting is' : `${faults.length} settings are`} wrong:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/** Reads the settings from `env`, where an empty value counts as unset. Throws a {@link ConfigError} with all faults. */
export function readConfig(env: Record<string, string | undefined>, role: string = 'all'): Config {
  const faults: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, { env: key, fallback, parse }] of Object.entries(SETTINGS)) {
    const given = (env[key] ?? (key.endsWith('_PROXY') ? env[key.toLowerCase()] : undefined))?.trim() ?? '';
    try {
      config[name] = parse(given === '' ? fallback : given);
    } catch (error) {
      // A secret must not end up in a log, so the message does not show it.
      const shown = /KEYS|URL|SECRET|PROXY/.test(key) ? 'the given value' : JSON.stringify(given);
      faults.push(`${key} must be ${(error as Error).message}, but is ${shown}`);
    }
  }
  if (config['redisUrl'] && config['databaseUrl'])
    faults.push('REDIS_URL and DATABASE_URL are both set: choose one store and unset the other');
  const known = ROLES.find((r) => r === role);
  if (!known) faults.push(`the role must be one of ${ROLES.join(', ')}, but is ${JSON.stringify(role)}`);
  else config['role'] = known;
  if (known && known !== 'all' && !config['redisUrl'] && !config['databaseUrl'] && faults.length === 0) {
    faults.push(
      `the role ${known} needs a store that processes can share: set REDIS_URL or DATABASE_URL (the embedded store belongs to one process, role all)`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(config) as Config;
}
