/** The promise of the API: while the store is away, every route answers within 2 s. */
import { afterEach, describe, expect, it } from 'vitest';
import { freeze } from '../../support/freeze.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire, type TestQuire } from '../../support/service.ts';
import { timed } from '../../support/stopwatch.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const SERVERS = {
  redis: async () => {
    const server = await startRedis();
    return { server, env: { REDIS_URL: server.url, QUEUE_PREFIX: ownPrefix() } };
  },
  postgres: async () => {
    const server = await startPostgres();
    return { server, env: { DATABASE_URL: server.url } };
  },
};

/** What the parameters of paths are filled with, and the queries that routes need. */
const PARAMETERS: Record<string, string> = {
  bookId: '1',
  batchId: '0123456789abcdef',
  jobId: 'book-1',
  webhookId: 'wh0123456789abcdef',
  deliveryId: 'wh0123456789abcdef-0123456789abcdefghijklmno',
  code: 'store-unavailable',
};
const QUERIES: Record<string, string> = {
  '/book-info': '?id=1',
  '/books/search': '?q=a',
  '/find': '?q=a&source=goodreads',
  '/jobs': '?state=failed',
  '/deliveries': '?batchId=0123456789abcdef',
};
/** Routes of the dashboard and the documentation, which the document of the API leaves out. */
const UNDESCRIBED = ['/dashboard', '/dashboard/ledger', '/dashboard/api/queues', '/docs/', '/openapi.json', '/openapi.yaml'];
/** Routes that ask nothing of the store, or do without what it would say. */
const WITHOUT_STORE = /^\/($|session|livez|metrics|errors|docs|openapi|events\/types|dashboard$)/;

async function everyGet(quire: TestQuire): Promise<string[]> {
  const { body } = await quire.get('/openapi.json');
  const described = Object.entries(body.paths as Record<string, object>).filter(([, methods]) => 'get' in methods);
  const paths = described.map(
    ([path]) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => PARAMETERS[name] ?? '') + (QUERIES[path] ?? ''),
  );
  return [...new Set([...paths, ...UNDESCRIBED])];
}

/** Asks for everything at once; resolves to a sentence for each answer that is late or wrong. */
async function broken(quire: TestQuire, paths: string[]): Promise<string[]> {
  const said = await Promise.all(
    paths.map(async (path) => {
      const { value, tookMs } = await timed(() => quire.get(path, { redirect: 'manual' }));
      const { status, headers, body } = value;
      const isTold = status === 503 && body.code === 'store-unavailable' && Number(headers.get('retry-after')) >= 1;
      const isRight = WITHOUT_STORE.test(path) ? status < 400 : isTold;
      return isRight && tookMs < 2_200 ? '' : `${path} answered ${status} ${body.code ?? ''} after ${Math.round(tookMs)} ms`;
    }),
  );
  return said.filter((sentence) => sentence !== '');
}

const CASES = (['redis', 'postgres'] as const).flatMap((store) => (['held still', 'killed'] as const).map((how) => ({ store, how })));

describe.each(CASES)('while $store is $how', ({ store, how }) => {
  it('every GET route answers within 2 s, and says so where it needs the store', async () => {
    const { server, env } = await SERVERS[store]();
    undo.push(() => server.stop());
    const quire = await startQuire(store, { env, settings: { DRAIN_SECONDS: '1' } });
    undo.push(() => quire.stop());
    const paths = await everyGet(quire);
    expect(paths.length).toBeGreaterThan(20);
    const { batchId } = await quire.submit([`https://www.goodreads.com/book/show/${quire.goodreads.ids[0]}`]);
    // From here on there are counters that are not written yet.
    await quire.ended(batchId);
    if (how === 'killed') await server.kill9();
    else undo.push(await freeze(server.pid));
    expect(await broken(quire, paths)).toStrictEqual([]);
    // Again, when what was under way has failed.
    expect(await broken(quire, paths)).toStrictEqual([]);
  });
});
