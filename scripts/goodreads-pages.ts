/** The pages that the stand-in for Goodreads serves: a folder of saved pages, or a few made up here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SavedPages {
  /** Numbers of the books that have a page. */
  readonly ids: readonly string[];
  /** The page of a book. Numbers from 1,000,000,000 on get one of the saved pages with their own number written in. */
  page(id: string): Buffer | undefined;
  /** The number of the book with this ISBN. */
  byIsbn(isbn: string): string | undefined;
}

interface Expected {
  bookId?: string | number | null;
  isbn?: string | null;
  isbn10?: string | null;
  isbn13?: string | null;
}

const FIXTURES = fileURLToPath(new URL('../test/fixtures/pages', import.meta.url));
const FIRST_MADE_UP = 1_000_000_000;

/** Reads the pages of `dir` (`next/<id>….html`, `legacy/<id>….html`, and `expected.json` in it or above it, for the ISBNs). Default: the project's own fixtures. */
export function loadPages(dir: string = FIXTURES): SavedPages {
  const pages = new Map<string, Buffer>();
  const isbns = new Map<string, string>();
  for (const [file, entry] of Object.entries(readExpected(dir))) {
    if (!entry.bookId || !existsSync(join(dir, file))) continue;
    const id = String(entry.bookId);
    if (!pages.has(id)) pages.set(id, readFileSync(join(dir, file)));
    for (const isbn of [entry.isbn, entry.isbn10, entry.isbn13]) if (isbn) isbns.set(isbn, id);
  }
  for (const layout of pages.size === 0 ? ['legacy', 'next'] : []) {
    if (!existsSync(join(dir, layout))) continue;
    for (const file of readdirSync(join(dir, layout))) {
      const id = /^(\d+).*\.html$/.exec(file)?.[1];
      if (id !== undefined) pages.set(id, readFileSync(join(dir, layout, file)));
    }
  }
  if (pages.size === 0) for (const id of ['70000101', '70000102', '70000103']) pages.set(id, madeUp(id));

  const ids = [...pages.keys()];
  // A short number stands for other things in a page as well, and must not be replaced there.
  const templateIds = ids.filter((id) => id.length >= 5);
  // Where a page's number stands is looked up once, so that a load test does not measure the search in half a megabyte.
  const templates = new Map<string, { bytes: Buffer; places: number[] }>();
  const templateOf = (id: string, digits: number): { bytes: Buffer; places: number[] } => {
    const key = `${id}/${digits}`;
    let found = templates.get(key);
    if (found === undefined) {
      const blank = '0'.repeat(digits);
      const pieces = (pages.get(id) ?? Buffer.alloc(0)).toString('latin1').split(id);
      const places: number[] = [];
      let at = 0;
      for (const piece of pieces.slice(0, -1)) {
        at += piece.length;
        places.push(at);
        at += digits;
      }
      found = { bytes: Buffer.from(pieces.join(blank), 'latin1'), places };
      templates.set(key, found);
    }
    return found;
  };
  return {
    ids,
    page(id) {
      const saved = pages.get(id);
      const number = Number(id);
      const name = templateIds[number % templateIds.length];
      if (saved !== undefined || number < FIRST_MADE_UP || name === undefined) return saved;
      const { bytes, places } = templateOf(name, id.length);
      const page = Buffer.from(bytes);
      for (const place of places) page.write(id, place, 'latin1');
      return page;
    },
    byIsbn: (isbn) => isbns.get(isbn),
  };
}

function readExpected(dir: string): Record<string, Expected> {
  for (const path of [join(dir, 'expected.json'), join(dir, '..', 'expected.json')]) {
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Expected>;
  }
  return {};
}

/** The least that still is a book page of the current layout. */
function madeUp(id: string): Buffer {
  const book = {
    __typename: 'Book',
    id: 'b',
    legacyId: Number(id),
    title: `Made-up book ${id}`,
    webUrl: `https://www.goodreads.com/book/show/${id}`,
    description: 'A book that nobody wrote.',
    primaryContributorEdge: { role: 'Author', node: { __ref: 'Contributor:c' } },
    secondaryContributorEdges: [],
    work: { __ref: 'Work:w' },
    bookSeries: [],
    bookGenres: [],
    details: null,
  };
  const apolloState = {
    ROOT_QUERY: { [`getBookByLegacyId({"legacyId":"${id}"})`]: { __ref: 'Book:b' } },
    'Book:b': book,
    'Contributor:c': { name: 'Nemo Nobody', legacyId: 1 },
    'Work:w': { legacyId: 1, stats: { averageRating: 4, ratingsCount: 2, textReviewsCount: 1, ratingsCountDist: [0, 0, 0, 2, 0] } },
  };
  const data = { props: { pageProps: { apolloState } }, page: '/book/show/[book_id]', query: { book_id: id } };
  return Buffer.from(
    `<!DOCTYPE html><html><head><title>Made-up book ${id}</title></head><body><h1 data-testid="bookTitle">Made-up book ${id}</h1><script id="__NEXT_DATA__" type="application/json">${JSON.stringify(data)}</script></body></html>`,
  );
}
