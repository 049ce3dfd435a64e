/** What earlier versions left on Redis: a merge wrote the alias of the merged book alone, so that an ISBN led to an alias. */
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import type { BookId, JobId } from '../../src/domain/identity.ts';
import type { Store } from '../../src/storage/store.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { ownPrefix } from '../support/service.ts';
import { eachStore, redisStore } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';
import { itemsOf, jobOf, KEEP_UNTIL_MS, newBookId, newIsbnJob, NOW_MS, sampleBook, settlement, submit } from './samples.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Broken {
  store: Store;
  redis: Redis;
  key: (name: string) => string;
  isbn: JobId;
  /** The merged books in order; the last holds the copy. */
  ids: BookId[];
}

/** A store as the version before left it after so many merges. */
async function broken(merges: number): Promise<Broken> {
  const prefix = ownPrefix();
  const { store, cleanup } = await redisStore.make({ prefix });
  undo.push(cleanup);
  const redis = new Redis(sharedRedisUrl());
  undo.push(() => redis.quit());
  const key = (name: string): string => `{${prefix}}:${name}`;
  const isbn = newIsbnJob();
  const ids = Array.from({ length: merges + 1 }, newBookId);
  await store.books.put(sampleBook(ids.at(-1) as BookId), [], KEEP_UNTIL_MS);
  const names = [isbn, ...ids.slice(0, -1).map(jobOf)];
  for (const [at, name] of names.entries()) await redis.set(key(name), `A${ids[at]}`, 'PXAT', KEEP_UNTIL_MS - 1_000);
  return { store, redis, key, isbn, ids };
}

const idOf = async (store: Store, name: JobId): Promise<BookId | null> => {
  const found = await store.books.find(name, NOW_MS);
  return found?.kind === 'book' ? found.book.bookId : null;
};

describe('an ISBN that leads to the alias of a merged book', () => {
  it.each([1, 3])('leads to the book that is left after merge %i, and is repaired by a read', async (merges) => {
    const { store, redis, key, isbn, ids } = await broken(merges);
    const left = ids.at(-1) as BookId;
    expect(await idOf(store, isbn)).toBe(left);
    await waitUntil('the repair', async () => (await redis.get(key(isbn))) === `A${left}`);
    expect(await redis.pexpiretime(key(isbn))).toBe(KEEP_UNTIL_MS);
    for (const id of ids) expect(await idOf(store, jobOf(id))).toBe(left);
  });

  it('makes no new job when it is submitted', async () => {
    const { store, isbn, ids } = await broken(2);
    expect(await submit(store, null, itemsOf([isbn]))).toMatchObject([{ status: 'cached', bookId: ids.at(-1) }]);
  });

  it('is repaired when its job is settled', async () => {
    const { store, redis, key, isbn, ids } = await broken(2);
    const left = ids.at(-1) as BookId;
    await submit(store, null, itemsOf([isbn]), { maxAgeMs: 0 });
    await store.jobs.settle(settlement(isbn, { book: sampleBook(left) }));
    expect(await redis.get(key(isbn))).toBe(`A${left}`);
    expect(await redis.smembers(key(`aliases:${left}`))).toStrictEqual([isbn]);
  });

  it('leads nowhere when the aliases go round, and the read ends', async () => {
    const { store, redis, key, isbn, ids } = await broken(2);
    await redis.set(key(jobOf(ids[2] as BookId)), `A${ids[0]}`);
    expect(await idOf(store, isbn)).toBeNull();
    expect(await submit(store, null, itemsOf([isbn]))).toStrictEqual([{ status: 'queued' }]);
  });

  it.each(eachStore)('leads to the book when it is moved to the $name store', async ({ make }) => {
    const { store, isbn, ids } = await broken(2);
    const target = await make();
    undo.push(target.cleanup);
    const names = [isbn, ...ids.map(jobOf)];
    const records = await store.transfer.kinds.books.read(names, NOW_MS);
    await target.store.transfer.kinds.books.write([...records.values()]);
    for (const name of names) expect(await idOf(target.store, name)).toBe(ids.at(-1));
  });
});

it('an alias that was moved is re-pointed by the next merge', async () => {
  const { store, cleanup } = await redisStore.make();
  undo.push(cleanup);
  const [old, left] = [newBookId(), newBookId()];
  const isbn = newIsbnJob();
  const keepUntilMs = KEEP_UNTIL_MS;
  await store.transfer.kinds.books.write([
    { kind: 'book', name: jobOf(old), keepUntilMs, book: sampleBook(old) },
    { kind: 'alias', name: isbn, keepUntilMs, bookId: old },
  ]);
  await store.books.put(sampleBook(left), [jobOf(old)], keepUntilMs);
  await store.books.put(sampleBook(old), [], keepUntilMs);
  expect(await idOf(store, isbn)).toBe(left);
});
