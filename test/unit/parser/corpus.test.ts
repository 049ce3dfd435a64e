import { describe, expect, it } from 'vitest';
import { formatReport, measureAccuracy } from '../../../scripts/accuracy.ts';
import { corpusDir, filesOf, truePages } from '../../support/corpus.ts';
import { bookOf, expectValid, faultsOf, read } from './reading.ts';

const dir = corpusDir('the parser on real pages');

/** The number in a file's name, for asking for the page as a worker would. */
function numberIn(file: string): string {
  return /(?:^|[/-])([1-9]\d{2,11})[-.]/.exec(file)?.[1] ?? '1';
}

function flat(text: string | null | undefined): string | null {
  const one = (text ?? '').replace(/\s+/g, ' ').trim();
  return one === '' ? null : one;
}

describe.skipIf(dir === null)('real book pages', () => {
  const pages = dir === null ? [] : truePages(dir);

  it.each(pages.map((page) => [page.file, page] as const))('%s', (_, { body, expected }) => {
    const reading = read(body, expected.bookId);
    expectValid(reading);
    const book = bookOf(reading);
    expect(book.title).toBe(flat(expected.title));
    expect(book.author).toBe(flat(expected.authors?.[0]?.name));
    expect(book.rating).toBe(expected.rating === 0 && expected.ratingsCount === 0 ? null : expected.rating);
    const description = flat(book.description);
    const wanted = flat(expected.description);
    expect(description === null ? null : flat(Array.from(description).slice(0, 200).join(''))).toBe(wanted);
    expect(book.description ?? '').not.toMatch(/(?:…|\.\.\.)more$/);
    expect(book.authors.map(({ name }) => name).join()).not.toContain('Goodreads Author');
  });

  it('every field of every page, by npm run accuracy', async () => {
    const report = await measureAccuracy(dir ?? '');
    expect(report.pages).toBeGreaterThan(100);
    expect(report.unread).toEqual([]);
    if (report.rate < 1) process.stderr.write(`${formatReport(report, null, 20)}\n`);
    expect(report.rate).toBeGreaterThanOrEqual(0.995);
  });

  it('a page is never taken for another book, however it is cut', () => {
    for (const { body, expected } of pages.filter((_, at) => at % 6 === 0)) {
      expect(read(body, '1').kind).toBe('other-page');
      for (let part = 1; part < 16; part += 1) {
        const cut = body.subarray(0, Math.floor((body.length * part) / 16));
        expect(read(cut, '1').kind).not.toMatch(/^(?:book|missing)$/);
        const own = read(cut, expected.bookId);
        expect(faultsOf(own)).toEqual([]);
        expect(own.kind).not.toBe('missing');
        // What is left of a page names its first author or nobody.
        expect([null, flat(expected.authors?.[0]?.name)]).toContain(own.kind === 'book' ? own.book.author : null);
      }
    }
  });
});

describe.skipIf(dir === null)('real pages that are no books', () => {
  const files = (folder: string): (readonly [string, Buffer])[] =>
    dir === null ? [] : filesOf(dir, folder).map(({ file, body }) => [file, body] as const);

  it.each(files('failure').filter(([file]) => /\/404-/.test(file)))('%s', (file, body) => {
    // The number of the book stands behind the reason in the file's name.
    const id = /-(\d{4,})--/.exec(file)?.[1] ?? '1';
    expect(read(body, id, { status: 404 }).kind).toBe('missing');
    expect(read(body, id).kind).toBe('missing');
    expect(read(body, id, { status: 202, headers: { 'x-amzn-waf-action': 'challenge' } }).kind).toBe('blocked');
    expect(read(body.subarray(0, body.length - 400), id, { status: 404 }).kind).not.toBe('missing');
  });

  it.each(files('failure').filter(([file]) => /signin/.test(file)))('%s', (_, body) => {
    expect(read(body, '2767052').kind).toBe('sign-in');
  });

  it.each(files('failure').filter(([file]) => /waf/.test(file)))('%s', (_, body) => {
    expect(read(body, '27833670').kind).toBe('blocked');
    expect(read(body, '27833670', { status: 202, headers: { 'x-amzn-waf-action': 'challenge' } }).kind).toBe('blocked');
  });

  it.each(['list', 'shelf', 'author', 'series', 'other'].flatMap(files))('%s', (file, body) => {
    expect(read(body, numberIn(file)).kind).toBe('other-page');
    for (const status of [202, 403, 404, 503]) expect(read(body, numberIn(file), { status }).kind).not.toBe('book');
  });

  it.each(files('trimmed'))('%s', (file, body) => {
    const id = /\/(\d{4,})-/.exec(file)?.[1] ?? /-(\d{4,})--/.exec(file)?.[1] ?? '1';
    const reading = read(body, id);
    expectValid(reading);
    // Edited book pages still are books; everything else in that folder is none.
    expect(reading.kind === 'book').toBe(/book-page|nextdata/.test(file));
  });
});
