import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntry, searchEntry, type Searchable } from '../../../src/domain/search/entry.ts';
import { MOST_CHARACTERS, parseQuery, rank, type SearchQuery } from '../../../src/domain/search/query.ts';
import { joinedWordsOf, wordsOf } from '../../../src/domain/search/words.ts';

const BOOK: Searchable = { title: 'A', author: 'B', authors: [], series: [], ratingsCount: null, isbn10: null, isbn13: null };
const queryOf = (text: string): SearchQuery => {
  const query = parseQuery(text);
  if (typeof query === 'string') throw new Error(query);
  return query;
};

describe('the words of a text', () => {
  it.each([
    ['The Hunger Games', ['the', 'hunger', 'games']],
    ['ÜBERGRÖẞE Straße', ['ubergrosse', 'strasse']],
    ['Ærø, Łódź & İstanbul — ﬁn', ['aero', 'lodz', 'istanbul', 'fin']],
    ["Don't l'été Hawaiʻi", ['don', 't', 'l', 'ete', 'hawai', 'i']],
    ['Ὀδύσσεια ΟΔΟΣ', ['οδυσσεια', 'οδοσ']],
    ['三体II', ['三', '体', 'ii']],
    ['ノーガード が', ['ノ', 'ー', 'ガ', 'ー', 'ド', 'が']],
    ['ที่นี่', ['ที่', 'นี่']],
    ['한국 소설', ['한국', '소설']],
    ['סֵפֶר־הַזֹּהַר', ['ספר', 'הזהר']],
    ['مَكتبة  مكتبه', ['مكتبه', 'مكتبه']],
    ['हिन्दी की', ['हिन्दी', 'की']],
    ['!!! — \u0000 \ud83d 📚', []],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toStrictEqual(words);
  });

  it('are letters and digits alone, and the same when read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const words = wordsOf(text);
        expect(words.every((word) => /^[\p{L}\p{N}\p{M}]+$/u.test(word))).toBe(true);
        expect(wordsOf(words.join(' ')).every((word, at) => word === words[at])).toBe(true);
      }),
    );
  });

  it('are cut where they are longer than any word', () => {
    expect(wordsOf('x'.repeat(500))).toStrictEqual(['x'.repeat(64)]);
  });

  it('are joined as people join them', () => {
    expect(joinedWordsOf("Don't")).toStrictEqual(['dont']);
    expect(joinedWordsOf('J.K. Rowling')).toStrictEqual(['jk']);
    expect(joinedWordsOf('J. R. R. Tolkien')).toStrictEqual(['jrr']);
    expect(joinedWordsOf('Plain words, 三体')).toStrictEqual([]);
  });
});

describe('a query', () => {
  it('has its last word as a beginning, and the others as words', () => {
    expect(parseQuery('  Quiet, quiet RIV ')).toStrictEqual({ words: ['quiet'], prefix: 'riv', phrase: ['quiet', 'quiet', 'riv'] });
  });

  it('that is an ISBN is its 13 digits', () => {
    for (const text of ['9780306406157', '978-0-306-40615-7', '0-306-40615-2']) expect(queryOf(text).prefix).toBe('9780306406157');
  });

  it('is refused with a sentence where there is nothing to look for, or too much', () => {
    expect(parseQuery('!?')).toMatch(/no letter and no digit/);
    expect(parseQuery('x'.repeat(MOST_CHARACTERS + 1))).toMatch(/at most 200 characters/);
    expect(parseQuery('a '.repeat(33))).toMatch(/at most 32 words; it has 33/);
  });
});

describe('an entry', () => {
  it('has a line a field, and what people write together', () => {
    const entry = searchEntry({
      ...BOOK,
      title: "The Giver's Day",
      author: 'J.K. Rowling',
      authors: [{ id: null, name: 'J.K. Rowling', role: null, url: null }],
      series: [{ id: null, title: 'Days', position: '1.5' }],
      ratingsCount: 1_000,
      isbn10: '030640615X',
    });
    expect(entry.split('\n')).toStrictEqual([
      '601000',
      ' the giver s day ',
      ' 9780306406157 030640615x ',
      ' j k rowling ',
      ' days 1 5 ',
      ' givers jk ',
    ]);
    expect(readEntry(entry)).toMatchObject({ ratings: 1_000, title: ' the giver s day ' });
  });

  it('is bounded, however long the title is', () => {
    const title = Array.from({ length: 900 }, (_, n) => `word${n}`).join(' ');
    expect(searchEntry({ ...BOOK, title }).length).toBeLessThan(400);
  });

  it('keeps its rank within two digits', () => {
    for (const ratingsCount of [0, 1, 1e9, 2 ** 40]) expect(searchEntry({ ...BOOK, ratingsCount }).slice(0, 2)).toMatch(/^\d\d$/);
  });
});

describe('ranking', () => {
  it('does not depend on the order in which a store answers', () => {
    const matches = ['10', '9', '100'].map((bookId) => ({ bookId, entry: searchEntry({ ...BOOK, title: 'Same title' }) }));
    const query = queryOf('same');
    expect(rank(query, matches).map(({ bookId }) => bookId)).toStrictEqual(['9', '10', '100']);
    expect(rank(query, matches.toReversed())).toStrictEqual(rank(query, matches));
  });
});
