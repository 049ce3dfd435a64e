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
  if (pages.size === 0) for (const id of ['101', '102', '103']) pages.set(id, madeUp(id));

  const ids = [...pages.keys()];
  // A template is cut up once, so that a load test does not measure the search for numbers in half a megabyte.
  const templates = new Map<string, Buffer[]>();
  const pieces = (id: string): Buffer[] => {
    let found = templates.get(id);
    if (found === undefined) {
      found = (pages.get(id) ?? Buffer.alloc(0)).toString('latin1').split(id).map((piece) => Buffer.from(piece, 'latin1'));
      templates.set(id, found);
    }
    return found;
  };
  return {
    ids,
    page(id) {
      const saved = pages.get(id);
      const number = Number(id);
      const template = ids[number % ids.length];
      if (saved !== undefined || number < FIRST_MADE_UP || template === undefined) return saved;
      const own = Buffer.from(id);
      return Buffer.concat(pieces(template).flatMap((piece, index) => (index === 0 ? [piece] : [own, piece])));
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
  const book = { __typename: 'Book', id: 'b', legacyId: Number(id), title: `Made-up book ${id}`, webUrl: `https://www.goodreads.com/book/show/${id}`, description: 'A book that nobody wrote.', primaryContributorEdge: { role: 'Author', node: { __ref: 'Contributor:c' } }, secondaryContributorEdges: [], work: { __ref: 'Work:w' }, bookSeries: [], bookGenres: [], details: null };
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
