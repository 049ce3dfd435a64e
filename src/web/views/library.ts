/** The stored books: searched as one types, or all of them by number. */
import { ask } from '../api.ts';
import { plural } from '../format.ts';
import { html, useEffect, useRef, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, skeleton } from '../parts/basics.ts';
import { bookFigures, bookLines, cardOf } from '../parts/book-row.ts';
import { cover } from '../parts/cover.ts';
import { exportMenu } from '../parts/export-menu.ts';
import { stats as statsValue } from '../parts/shell.ts';
import { addressOf, replaceAddress } from '../routing.ts';
import { text } from '../text.ts';
import type { Book } from '../types.ts';
import { useValue } from '../values.ts';

const words = text.library;
const PAGE = 50;
const TYPE_MS = 200;

/** How the books on the page are put in order. */
const SORTS: Record<string, (a: Book, b: Book) => number> = {
  title: (a, b) => a.title.localeCompare(b.title),
  author: (a, b) => a.author.localeCompare(b.author),
  rating: (a, b) => (b.rating ?? -1) - (a.rating ?? -1),
  year: (a, b) => (b.originalPublishedYear ?? -9999) - (a.originalPublishedYear ?? -9999),
  fetched: (a, b) => b.fetchedAt.localeCompare(a.fetchedAt),
};

interface Filters {
  q: string;
  sort: string;
}

export function LibraryView({ query }: { query: URLSearchParams }): VNode {
  const filters: Filters = { q: query.get('q') ?? '', sort: query.get('sort') ?? '' };
  const { books, more, error, loadMore, reload } = useBooks(filters.q);
  const stats = useValue(statsValue);
  const set = (changed: Partial<Filters>): void => replaceAddress(addressOf(['library'], { ...filters, ...changed }));
  const onInput = (name: keyof Filters) => (event: Event) => set({ [name]: (event.target as HTMLInputElement).value });
  const sort = SORTS[filters.sort];
  const shown = books === null || sort === undefined ? books : books.toSorted(sort);
  return html`<div class="head">
      <div>
        <h1>${words.title}</h1>
        <p class="facts"><span>${stats === null ? '' : words.stored(stats.books)}</span></p>
      </div>
      ${exportMenu('/books/export')}
    </div>
    <div class="searchbar" role="search">
      <input type="search" aria-label=${words.search} placeholder=${words.search} dir="auto" value=${filters.q} onInput=${onInput('q')} />
      <label class="inline"
        >${words.sort}
        <select onChange=${onInput('sort')}>
          ${Object.entries(words.sorts).map(([value, label]) => html`<option value=${value} selected=${value === filters.sort}>${label}</option>`)}
        </select>
      </label>
    </div>
    ${error !== null && errorBox(error, reload)}
    ${
      shown === null
        ? error === null && skeleton(8)
        : shown.length === 0
          ? emptyBox(filters.q === '' ? words.empty : words.noneFound)
          : html`<ol class="rows virtual-like" role="list" aria-label=${words.title}>
              ${shown.map((book) => html`<li key=${book.id}><div class="row">${cover(book)} ${bookLines(cardOf(book))} ${bookFigures(cardOf(book))}</div></li>`)}
            </ol>`
    }
    <p class="unseen" role="status">${shown === null ? '' : plural(shown.length, 'book')}</p>
    ${more && html`<p><button type="button" onClick=${loadMore}>${text.more}</button></p>`}`;
}

interface Books {
  books: Book[] | null;
  more: boolean;
  error: unknown;
  loadMore: () => void;
  reload: () => void;
}

/** The books that a search finds, or all by number, a page at a time. */
function useBooks(q: string): Books {
  const [books, setBooks] = useState<Book[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const stop = useRef(new AbortController());
  const load = async (after: string | null): Promise<void> => {
    const { signal } = stop.current;
    try {
      // A query without a letter and without a digit finds nothing, and the API says so as an error.
      if (q.trim() !== '' && !/[\p{L}\p{N}]/u.test(q)) return setBooks([]);
      if (q.trim() === '') {
        const page = await ask<{ books: Book[]; cursor: string | null }>(
          `/books?limit=${PAGE}${after === null ? '' : `&cursor=${after}`}`,
          { signal },
        );
        setBooks((before) => (after === null ? page.books : [...(before ?? []), ...page.books]));
        setCursor(page.cursor);
      } else {
        const { items } = await ask<{ items: Book[] }>(`/books/search?limit=50&q=${encodeURIComponent(q.slice(0, 200))}`, { signal });
        setBooks(items);
        setCursor(null);
      }
      setError(null);
    } catch (thrown) {
      if (!signal.aborted) setError(thrown);
    }
  };
  useEffect(() => {
    stop.current = new AbortController();
    const timer = setTimeout(() => void load(null), books === null ? 0 : TYPE_MS);
    return () => {
      clearTimeout(timer);
      stop.current.abort();
    };
  }, [q]);
  return { books, more: cursor !== null, error, loadMore: () => void load(cursor), reload: () => void load(null) };
}
