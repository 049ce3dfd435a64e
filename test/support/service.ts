/** A whole Quire in this process, on a store and a stand-in Goodreads of its own: what the integration tests run against. */
/* oxlint-disable typescript/no-explicit-any -- the body of an answer is whatever the API sent: the tests assert its shape */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { readConfig, type Role } from '../../src/config/config.ts';
import { createLog } from '../../src/service/log.ts';
import { createService, type Service } from '../../src/service.ts';
import { startGoodreads, type Goodreads } from './goodreads.ts';
import { sharedClusterUrl, sharedRedisUrl } from './redis-server.ts';
import { embeddedDirectory, storeDatabase, TEST_SETTINGS } from './templates.ts';
import { waitUntil } from './wait-until.ts';

/** Every store that users can choose, Redis also as a cluster of three nodes: the HTTP contract holds on each. */
export const STORES = ['embedded', 'redis', 'redis-cluster', 'postgres'] as const;
export type StoreName = (typeof STORES)[number];

/** A prefix that no other test has: letter, then letters and digits. */
export const ownPrefix = (): string => `t${randomBytes(6).toString('hex')}`;

export interface TestQuire {
  service: Service;
  goodreads: Goodreads;
  /** Where the API listens. */
  origin: string;
  /** The environment it was started with, for another process or service beside it. */
  env: Record<string, string>;
  get(path: string, init?: RequestInit): Promise<{ status: number; headers: Headers; body: any }>;
  post(path: string, body?: unknown, init?: RequestInit): Promise<{ status: number; headers: Headers; body: any }>;
  delete(path: string): Promise<{ status: number; headers: Headers; body: any }>;
  /** Submits and returns the answer's body. */
  submit(links: unknown[], query?: string): Promise<any>;
  /** Resolves to the batch once it has ended. */
  ended(batchId: string, timeoutMs?: number): Promise<any>;
  stop(): Promise<void>;
}

/** Where a store of this kind keeps its data, of this test's own. SQL stores have their tables already. */
export async function storeEnvironment(name: StoreName): Promise<{ env: Record<string, string>; cleanUp(): Promise<void> }> {
  if (name === 'redis') return { env: { REDIS_URL: sharedRedisUrl(), QUEUE_PREFIX: ownPrefix() }, cleanUp: async () => undefined };
  if (name === 'redis-cluster')
    return { env: { REDIS_URL: sharedClusterUrl(), QUEUE_PREFIX: ownPrefix() }, cleanUp: async () => undefined };
  if (name === 'postgres') {
    const { url, drop } = await storeDatabase();
    return { env: { DATABASE_URL: url, QUEUE_PREFIX: TEST_SETTINGS.prefix }, cleanUp: drop };
  }
  const dir = await embeddedDirectory();
  const env = { DATA_DIR: dir, QUEUE_PREFIX: TEST_SETTINGS.prefix };
  return { env, cleanUp: () => rm(dir, { recursive: true, force: true }) };
}

async function answered(answer: Response): Promise<{ status: number; headers: Headers; body: any }> {
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text };
}

/** Starts it with settings fit for tests: unlimited rate, short backoff, silent log. `settings` overrule them. */
export async function startQuire(
  store: StoreName,
  options: {
    settings?: Record<string, string>;
    role?: Role;
    goodreads?: Goodreads;
    env?: Record<string, string>;
    pages?: string;
    log?: string;
    /** Takes the lines of the log. */
    onLog?: (line: string) => void;
    lingerMs?: number;
    silentMs?: number;
  } = {},
): Promise<TestQuire> {
  const goodreads = options.goodreads ?? (await startGoodreads(options.pages ? { pages: options.pages } : {}));
  const own = options.env ? { env: options.env, cleanUp: async () => undefined } : await storeEnvironment(store);
  const env: Record<string, string> = {
    ...own.env,
    PORT: '0',
    GOODREADS_ORIGIN: goodreads.origin,
    CRAWL_RATE: '0',
    CRAWL_CONCURRENCY: '8',
    CRAWL_TIMEOUT: '2s',
    CRAWL_BACKOFF: '5ms',
    NOT_FOUND_RECHECK: '20ms',
    BLOCK_PROBE: '100ms',
    DRAIN_SECONDS: '5',
    ...options.settings,
  };
  const config = readConfig(env, options.role ?? 'all');
  const service = createService(config, {
    log: createLog({
      level: options.log ?? 'silent',
      role: options.role ?? 'all',
      isTerminal: false,
      ...(options.onLog ? { destination: { write: options.onLog } } : {}),
    }),
    version: '0.0.0',
    lingerMs: options.lingerMs ?? 0,
    ...(options.silentMs === undefined ? {} : { silentMs: options.silentMs }),
  });
  try {
    await service.start();
  } catch (error) {
    if (!options.goodreads) await goodreads.stop();
    await own.cleanUp();
    throw error;
  }
  const origin = service.address ?? '';
  const get: TestQuire['get'] = async (path, init) => answered(await fetch(origin + path, init));
  const post: TestQuire['post'] = async (path, body, init) =>
    get(path, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      ...init,
    });
  return {
    service,
    goodreads,
    origin,
    env,
    get,
    post,
    delete: (path) => get(path, { method: 'DELETE' }),
    async submit(links, query = '') {
      const answer = await post(`/parse-links${query}`, links);
      if (answer.status >= 300) throw new Error(`POST /parse-links answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    ended: (batchId, timeoutMs = 20_000) =>
      waitUntil(
        `batch ${batchId} to end`,
        async () => {
          const { body } = await get(`/batches/${batchId}`);
          return body.finishedAt ? body : undefined;
        },
        { timeoutMs, everyMs: 15 },
      ),
    async stop() {
      await service.stop();
      if (!options.goodreads) await goodreads.stop();
      await own.cleanUp();
    },
  };
}
