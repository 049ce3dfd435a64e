import { describe, expect, it } from 'vitest';
import { fixture, FIXTURES, truePages } from '../../support/corpus.ts';
import { bookOf, expectValid, read } from './reading.ts';

describe('every page of our own', () => {
  it.each(truePages(FIXTURES).map((page) => [page.file, page] as const))('%s', (_, { body, expected }) => {
    const reading = read(body, expected.bookId);
    expectValid(reading);
    expect(bookOf(reading)).toMatchObject({ id: expected.bookId, title: expected.title, layout: expected.layout });
  });
});

describe('the current layout', () => {
  const book = bookOf(read(fixture('next', '7100001'), '7100001'));

  it('reads everything from the data', () => {
    expect(book).toMatchObject({
      title: 'The Lighthouse Ledger: "Nights & Days"',
      author: 'Maren Oddvik',
      rating: 4.12,
      description:
        'The keeper of Gannet Rock writes down every ship & every storm.\n\nOne night she writes down a ship that is not there.\nThen it lands.',
      url: 'https://www.goodreads.com/book/show/7100001-the-lighthouse-ledger',
      workId: '8300001',
      originalTitle: 'Fyrboken',
      authors: [
        { id: '8100001', name: 'Maren Oddvik', role: null, url: 'https://www.goodreads.com/author/show/8100001.Maren_Oddvik' },
        { id: '8100002', name: 'Tomás Ferreira', role: 'Translator' },
        { id: '8100003', name: 'Ilse Brandt', role: 'Illustrator' },
      ],
      series: [
        { id: '8200001', title: 'Gannet Rock', position: '0.5' },
        { id: '8200002', title: 'Northern Omnibus', position: '1-3' },
      ],
      ratingsCount: 12847,
      reviewsCount: 1033,
      ratingsDistribution: [120, 380, 2100, 5400, 4847],
      publishedDate: '2016-03-08',
      originalPublishedYear: 2004,
      awards: ['Skerry Prize Nominee for Best Novel (2005)', 'Gull Medal (2006)'],
      layout: 'next',
    });
    expect(new Set(Object.values(book.sources))).toEqual(new Set(['next-data']));
  });

  it('says nothing rather than something wrong', () => {
    const bare = bookOf(read(fixture('next', '7100002'), '7100002'));
    expect(bare).toMatchObject({
      rating: null,
      ratingsCount: 0,
      description: null,
      series: [],
      pages: null,
      publisher: null,
      publishedDate: null,
      language: null,
      isbn10: null,
      isbn13: null,
      coverUrl: null,
      originalTitle: null,
    });
    const tablet = bookOf(read(fixture('next', '7100003'), '7100003'));
    expect(tablet).toMatchObject({
      isbn10: null,
      isbn13: null,
      coverUrl: null,
      originalPublishedYear: -1801,
      publishedDate: '1961-11-30',
      series: [{ position: null }],
    });
    expect(bookOf(read(fixture('next', '7100004'), '7100004'))).toMatchObject({
      format: null,
      pages: null,
      description: '一つ目の段落。\n\n二つ目の段落。',
    });
  });
});

describe('the old layout', () => {
  const book = bookOf(read(fixture('legacy', '7200001'), '7200001'));

  it('reads everything from the markup', () => {
    expect(book).toMatchObject({
      title: 'The Salt Almanac',
      description:
        "Salt & sea, told by the Kinsellas' youngest.\n\nPart one is a flood.\nPart two is a drought.\n\nIt ends with rain.\n\nAnd then it goes on.",
      workId: '8300101',
      originalTitle: 'Almanak Soli',
      authors: [
        { id: '8100101', name: 'Orla Kinsella', role: null, url: 'https://www.goodreads.com/author/show/8100101.x' },
        { name: 'Bruno Sá', role: 'Co-writer' },
        { name: 'Edda Holm', role: 'Artist' },
      ],
      series: [
        { id: '8200010', title: 'Tidelands', position: '2' },
        { id: '8200011', title: 'River & Marsh', position: '1-3' },
      ],
      ratingsDistribution: [1243, 1395, 4533, 15859, 27399],
      pages: 1128,
      publisher: 'Stand by Me Press',
      publishedDate: '2011-03-03',
      originalPublishedYear: 1987,
      genres: ['Fiction', 'Graphic Novels', 'History'],
      awards: ['Skerry Prize Nominee for Best Novel (2012)', 'Gull & Tern Medal (2013)'],
      layout: 'legacy',
    });
    expect(new Set(Object.values(book.sources))).toEqual(new Set(['legacy']));
  });

  it('says nothing rather than something wrong', () => {
    expect(bookOf(read(fixture('legacy', '7200003'), '7200003'))).toMatchObject({
      description: null,
      pages: null,
      publisher: null,
      publishedDate: '2013',
      language: null,
      isbn13: null,
      asin: 'B0MADEUP13',
      genres: [],
      coverUrl: null,
      series: [{ title: 'Гавань', position: null }],
    });
    expect(bookOf(read(fixture('legacy', '7200004'), '7200004'))).toMatchObject({
      rating: null,
      ratingsCount: 0,
      pages: null,
      publishedDate: null,
      originalPublishedYear: -600,
      isbn10: '0123456780',
      isbn13: null,
    });
  });

  it('takes the cut text when it is the only one, and ids in double, single or no quotes', () => {
    expect(bookOf(read(fixture('legacy', '7200002'), '7200002')).description).toBe('A short text with a <tag> in it.');
    const requoted = fixture('legacy', '7200001')
      .toString()
      .replace('id="bookTitle"', "id='bookTitle'")
      .replace('id="description"', 'id=description')
      .replace('id="coverImage"', "id='coverImage'");
    expect(bookOf(read(requoted, '7200001'))).toEqual(book);
  });
});
