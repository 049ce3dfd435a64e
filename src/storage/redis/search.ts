/** Search on Redis: see `lua/functions/search.lua` for how entries are kept. */
import type { BookId } from '../../domain/identity.ts';
import type { SearchStore } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** Postings of one word that a search looks at most. Redis serves nobody else meanwhile. */
const MOST_POSTINGS = 400;

export function createSearchStore(redis: RedisClient, prefix: string): SearchStore {
  return {
    async matches({ words, prefix: begin }) {
      const found = (await asked(redis.search(prefix, begin, MOST_POSTINGS, ...words))) as string[];
      return Array.from({ length: found.length / 2 }, (_, at) => ({ bookId: found[2 * at] as BookId, entry: found[2 * at + 1] ?? '' }));
    },
    async unentered(cursor, limit) {
      const [phase, place, ...bookIds] = (await asked(
        redis.unentered(prefix, cursor?.slice(0, 1) ?? 'b', cursor?.slice(1) ?? '0', limit),
      )) as string[];
      return { bookIds: bookIds as BookId[], cursor: phase ? phase + (place ?? '') : null };
    },
    async enter(entries) {
      await asked(Promise.all(entries.map(({ bookId, etag, entry }) => redis.enter(prefix, bookId, etag, entry))));
    },
  };
}
