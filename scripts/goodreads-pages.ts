/** The pages that the stand-in for Goodreads serves: a folder of saved pages, or a few made up here. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SavedPages {
  /** Numbers of the books that have a page. */
  readonly ids: readonly string[];
  /**
   * The page of a book. Numbers from 1,000,000,000 on get one of the saved pages with their own number written in, and with `reviews`
   * (ten digits) this count of text reviews: so a page can tell which of many servings it is.
   */
  page(id: string, reviews?: number): Buffer | undefined;
  /** The number of the book with this ISBN. */
  byIsbn(isbn: string): string | undefined;
  /** What `/book/auto_complete` finds: the book with this ISBN or ASIN, or the books with these words in their title. */
  find(question: string): { bookId: string; title: string }[];
}

/** A page without its numbers, and where they go. */
interface Template {
  bytes: Buffer;
  places: number[];
  counts: number[];
}

interface Expected {
  bookId?: string | number | null;
  isbn?: string | null;
  isbn10?: string | null;
  isbn13?: string | null;
  asin?: string | null;
  title?: string | null;
}

const FIXTURES = fileURLToPath(new URL('../test/fixtures/pages', import.meta.url));
const FIRST_MADE_UP = 1_000_000_000;
/** Where the count of text reviews stands: in the data of the current layout, and in the markup of the old one. */
const REVIEWS = /("textReviewsCount":|itemprop="reviewCount" content=")\d+/g;

/** Reads the pages of `dir` (`next/<id>….html`, `legacy/<id>….html`, and `expected.json` in it or above it, for the ISBNs). Default: the project's own fixtures. */
export function loadPages(dir: string = FIXTURES): SavedPages {
  const pages = new Map<string, Buffer>();
  const isbns = new Map<string, string>();
  const asins = new Map<string, string>();
  const titles = new Map<string, string>();
  for (const [file, entry] of Object.entries(readExpected(dir))) {
    if (!entry.bookId || !existsSync(join(dir, file))) continue;
    const id = String(entry.bookId);
    if (!pages.has(id)) pages.set(id, readFileSync(join(dir, file)));
    titles.set(id, entry.title ?? id);
    if (entry.asin) asins.set(entry.asin, id);
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
  const templates = new Map<string, Template>();
  const templateOf = (id: string, digits: number, counted: boolean): Template => {
    const key = `${id}/${digits}/${counted}`;
    let found = templates.get(key);
    if (found === undefined) {
      const blank = '0'.repeat(digits);
      const saved = (pages.get(id) ?? Buffer.alloc(0)).toString('latin1');
      const pieces = (counted ? saved.replaceAll(REVIEWS, `$1${FIRST_MADE_UP}`) : saved).split(id);
      const places: number[] = [];
      let at = 0;
      for (const piece of pieces.slice(0, -1)) {
        at += piece.length;
        places.push(at);
        at += digits;
      }
      const text = pieces.join(blank);
      const counts = counted ? Array.from(text.matchAll(REVIEWS), ({ index, 1: before = '' }) => index + before.length) : [];
      found = { bytes: Buffer.from(text, 'latin1'), places, counts };
      templates.set(key, found);
    }
    return found;
  };
  return {
    ids,
    page(id, reviews) {
      const saved = pages.get(id);
      const number = Number(id);
      const name = templateIds[number % templateIds.length];
      if (saved !== undefined || number < FIRST_MADE_UP || name === undefined) return saved;
      const { bytes, places, counts } = templateOf(name, id.length, reviews !== undefined);
      const page = Buffer.from(bytes);
      for (const place of places) page.write(id, place, 'latin1');
      for (const place of counts) page.write(String(reviews), place, 'latin1');
      return page;
    },
    byIsbn: (isbn) => isbns.get(isbn),
    find(question) {
      const code = question.replaceAll(/[\s-]/g, '').toUpperCase();
      const coded = isbns.get(code) ?? asins.get(code);
      const named = [...titles].filter(([, title]) => title.toLowerCase().includes(question.trim().toLowerCase()));
      const found = coded === undefined ? named : [[coded, titles.get(coded) ?? coded] as const];
      return found.map(([bookId, title]) => ({ bookId, title }));
    },
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
