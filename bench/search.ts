/** `GET /books/search` among 100,000 books: how long it takes on each store, and what the entries of a book take. */
import { Client } from 'pg';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { searchEntry } from '../src/domain/search/entry.ts';
import type { BookId } from '../src/domain/identity.ts';
import type { Store } from '../src/storage/store.ts';
import { keyBytes } from './redis-facts.ts';
import { PREFIX, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { median, quantile } from './statistics.ts';
import { openPlace, type StoreKind } from './stores.ts';

const BOOKS = 100_000;
const FIRST = 5_000_000;
const IN_FLIGHT = 64;
const CONNECTIONS = 4;
const WANTED_MS = 20;
/** Searches and lists take turns, so that what slows the machine down for a while slows both. */
const ROUNDS = 6;
/** Words by how often titles have them: the first in every other book, as in English. */
const COMMON = ['the', 'of', 'a', 'and', 'in', 'to', 'an', 'for', 'is', 'it'];
const SYLLABLES = ['ba', 'ce', 'di', 'fo', 'gu', 'ha', 'ki', 'lo', 'ma', 'ne', 'po', 'ra', 'si', 'ta', 'vu'];

/** Numbers that are the same in every run. */
function createRandom(): () => number {
  let state = 42;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

/** The n-th word of a made-up language; lower numbers are drawn more often. */
function wordAt(n: number): string {
  let word = '';
  for (let left = n + 15; left > 0; left = Math.floor(left / SYLLABLES.length)) word += SYLLABLES[left % SYLLABLES.length];
  return word;
}

interface MadeBook {
  title: string;
  author: string;
  ratingsCount: number;
}

/** Titles of two to seven words and names of two: as real titles, each with words that many have, and words that few have. */
function* makeBooks(count: number): Generator<MadeBook> {
  const random = createRandom();
  const drawn = (most: number): string => wordAt(Math.floor(most ** random()));
  for (let n = 0; n < count; n++) {
    const words = Array.from({ length: 2 + Math.floor(random() * 6) }, () =>
      random() < 0.35 ? (COMMON[Math.floor(COMMON.length * random() ** 2)] ?? '') : drawn(50_000),
    );
    yield { title: words.join(' '), author: `${drawn(3_000)} ${drawn(30_000)}`, ratingsCount: Math.floor(10 ** (random() * 6)) };
  }
}

async function fill(store: Store, made: readonly MadeBook[]): Promise<void> {
  const nowMs = Date.now();
  const left = made.entries();
  const write = async (): Promise<void> => {
    for (const [n, one] of left) {
      const bookId = String(FIRST + n) as BookId;
      const fields = { ...one, authors: [], series: [], isbn10: null, isbn13: String(9_780_000_000_000 + n) };
      const body = Buffer.from(JSON.stringify({ ...fields, id: bookId, description: 'x'.repeat(2_000) }));
      const copy = { bookId, body, etag: bookId.padStart(16, 'e'), fetchedAtMs: nowMs, freshUntilMs: nowMs + 1e9, richness: 20 };
      await store.books.put({ ...copy, entry: searchEntry(fields) }, [], nowMs + 1e10);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, write));
}

/** What people type: whole titles, their beginnings, names, and the words that half of all books have. */
function queriesOf(made: readonly MadeBook[], count: number): string[] {
  const random = createRandom();
  return Array.from({ length: count }, (_, n) => {
    const { title, author } = made[Math.floor(random() * made.length)] ?? { title: '', author: '' };
    const kinds = [title, title.slice(0, Math.ceil(title.length / 2)), author, author.slice(0, 4), `the ${author.split(' ')[0]}`];
    const crowded = ['the', 'a', 'th', 'b', 'the of', 'of the a', 'ba', 'in the b'];
    return n % 3 === 0 ? (crowded[Math.floor(random() * crowded.length)] ?? '') : (kinds[Math.floor(random() * kinds.length)] ?? '');
  });
}

/** The times of requests over some connections, in milliseconds. */
async function timesOf(urls: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  const left = urls.values();
  const ask = async (): Promise<void> => {
    for (const url of left) {
      const startedMs = performance.now();
      const { statusCode, body } = await request(url);
      await body.dump();
      if (statusCode !== 200) throw new Error(`${url} was answered with ${statusCode}`);
      times.push(performance.now() - startedMs);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, ask));
  return times;
}

/** Bytes that the entries of all books take. The embedded store has the tables of PostgreSQL. */
async function entryBytes(kind: StoreKind, url: string): Promise<number> {
  if (kind === 'redis') {
    const redis = new Redis(url);
    const sizes = await Promise.all(['search', 'search-entries'].map((name) => keyBytes(redis, `{${PREFIX}}:${name}`)));
    await redis.quit();
    return sizes.reduce((sum, size) => sum + size, 0);
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ bytes: string }>(`SELECT pg_total_relation_size('${PREFIX}.search') AS bytes`);
  await client.end();
  return Number(rows[0]?.bytes);
}

async function benchStore(rig: Rig, kind: StoreKind, made: readonly MadeBook[]): Promise<BenchRow[]> {
  const place = await openPlace(rig, kind);
  try {
    await place.withStore((store) => fill(store, made));
    await place.settle();
    const bytes = place.url === null ? null : await entryBytes(kind, place.url);
    const count = rig.quick ? 100 : 500;
    const { times, lists } = await place.withApi(async (address) => {
      const search = (some: readonly string[]) => timesOf(some.map((query) => `${address}/books/search?q=${encodeURIComponent(query)}`));
      const queries = queriesOf(made, ROUNDS * count);
      await search(queriesOf(made, 300));
      const measured = { times: [] as number[], lists: [] as number[] };
      for (let round = 0; round < ROUNDS; round++) {
        measured.lists.push(...(await timesOf(Array.from({ length: count }, () => `${address}/books?limit=10`))));
        measured.times.push(...(await search(queries.slice(round * count, (round + 1) * count))));
      }
      return measured;
    });
    const what = `GET /books/search among ${made.length} books, ${CONNECTIONS} connections`;
    const row = (name: string, ours: number, limit: number, unit: string, target: string): BenchRow => ({
      name,
      store: kind,
      ours,
      limit,
      ratio: ours / limit,
      unit,
      target,
    });
    return [
      row(`${what}, p50 (limit: GET /books?limit=10)`, median(times), median(lists), 'ms', ''),
      row(`${what}, p99 (limit: GET /books?limit=10)`, quantile(times, 0.99), quantile(lists, 0.99), 'ms', ''),
      row(`${what}, p99 (limit: wanted on Redis)`, quantile(times, 0.99), WANTED_MS, 'ms', kind === 'redis' ? '≤ 1' : ''),
      ...(bytes === null ? [] : [row('search entries of a book (limit: none set)', bytes / made.length, Number.NaN, 'bytes', '')]),
    ];
  } finally {
    await place.stop();
  }
}

export async function benchSearch(rig: Rig): Promise<BenchRow[]> {
  const made = [...makeBooks(rig.quick ? BOOKS / 10 : BOOKS)];
  const rows: BenchRow[] = [];
  for (const kind of ['redis', 'postgres', 'embedded'] as const) rows.push(...(await benchStore(rig, kind, made)));
  return rows;
}
