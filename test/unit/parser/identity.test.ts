import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bookReference,
  crawlPath,
  isbnReference,
  parseBookId,
  parseBookReference,
  parseCarefully,
  parseIsbn,
  referenceOfJob,
  type BookReference,
} from '../../../src/domain/identity.ts';

function idOf(input: unknown): string {
  const result = parseBookReference(input);
  if (!result.ok) return `refused: ${result.reason}`;
  return result.reference.kind === 'book' ? result.reference.bookId : result.reference.isbn13;
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
  ])('refuses %s', (link, reason) => {
    expect(reasonOf(link)).toMatch(reason);
  });
});

describe('everything else is refused, with a reason', () => {
  it.each([
    [undefined, /not a string/],
    [null, /not a string/],
    [2767052, /not a string/],
    [{ toString: () => 'https://www.goodreads.com/book/show/1' }, /not a string/],
    [['https://www.goodreads.com/book/show/1'], /not a string/],
    ['', /empty/],
    ['   ', /empty/],
    ['nonsense', /absolute/],
    ['2767052', /absolute/],
    ['www.goodreads.com/book/show/1', /absolute/],
    ['//www.goodreads.com/book/show/1', /absolute/],
    ['https:www.goodreads.com/book/show/1', /absolute/],
    ['https:/www.goodreads.com/book/show/1', /absolute/],
    ['https:///www.goodreads.com/book/show/1', /host/],
    ['ftp://www.goodreads.com/book/show/1', /scheme/],
    ['javascript://www.goodreads.com/book/show/1', /scheme/],
    ['com.goodreads.https://book/show/1', /scheme/],
    ['https://goodreads.com.evil.example/book/show/1', /host/],
    ['https://evilgoodreads.com/book/show/1', /host/],
    ['https://evil.example/www.goodreads.com/book/show/1', /host/],
    ['https://evil.example/?u=https://www.goodreads.com/book/show/1', /host/],
    ['https://fr.goodreads.com/book/show/1', /host/],
    ['https://www.goodreads.com./book/show/1', /host/],
    ['https://ｇｏｏｄｒｅａｄｓ.com/book/show/1', /host/],
    ['https://goodreads%2ecom/book/show/1', /host/],
    ['https://[::1]/book/show/1', /host/],
    ['https://user@www.goodreads.com/book/show/1', /user information/],
    ['https://user:secret@www.goodreads.com/book/show/1', /user information/],
    ['https://@www.goodreads.com/book/show/1', /user information/],
    ['https://www.goodreads.com@evil.example/book/show/1', /user information/],
    ['https://www.goodreads.com:8443/book/show/1', /port/],
    ['https://www.goodreads.com:99999/book/show/1', /host/],
    ['https:\\\\www.goodreads.com\\book\\show\\1', /absolute/],
    ['https://www.goodreads.com\\@evil.example/book/show/1', /user information|backslash/],
    ['https://evil.example\\@www.goodreads.com/book/show/1', /user information|backslash/],
    ['https://www.goodreads.com\\book/show/1', /backslash/],
    ['https://www.goodreads.com/book/show\\1', /backslash/],
    ['https://www.good\treads.com/book/show/1', /spaces|control/],
    ['https://www.goodreads.com/book/show/1\n2', /spaces|control/],
    ['https://www.goodreads.com/book/show/1 https://www.goodreads.com/book/show/2', /spaces|control/],
    ['https://www.goodreads.com/book/show/1\u00002', /spaces|control/],
    ['https://www.goodreads.com/', /path/],
    ['https://www.goodreads.com', /path/],
    ['https://www.goodreads.com/book/show', /path/],
    ['https://www.goodreads.com/book/show?id=1', /path/],
    ['https://www.goodreads.com/book/show/', /No book number/],
    ['https://www.goodreads.com/book/show/abc', /No book number/],
    ['https://www.goodreads.com/book/show/-1', /No book number/],
    ['https://www.goodreads.com/book/show/1abc', /No book number/],
    ['https://www.goodreads.com/book/show/1e3', /No book number/],
    ['https://www.goodreads.com/book/show/٣', /No book number/],
    ['https://www.goodreads.com/book/show/%31', /No book number/],
    ['https://www.goodreads.com/book/show/0', /is 0/],
    ['https://www.goodreads.com/book/show/000-x', /is 0/],
    ['https://www.goodreads.com/book/show/1234567890123', /longer than 12/],
    ['https://www.goodreads.com/book/show/1/reviews', /path/],
    ['https://www.goodreads.com/book/show//1', /path/],
    ['https://www.goodreads.com//book/show/1', /path/],
    ['https://www.goodreads.com/x/../book/show/1', /path/],
    ['https://www.goodreads.com/book/show/1/../2', /path/],
    ['https://www.goodreads.com/book/./show/1', /path/],
    ['https://www.goodreads.com/author/show/1.X', /path/],
    ['https://www.goodreads.com/work/best_book/1', /path/],
    ['https://www.goodreads.com/list/show/1', /path/],
    ['https://www.goodreads.com/a/b/book/show/1', /path/],
    [`https://www.goodreads.com/book/show/1-${'x'.repeat(2048)}`, /longer than 2048/],
  ])('%s', (link, reason) => {
    expect(reasonOf(link)).toMatch(reason);
  });

  it('gives the reason in a short sentence', () => {
    for (const link of [1, '', 'x', 'ftp://a/', 'https://a/', 'https://www.goodreads.com/book/show/0']) {
      expect(reasonOf(link)).toMatch(/^[A-Z].{10,160}\.$/);
    }
  });
});

describe('the short cut and the careful way', () => {
  const pieces = fc.tuple(
    fc.constantFrom('https://', 'http://', 'HTTPS://', 'https:\\\\', 'ftp://', ''),
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
    fc.constantFrom('/book/show/', '/book/show', '/Book/Show/', '/book/isbn/', '/author/show/', '/book\\show/'),
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
        expect(parseBookReference(text)).toEqual(parseCarefully(trimmed));
      }),
      { numRuns: 5000 },
    );
  });

  it('never accept a link that a browser opens on another host or book', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = parseBookReference(text);
        if (!result.ok) return;
        const url = new URL(text.trim());
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
    const references: BookReference[] = [bookReference(parseBookId('2767052')!), isbnReference(parseIsbn('0439023483')!)];
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
    ])
      expect(referenceOfJob(id)).toBeNull();
  });

  it('crawls only paths built from ids', () => {
    expect(crawlPath(bookReference(parseBookId('5')!))).toBe('/book/show/5');
    expect(crawlPath(isbnReference(parseIsbn('0439023483')!))).toBe('/book/isbn/9780439023481');
  });
});
