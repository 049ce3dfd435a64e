import { describe, expect, it } from 'vitest';
import { withoutSeries } from '../../../src/parser/findings.ts';
import { fixture } from '../../support/corpus.ts';
import { bookOf, expectValid, read } from './reading.ts';

const ID = '7100001';
const page = fixture('next', ID).toString();
const whole = bookOf(read(page, ID));
const data = page.indexOf('<script id="__NEXT_DATA__"');

describe('when the data of the current layout fails', () => {
  it.each([
    ['is cut off before it', page.slice(0, data)],
    ['is not there', page.replace(/<script id="__NEXT_DATA__".*?<\/script>/, '')],
    ['is broken', page.replace('"legacyId":7100001', '"legacyId":7100001,,').replace('"Work:', '"Work":')],
    ['is cut off inside', page.slice(0, data + 600)],
  ])('the page still gives the book: it %s', (_, body) => {
    const reading = read(body, ID);
    expectValid(reading);
    const book = bookOf(reading);
    expect(book).toMatchObject({
      id: ID,
      title: whole.title,
      author: whole.author,
      // JSON-LD names everybody, the rendered page adds the roles.
      authors: whole.authors.map(({ name, role }) => ({ name, role })),
      rating: whole.rating,
      ratingsCount: whole.ratingsCount,
      reviewsCount: whole.reviewsCount,
      description: whole.description,
      isbn13: whole.isbn13,
      format: whole.format,
      pages: whole.pages,
      language: whole.language,
      coverUrl: whole.coverUrl,
      originalPublishedYear: whole.originalPublishedYear,
      publisher: null,
      publishedDate: null,
      workId: null,
      // Only seven of nine are shown: half a list is none.
      genres: [],
    });
    expect(book.sources).toMatchObject({
      title: 'test-id',
      authors: 'json-ld',
      author: 'json-ld',
      rating: 'json-ld',
      description: 'test-id',
      isbn13: 'json-ld',
    });
    expect(book.sources).not.toHaveProperty('publisher');
  });

  it('title and author come from JSON-LD where nothing is rendered', () => {
    const body = page
      .slice(0, data)
      .replace(/<h1 .*?<\/h1>/, '')
      .replace(/<div class="ContributorLinksList">.*?<\/div>/, '');
    const book = bookOf(read(body, ID));
    expect(book).toMatchObject({ title: whole.title, author: whole.author });
    expect(book.sources).toMatchObject({ title: 'json-ld', author: 'json-ld' });
  });

  it('the rendered page is enough when JSON-LD is absent too', () => {
    const book = bookOf(read(page.slice(0, data).replace(/<script type="application\/ld\+json">.*?<\/script>/, ''), ID));
    expect(book).toMatchObject({
      title: whole.title,
      authors: whole.authors,
      rating: 4.12,
      series: whole.series.slice(0, 1),
      isbn13: null,
    });
    expect(book.sources).toMatchObject({ title: 'test-id', authors: 'test-id', rating: 'test-id', coverUrl: 'open-graph' });
  });

  it('never takes a text that was cut in the middle', () => {
    for (let end = page.indexOf('Gannet Rock</i>'); end < data; end += 41) {
      const reading = read(page.slice(0, end), ID);
      expectValid(reading);
      expect([null, whole.description]).toContain(reading.kind === 'book' ? reading.book.description : null);
    }
  });

  it("believes a link to the book only when it is the page's own", () => {
    const silent = page
      .slice(0, data)
      .replace(/review\/edit\/\d+/, '')
      .replace(/<a href="\/book\/show\/[^>]*>/, '');
    expect(read(silent, ID)).toMatchObject({ kind: 'unrecognised' });
    expect(read(silent.replaceAll('7199991-fyrboken', `${ID}-x`), ID)).toMatchObject({ kind: 'book', book: { id: ID } });
    // The canonical link confirms a number; it never is one.
    expect(read(page.slice(0, data), '7199991').kind).toBe('other-page');
  });
});

describe('when one key of the data disappears', () => {
  it('the other layers fill in, and the sources say so', () => {
    const renamed = page
      .replace('"description":"The keeper', '"blurb":"The keeper')
      .replace('"description({\\"stripped\\":true})":', '"blurb2":')
      .replace('"numPages":', '"pageTotal":');
    const book = bookOf(read(renamed, ID));
    expect(book).toMatchObject({ description: whole.description, pages: whole.pages, publisher: whole.publisher });
    expect(book.sources).toMatchObject({ title: 'next-data', description: 'test-id', pages: 'json-ld', publisher: 'next-data' });
  });

  it('an empty value is not filled from another layer', () => {
    const book = bookOf(read(page.replace(/"isbn13":"\d+"/, '"isbn13":""'), ID));
    expect(book.isbn13).toBeNull();
  });
});

describe('the data of a page', () => {
  it('may be written with spaces', () => {
    const [head = '', json = '', rest = ''] = page.split(
      /(?<=<script id="__NEXT_DATA__" type="application\/json">)|(?=<\/script><script nomodule)/,
    );
    const spaced = `${head}${JSON.stringify(JSON.parse(json), null, 2)}${rest}`;
    expect(bookOf(read(spaced, ID))).toEqual(whole);
  });

  it('may have its attributes in another order, and other books beside it', () => {
    expect(
      bookOf(
        read(
          page.replace('<script id="__NEXT_DATA__" type="application/json">', '<script type="application/json" id="__NEXT_DATA__">'),
          ID,
        ),
      ),
    ).toEqual(whole);
    expect(page.match(/"Book:kca/g)?.length).toBeGreaterThan(3);
  });
});

describe('titles with brackets', () => {
  it.each([
    ['Silence (Hush, Hush, #3)', 'Silence'],
    ['The Royal Rose (a Novel)', 'The Royal Rose (a Novel)'],
    ['(#1)', '(#1)'],
    ['Plain', 'Plain'],
  ])('%s', (name, title) => {
    expect(withoutSeries(name)).toBe(title);
  });
});
