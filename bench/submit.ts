/** Links per second through `POST /parse-links`: new ones against bare `Queue.addBulk`, and cached ones against new ones. */
import { Agent, request, type Dispatcher } from 'undici';
import type { BookId } from '../src/domain/identity.ts';
import { createRedisStore } from '../src/storage/redis/store.ts';
import { PREFIX, runLimit, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { inRounds, median } from './statistics.ts';

const LINKS = 1_000;
/** Requests, and bulks, in flight. */
const IN_FLIGHT = 2;
const WARM_UP = 10;

let next = 3_000_000_000;
const newBody = (): string => JSON.stringify(Array.from({ length: LINKS }, () => `https://www.goodreads.com/book/show/${next++}-a-title`));

/** Posts bodies of 1,000 links each, two at once, and gives links per second. `onAnswer` gets each answer and the milliseconds it took. */
export async function postLinks(
  address: string,
  bodies: string[],
  dispatcher: Dispatcher,
  onAnswer?: (text: string, ms: number) => void,
): Promise<number> {
  let at = 0;
  const one = async (): Promise<void> => {
    for (let body = bodies[at++]; body !== undefined; body = bodies[at++]) {
      const sentMs = performance.now();
      const answer = await request(`${address}/parse-links`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 202 && answer.statusCode !== 200)
        throw new Error(`POST /parse-links: ${answer.statusCode} ${text.slice(0, 300)}`);
      onAnswer?.(text, performance.now() - sentMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  return (bodies.length * LINKS) / ((performance.now() - startedMs) / 1000);
}

/** Stores small books under the numbers of `bodies`, so that their links are cached. */
async function storeBooks(rig: Rig, count: number): Promise<string[]> {
  const store = createRedisStore({
    url: rig.redisUrl,
    settings: { prefix: PREFIX, batchTtlMs: 3_600_000, maxSettledJobs: 10_000, maxFailedJobs: 10_000 },
  });
  await store.start();
  const nowMs = Date.now();
  const ids = Array.from({ length: count }, () => String(next++) as BookId);
  const body = Buffer.from('{"title":"A book"}');
  await Promise.all(
    ids.map((bookId) =>
      store.books.put(
        { bookId, body, etag: 'abcdefghijklmnop', fetchedAtMs: nowMs, freshUntilMs: nowMs + 3_600_000, richness: 1 },
        [],
        nowMs + 7_200_000,
      ),
    ),
  );
  await store.stop();
  return ids;
}

export async function benchSubmit(rig: Rig): Promise<BenchRow[]> {
  const bodies = rig.quick ? 20 : 60;
  const api = await rig.quire('api');
  const dispatcher = new Agent();
  const post = async (list: string[]): Promise<number> => postLinks(api.address, list, dispatcher);
  const many = (): string[] => Array.from({ length: bodies }, newBody);
  await post(Array.from({ length: WARM_UP }, newBody));

  const measured = await inRounds(rig.quick ? 2 : 5, {
    ours: async () => {
      const list = many();
      await rig.redis.flushall();
      return post(list);
    },
    limit: async () => {
      await rig.redis.flushall();
      return (await runLimit<{ perSecond: number }>('add-bulk', [rig.redisUrl, bodies * LINKS, IN_FLIGHT])).perSecond;
    },
    cached: async () => {
      await rig.redis.flushall();
      const ids = await storeBooks(rig, 10 * LINKS);
      const list = Array.from({ length: bodies }, (_, n) =>
        JSON.stringify(
          ids.slice((n % 10) * LINKS, ((n % 10) + 1) * LINKS).map((id) => `https://www.goodreads.com/book/show/${id}-a-title`),
        ),
      );
      return post(list);
    },
  });
  await dispatcher.close();
  await api.stop();
  await rig.redis.flushall();
  const [ours, limit, cached] = [median(measured.ours), median(measured.limit), median(measured.cached)];
  return [
    {
      name: `POST /parse-links, ${LINKS} new links (limit: Queue.addBulk)`,
      store: 'redis',
      ours,
      limit,
      ratio: ours / limit,
      unit: 'links/s',
      target: '≥ 0.75',
    },
    {
      name: `POST /parse-links, ${LINKS} cached links (limit: new links)`,
      store: 'redis',
      ours: cached,
      limit: ours,
      ratio: cached / ours,
      unit: 'links/s',
      target: '≥ 3',
    },
  ];
}
