/**
 * Search: which books an entry lets be found.
 *
 * - An entry belongs to a copy. It comes with the copy that is stored, in one step; a copy without one leaves the book without.
 * - A copy that is refused (older, poorer) changes no entry.
 * - The entry goes with the copy: when the book is deleted, merged into another, or found missing.
 * - An entry matches when it has every word, and a word that begins with the prefix.
 * - An entry can be added later, to the very copy it was made of, while there is none.
 */
import type { BookId } from '../../src/domain/identity.ts';
import type { SearchStore } from '../../src/storage/store.ts';
import { jobOfBook, type World } from './records.ts';

const lacks = ({ known, entries }: World, bookId: BookId, etag?: string): boolean => {
  const copy = known.get(jobOfBook(bookId));
  return copy?.kind === 'book' && !entries.has(bookId) && (etag === undefined || copy.book.etag === etag);
};

export function createSearch(world: World): SearchStore {
  const wordsOf = (entry: string): string[] => entry.split('\n').slice(1).join(' ').split(' ').filter(Boolean);
  return {
    async matches({ words, prefix }) {
      return [...world.entries].flatMap(([bookId, entry]) => {
        const have = wordsOf(entry);
        const matches = words.every((word) => have.includes(word)) && have.some((word) => word.startsWith(prefix));
        return matches ? [{ bookId, entry }] : [];
      });
    },
    async unentered() {
      const books = [...world.known.values()].flatMap((known) => (known.kind === 'book' ? [known.book.bookId] : []));
      return { bookIds: books.filter((bookId) => lacks(world, bookId)), cursor: null };
    },
    async enter(entries) {
      for (const { bookId, etag, entry } of entries) if (lacks(world, bookId, etag)) world.entries.set(bookId, entry);
    },
  };
}
