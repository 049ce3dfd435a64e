/** Search on Redis: see `lua/functions/search.lua` for how entries are kept. */
import type { BookId } from '../../domain/identity.ts';
import type { SearchStore } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** Postings of one word that a search looks at most. Redis serves nobody else meanwhile. */
const MOST_POSTINGS = 400;
/** Matches of one word that are enough where more books have it: an answer has 50 at most. */
const ENOUGH_MATCHES = 100;
/** Before each entry stands the etag of its copy. */
const ETAG_CHARACTERS = 16;

export function createSearchStore(redis: RedisClient, prefix: string): SearchStore {
  return {
    async matches({ words, prefix: begin }) {
      const text = (await asked(redis.search(prefix, begin, MOST_POSTINGS, ENOUGH_MATCHES, ...words))) as string;
      const found = text === '' ? [] : text.split('\0');
      return Array.from({ length: found.length / 2 }, (_, at) => ({
        bookId: found[2 * at] as BookId,
        entry: (found[2 * at + 1] ?? '').slice(ETAG_CHARACTERS),
      }));
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
