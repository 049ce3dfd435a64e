import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asinReference,
  bookReference,
  crawlPath,
  isbnReference,
  parseAsin,
  parseBookId,
  parseIsbn,
  referenceOfJob,
  type BookReference,
} from '../../../src/domain/identity.ts';
import { parseBookReference, parseCarefully, parseEntry } from '../../../src/domain/entry.ts';

function nameOf(reference: BookReference): string {
  switch (reference.kind) {
    case 'book':
      return reference.bookId;
    case 'isbn':
      return reference.isbn13;
    case 'asin':
      return reference.asin;
  }
}

function idOf(input: unknown): string {
  const result = parseBookReference(input);
  if (!result.ok) return `refused: ${result.reason}`;
  return nameOf(result.reference);
}

function reasonOf(input: unknown): string {
  const result = parseBookReference(input);
  return result.ok ? `accepted: ${result.reference.url}` : result.reason;
}

describe('links that name a book', () => {
  it.each([
    'https://www.goodreads.com/book/show/2767052',
    'https://www.goodreads.com/book/show/2767052-the-hunger-games',
    'https://www.goodreads.com/book/show/2767052.The_Hunger_Games',
    'https://www.goodreads.com/book/show/2767052._',
    'https://www.goodreads.com/book/show/2767052.2001',
    'https://www.goodreads.com/book/show/2767052-10-10',
    'https://www.goodreads.com/book/show/2767052-%D0%B3%D0%BE%D0%BB%D0%BE%D0%B4',
    'https://www.goodreads.com/book/show/2767052-%E0%A4%A',
    'https://www.goodreads.com/book/show/2767052%2Dthe-hunger-games',
    'https://www.goodreads.com/book/show/2767052-голодные-игры',
    'https://www.goodreads.com/book/show/2767052-بازی\u200cهای-گرسنگی',
    'https://www.goodreads.com/book/show/2767052-the-hunger-games?from_search=true&ac=1#reviews',
    'https://www.goodreads.com/book/show/2767052?from_choice=false&from_home_module=false',
    'https://www.goodreads.com/book/show/2767052#other_reviews',
    'https://www.goodreads.com/book/show/2767052?x=https://evil.example/@',
    'https://www.goodreads.com/book/show/2767052/',
    'https://www.goodreads.com/book/show/2767052-the-hunger-games/?ref=x',
    'https://www.goodreads.com/book/show/2767052.xml',
    'https://www.goodreads.com/book/show/0002767052',
    'http://www.goodreads.com/book/show/2767052',
    'https://goodreads.com/book/show/2767052',
    'https://m.goodreads.com/book/show/2767052',
    'HTTPS://WWW.GOODREADS.COM/book/show/2767052',
    'https://WWW.GoodReads.com:443/book/show/2767052',
    'http://www.goodreads.com:80/book/show/2767052',
    'http://www.goodreads.com:443/book/show/2767052',
    'https://www.goodreads.com:80/book/show/2767052',
    '  https://www.goodreads.com/book/show/2767052\r\n',
    'https://www.goodreads.com/en/book/show/2767052',
    'https://www.goodreads.com/es/book/show/2767052-los-juegos-del-hambre',
    'https://www.goodreads.com/zh-TW/book/show/2767052',
    'https://www.goodreads.com/en-US/book/show/2767052',
    'https://www.goodreads.com/ilo/book/show/2767052',
    'goodreads.com/book/show/2767052-the-hunger-games?x=y',
    'www.goodreads.com/en/book/show/2767052',
    'M.GoodReads.com/book/show/2767052',
    '<https://www.goodreads.com/book/show/2767052-the-hunger-games>',
    '<goodreads.com/book/show/2767052>',
    'https://www.goodreads.com/book/show.php?id=2767052',
    'https://www.goodreads.com/book/show?id=2767052&from=x',
    'https://www.goodreads.com/book/show/?id=2767052',
    'goodreads.com/en/book/show.php?id=2767052',
    '2767052',
    ' 2767052\n',
    '0002767052',
  ])('%s', (link) => {
    expect(idOf(link)).toBe('2767052');
  });

  it('takes twelve digits', () => {
    expect(idOf('https://www.goodreads.com/book/show/999999999999')).toBe('999999999999');
  });

  it('gives one canonical address and one job for all of them', () => {
    expect(parseBookReference('http://m.goodreads.com/en/book/show/2767052-x?y#z')).toEqual({
      ok: true,
      reference: { kind: 'book', bookId: '2767052', jobId: 'book-2767052', url: 'https://www.goodreads.com/book/show/2767052' },
    });
  });
});

describe('links by ISBN', () => {
  it.each([
    ['https://www.goodreads.com/book/isbn/9780439023481', '9780439023481'],
    ['https://www.goodreads.com/book/isbn/978-0-439-02348-1', '9780439023481'],
    ['https://www.goodreads.com/book/isbn/0439023483', '9780439023481'],
    ['https://www.goodreads.com/book/isbn?isbn=0439023483', '9780439023481'],
    ['https://www.goodreads.com/book/isbn/?isbn=0439023483&key=abc', '9780439023481'],
    ['https://goodreads.com/de/book/isbn/0439023483?key=abc', '9780439023481'],
    ['https://www.goodreads.com/book/isbn/155404295X', '9781554042951'],
    ['https://www.goodreads.com/book/isbn/155404295x', '9781554042951'],
    ['https://www.goodreads.com/book/isbn/9791032305690', '9791032305690'],
    ['9780439023481', '9780439023481'],
    ['978-0-439-02348-1', '9780439023481'],
    ['978 0 439 02348 1', '9780439023481'],
    ['0-439-02348-3', '9780439023481'],
    ['0439023483', '9780439023481'],
    ['155404295X', '9781554042951'],
    ['1-55404-295-x', '9781554042951'],
    ['9791032305690', '9791032305690'],
  ])('%s', (link, isbn13) => {
    expect(idOf(link)).toBe(isbn13);
  });

  it.each([
    ['https://www.goodreads.com/book/isbn/9780439023482', /not valid/],
    ['https://www.goodreads.com/book/isbn/043902348X', /not valid/],
    ['https://www.goodreads.com/book/isbn/2940012668929', /not valid/],
    ['https://www.goodreads.com/book/isbn/97804390234', /not valid/],
    ['https://www.goodreads.com/book/isbn/%E0%A4%A', /not valid/],
    ['https://www.goodreads.com/book/isbn', /No ISBN/],
    ['https://www.goodreads.com/book/isbn?isbn=0439023483&isbn=155404295X', /More than one/],
    ['https://www.goodreads.com/book/isbn/0439023483/more', /path/],
    ['9780439023482', /check digit/],
    ['978-0-439-02348-2', /check digit/],
    ['043902348X', /check digit/],
    ['2940012668929', /check digit/],
    ['12345678901234567890', /1 to 12 digits/],
    ['978--0-439-02348-1', /check digit/],
    ['ISBN 9780439023481', /spaces/],
    ['isbn:9780439023481', /web address/],
  ])('refuses %s', (link, reason) => {
    expect(reasonOf(link)).toMatch(reason);
  });
});

/** An address bar needs no scheme, and a mail program drops the angle brackets. */
const asBrowsersRead = (text: string): string => {
  const inner = text.replace(/^<(.*)>$/, '$1');
  return /^[a-z]+:\/\//i.test(inner) ? inner : `https://${inner}`;
};

describe('the short cut and the careful way', () => {
  const pieces = fc.tuple(
    fc.constantFrom('https://', 'http://', '<https://', 'HTTPS://', 'https:\\\\', 'ftp://', ''),
    fc.constantFrom('', 'www.', 'm.', 'WWW.', 'user@', 'evil', 'fr.'),
    fc.constantFrom(
      'goodreads.com',
      'Goodreads.Com',
      'goodreads.com:443',
      'goodreads.com:8080',
      'goodreads.com.evil.example',
      'goodreads.com@evil.example',
      'goodreads.com\\',
    ),
    fc.constantFrom('', '/', '/en', '/zh-TW', '/..', '/x/..', '//'),
    fc.constantFrom('/book/show/', '/book/show', '/Book/Show/', '/book/isbn/', '/author/show/', '/genres/', '/work/', '/book\\show/'),
    fc.oneof(fc.nat().map(String), fc.constantFrom('', '0', '007', '9780439023481', '1234567890123', '12ab', '1%20', '٣')),
    fc.constantFrom('', '-', '.', '-slug', '.Slug_x', '-%zz', '-%D0%B3', '-игры', '/', '/x', '/..', '-a b', '-a\tb', '-..', '%2d'),
    fc.constantFrom('', '?', '#', '?a=b', '?a=b#c', '#/book/show/5', '?x=\\', '?\u00e9', '?a b'),
  );
  const texts = fc.oneof(
    pieces.map((parts) => parts.join('')),
    fc.string(),
    fc.webUrl(),
  );

  it('agree on every link that the short cut takes', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const trimmed = text.trim();
        expect(parseEntry(text)).toEqual(parseCarefully(trimmed));
      }),
      { numRuns: 5000 },
    );
  });

  it('never accept a link that a browser opens on another host or book', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseBookReference(text);
        // A bare number is no link, so no browser opens it.
        if (!result.ok || /^[\dBXx -]+$/.test(text.trim())) return;
        const url = new URL(asBrowsersRead(text.trim()));
        expect(['goodreads.com', 'www.goodreads.com', 'm.goodreads.com']).toContain(url.hostname);
        expect(url.username + url.password).toBe('');
        const { reference } = result;
        const path = reference.kind === 'book' ? new RegExp(`/book/show/0*${reference.bookId}(?!\\d)`, 'i') : /\/book\/isbn/i;
        expect(url.pathname).toMatch(path);
      }),
      { numRuns: 5000 },
    );
  });

  it('costs less than reading the link as a URL does', () => {
    const links = Array.from(
      { length: 10_000 },
      (_, at) => `https://www.goodreads.com/book/show/${at + 1}-the-hunger-games?from_search=true&ac=${at}`,
    );
    const best = (read: (link: string) => unknown): number => {
      const rounds = Array.from({ length: 7 }, () => {
        const before = process.cpuUsage();
        for (const link of links) read(link);
        const { user, system } = process.cpuUsage(before);
        return user + system;
      });
      return Math.min(...rounds);
    };
    // It is a fraction of that; the bound catches a fall back to `new URL` for everything.
    expect(best(parseBookReference) / best((link) => new URL(link))).toBeLessThan(1);
  });
});

describe('ids, ISBNs and jobs', () => {
  it('parses book numbers', () => {
    expect([' 42 ', '007', '999999999999'].map(parseBookId)).toEqual(['42', '7', '999999999999']);
    expect(['', '0', '000', '-1', '1.5', '1e3', '1234567890123', '٣', '4 2'].map(parseBookId)).toEqual(Array(9).fill(null));
  });

  it('normalises ISBNs', () => {
    expect(['0-439-02348-3', '9780439023481', '978-0-439-02348-1', ' 155404295x '].map(parseIsbn)).toEqual([
      '9780439023481',
      '9780439023481',
      '9780439023481',
      '9781554042951',
    ]);
    expect(
      ['', '0439023484', '9780439023480', '043902348', 'X439023483', '9'.repeat(5000), ' '.repeat(52) + '9780439023481'].map(parseIsbn),
    ).toEqual(Array(7).fill(null));
  });

  it('finds every wrong digit and every swap of neighbours in an ISBN-10', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), fc.integer({ min: 1, max: 9 }), (at, by) => {
        const isbn = '0439023483';
        const wrong = isbn.slice(0, at) + String((Number(isbn[at]) + by) % 10) + isbn.slice(at + 1);
        expect(parseIsbn(wrong)).toBeNull();
      }),
    );
  });

  it('gets the reference back from the job id', () => {
    const references: BookReference[] = [
      bookReference(parseBookId('2767052')!),
      isbnReference(parseIsbn('0439023483')!),
      asinReference(parseAsin('B00ABCDEFG')!),
    ];
    for (const reference of references) expect(referenceOfJob(reference.jobId)).toEqual(reference);
    for (const id of [
      '',
      'book-',
      'book-0',
      'book-01',
      'book-1x',
      'isbn-0439023483',
      'isbn-9780439023480',
      'repeat:book-1',
      'book-1234567890123',
      'book-B00ABCDEFG',
      'asin-b00abcdefg',
      'asin-B00ABCDEF',
      'asin-0439023483',
    ])
      expect(referenceOfJob(id)).toBeNull();
  });

  it('crawls only paths built from ids', () => {
    expect(crawlPath(bookReference(parseBookId('5')!))).toBe('/book/show/5');
    expect(crawlPath(isbnReference(parseIsbn('0439023483')!))).toBe('/book/isbn/9780439023481');
    expect(crawlPath(asinReference(parseAsin('B00ABCDEFG')!))).toBe('/book/auto_complete?format=json&q=B00ABCDEFG');
  });

  it('takes as an ASIN what begins with B0 and has ten capital letters or digits', () => {
    expect(parseEntry(' B00ABCDEFG ')).toEqual({ ok: true, reference: asinReference(parseAsin('B00ABCDEFG')!) });
    for (const text of ['b00abcdefg', 'B00ABCDEF', 'B00ABCDEFGH', 'B10ABCDEFG', 'B00ABCDEF-', 'B00 ABCDEFG', 'asin:B00ABCDEFG'])
      expect(parseEntry(text)).toMatchObject({ ok: false });
  });
});
