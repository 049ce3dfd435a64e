import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeListing } from '../../../../scripts/goodreads-listings.ts';
import type { ListingReading } from '../../../../src/parser/listing/listing.ts';
import { readAutocomplete } from '../../../../src/parser/listing/autocomplete.ts';
import type { CollectionFamily } from '../../../../src/domain/collection.ts';
import { expectValidListing, readBody } from './listing-answers.ts';

const MIB = 1024 * 1024;
/** Milliseconds of CPU that the hardest page may take. Work that grows with the square of a page takes minutes. */
const BOUND = 2_000;
/** Neighbours on a busy machine cost CPU time too, so the best of some runs counts. */
const MOST_RUNS = 5;
const FAMILIES: CollectionFamily[] = ['list', 'series', 'author', 'author-list', 'editions', 'shelf', 'genre'];

const fill = (piece: string, bytes = 8 * MIB): string => piece.repeat(Math.floor(bytes / piece.length));
const head = (path: string): string =>
  `<html class="desktop"><title>X (9 books)</title><link href='https://www.goodreads.com${path}' rel='canonical'><div id="all_votes">`;
const LIST = head('/list/show/1');

const CASES: Record<string, () => string | Buffer> = {
  'rows without end': () => `${LIST}${fill('<tr itemtype="http://schema.org/Book"><a href="/book/show/1">')}</html>`,
  'marks of rows without tags': () => LIST + fill('schema.org/Book '),
  'marks of rows in one tag': () => `${LIST}<tr ${fill('itemtype="schema.org/Book" ')}`,
  'a row of nested tags': () => `${LIST}<tr itemtype="http://schema.org/Book">${fill('<div>')}`,
  'rows of quotes': () => LIST + fill(`<tr itemtype="http://schema.org/Book"><a b='`),
  'current pages without end': () => `${LIST}${fill('<em class="current">1</em>')}</html>`,
  'next links without end': () => `${LIST}${fill('<a class="next_page" rel="next" href="/list/comments/1">')}</html>`,
  'editions without end': () => head('/work/editions/1') + fill('<div class="editionData">'),
  'elements without end': () => head('/shelf/show/x') + fill('<div class="elementList">Showing 1-'),
  'covers without end': () => head('/genres/x') + fill('<div class="coverWrapper"><script>'),
  'blocks without end': () => head('/series/1') + fill('"ReactComponents.SeriesList" data-react-props="'),
  'blocks of nothing': () =>
    `${head('/series/1')}${fill('<div data-react-class="ReactComponents.SeriesList" data-react-props="{}">')}</html>`,
  'a block that nests deep': () =>
    `${head('/series/1')}<div data-react-class="ReactComponents.SeriesList" data-react-props="${fill('[', 3 * MIB)}"></html>`,
  'reviews without end': () => head('/review/list/1') + fill('<tr class="bookalike">'),
  'a name without end': () => `${head('/author/show/1')}<h1 class="authorName">${fill('x')}`,
  'nothing but 0xff': () => Buffer.alloc(8 * MIB, 0xff),
  'nothing but NUL': () => Buffer.alloc(8 * MIB),
};

function cpuMs(call: () => unknown): number {
  const before = process.cpuUsage();
  call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe('hostile pages that claim to list books end soon in a clear result', () => {
  it.each(Object.entries(CASES))('%s', (_, make) => {
    const body = make();
    expectValidListing(readBody(body));
    let leastMs = Number.POSITIVE_INFINITY;
    for (let runs = 0; runs < MOST_RUNS && leastMs >= BOUND; runs++)
      leastMs = Math.min(
        leastMs,
        cpuMs(() => readBody(body)),
      );
    expect(leastMs).toBeLessThan(BOUND);
  });

  it('damaged pages of every family never throw, and bring at most two decoys and no more books than the page has', () => {
    const pages = FAMILIES.map((family) => Buffer.from(makeListing({ family, id: '12', page: 1, total: 44 }).html));
    const damage = fc.record({
      page: fc.constantFrom(...pages),
      at: fc.nat(),
      length: fc.nat(400),
      fill: fc.uint8Array({ maxLength: 40 }),
    });
    const most = (reading: ListingReading): number => (reading.kind === 'listing' ? reading.books.length : 0);
    fc.assert(
      fc.property(damage, ({ page, at, length, fill: bytes }) => {
        const start = at % page.length;
        const reading = readBody(Buffer.concat([page.subarray(0, start), bytes, page.subarray(start + length)]));
        // Each page has a decoy beside most rows. Damage to the tag that sets them apart lets in one, or the two of a sidebar.
        expectValidListing(reading, 2);
        // 44 books are on each page. Damage in the middle of a number makes at most one more of the book that stands twice.
        expect(most(reading)).toBeLessThanOrEqual(45);
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON in place of suggestions gives rows or a reason', () => {
    const answer = (body: string): Parameters<typeof readAutocomplete>[0] => ({
      status: 200,
      headers: {},
      body: Buffer.from(body),
      url: '',
    });
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
        const reading = readAutocomplete(answer(body));
        expect(
          reading.kind === 'suggestions' ? reading.rows.every(({ bookId }) => /^[1-9]\d*$/.test(bookId)) : reading.reason,
        ).toBeTruthy();
      }),
    );
    expect(readAutocomplete(answer(fill('[', MIB)))).toMatchObject({ kind: 'unrecognised' });
  });
});
