import { describe, expect, it } from 'vitest';
import type { PageAnswer, PageReading } from '../../../src/parser/read-page.ts';
import { fixture } from '../../support/corpus.ts';
import { askedIsbn, bookOf, expectValid, read } from './reading.ts';

const ID = '7100001';
const WAF = { 'x-amzn-waf-action': 'challenge' };
const next = fixture('next', ID);
const legacy = fixture('legacy', '7200001');
const notFound = "<html><head><title>Page not found</title></head><body>The page you were looking for doesn't exist</body></html>";

const ANSWERS: [what: string, body: string | Buffer, more: Partial<PageAnswer>, kind: PageReading['kind']][] = [
  ['a challenge with its header and page', fixture('failure', 'challenge'), { status: 202, headers: WAF }, 'blocked'],
  ['a challenge without a body', '', { status: 202, headers: WAF }, 'blocked'],
  ['an empty 202', '', { status: 202 }, 'blocked'],
  ['an empty 200', '', { status: 200 }, 'blocked'],
  ['a blank 200', ' \n ', { status: 200 }, 'blocked'],
  ['an empty 204', '', { status: 204 }, 'blocked'],
  ['a challenge page alone (a saved one)', fixture('failure', 'challenge'), {}, 'blocked'],
  ['a captcha', fixture('failure', 'captcha'), { status: 405, headers: { 'x-amzn-waf-action': ['captcha'] } }, 'blocked'],
  ['a captcha page alone', fixture('failure', 'captcha'), {}, 'blocked'],
  ['a hard block', '', { status: 403, headers: { 'x-amzn-waf-action': 'block' } }, 'blocked'],
  ['a refusal of the origin', fixture('failure', 'forbidden'), { status: 403 }, 'blocked'],
  ['a not-found page behind the firewall', fixture('failure', 'missing'), { status: 202, headers: WAF }, 'blocked'],
  ['a sign-in page', fixture('failure', 'sign-in'), {}, 'sign-in'],
  ['a redirect to the sign-in page', '<html></html>', { url: 'https://www.goodreads.com/user/sign_in?returnurl=x' }, 'sign-in'],
  ['a redirect that was not followed', '', { status: 302, headers: { location: '/user/sign_in?returnurl=x' } }, 'sign-in'],
  ["a stand-in's sign-in page", '<html><head><title>Sign in</title></head><body>Sign in to Goodreads</body></html>', {}, 'sign-in'],
  ['status 401', 'who are you?', { status: 401 }, 'sign-in'],
  ['too many requests', 'Too Many Requests', { status: 429 }, 'overloaded'],
  ['a server error', '<html><head><title>Goodreads - unexpected error</title></head></html>', { status: 503 }, 'overloaded'],
  ['an empty 504', '', { status: 504 }, 'overloaded'],
  ['over capacity with status 200', fixture('failure', 'over-capacity'), {}, 'overloaded'],
  ['the skeleton without data', fixture('failure', 'skeleton'), {}, 'overloaded'],
  ['a book page with status 503', next, { status: 503 }, 'overloaded'],
  ['page not found', fixture('failure', 'missing'), { status: 404 }, 'missing'],
  ['page not found with status 200', fixture('failure', 'missing'), {}, 'missing'],
  ['page not found without a title', fixture('failure', 'missing-without-title'), {}, 'missing'],
  ['a plain 404', notFound, { status: 404 }, 'missing'],
  ['a 404 by ISBN', '<html><head><title>Page not found</title></head></html>', { status: 404 }, 'missing'],
  ['a list', fixture('failure', 'list'), {}, 'other-page'],
  ['all reviews of a book', fixture('failure', 'reviews'), {}, 'other-page'],
  ['an empty 404', '', { status: 404 }, 'unrecognised'],
  ["somebody else's 404", '<html><body>nginx</body></html>', { status: 404 }, 'unrecognised'],
  ['another site', '<html><head><title>Example</title></head><body></body></html>', {}, 'unrecognised'],
  ['no web page', '{"a":1}', {}, 'unrecognised'],
  ['a book page with status 404', next, { status: 404 }, 'unrecognised'],
];

describe('what is no book', () => {
  it.each(ANSWERS)('%s', (_, body, more, kind) => {
    const reading = read(body, ID, more);
    expectValid(reading);
    expect(reading.kind).toBe(kind);
  });

  it('never concludes anything from a page that was cut off', () => {
    for (const name of ['missing', 'missing-without-title'] as const) {
      const page = fixture('failure', name);
      for (let end = 1; end < page.indexOf('</html>') + 6; end += 7)
        expect(read(page.subarray(0, end), ID, { status: 404 }).kind).not.toBe('missing');
    }
  });

  it('believes the data only for the book that was asked for', () => {
    const page = fixture('failure', 'missing')
      .toString()
      .replace('<title>Page not found</title>', '')
      .replace('data-testid="errorText"', '');
    expect(read(page, '7900001').kind).toBe('missing');
    expect(read(page, '7900002').kind).toBe('unrecognised');
  });

  it('finds no book on a challenge, a sign-in page or a list, whatever the status', () => {
    for (const name of ['challenge', 'captcha', 'forbidden', 'sign-in', 'over-capacity', 'skeleton', 'missing', 'list', 'reviews']) {
      for (const status of [200, 202, 301, 302, 403, 404, 405, 410, 429, 500, 503]) {
        for (const headers of [{}, WAF]) expect(read(fixture('failure', name), ID, { status, headers }).kind).not.toBe('book');
      }
    }
  });
});

describe("a book in the body outweighs the firewall's marks", () => {
  it.each([
    ['current layout, 202 and header', next, ID, { status: 202, headers: WAF }],
    ['current layout, 403', next, ID, { status: 403 }],
    ['old layout, 405', legacy, '7200001', { status: 405, headers: WAF }],
    ['a challenge script in a good page', Buffer.concat([next, Buffer.from('<script>window.gokuProps = {}</script>')]), ID, {}],
  ] as const)('%s', (_, body, id, more) => {
    expect(bookOf(read(body, id, more)).id).toBe(id);
  });
});

describe('the ids must agree', () => {
  it('takes the page of the book that was asked for, with or without a redirect to its slug', () => {
    expect(read(next, ID)).toMatchObject({ kind: 'book', askedId: ID });
    expect(read(next, ID, { url: `https://www.goodreads.com/en/book/show/${ID}-the-lighthouse-ledger` })).toMatchObject({
      kind: 'book',
      book: { id: ID },
    });
  });

  it('makes the old number an alias when Goodreads redirects', () => {
    expect(read(next, '55', { url: `https://www.goodreads.com/book/show/${ID}-the-lighthouse-ledger` })).toMatchObject({
      kind: 'book',
      askedId: '55',
      book: { id: ID },
    });
    expect(read(legacy, '55', { url: 'https://www.goodreads.com/book/show/7200001' })).toMatchObject({
      kind: 'book',
      askedId: '55',
      book: { id: '7200001' },
    });
  });

  it('refuses the page of another book, both layouts', () => {
    for (const page of [next, legacy]) {
      const reading = read(page, '55');
      expect(reading.kind).toBe('other-page');
      expect(reading).toHaveProperty('reason', expect.stringMatching(/is that of book 7[12]00001, not of book 55/));
    }
  });

  it('never takes the canonical link or og:url for the id', () => {
    expect(next.includes('book/show/7199991')).toBe(true);
    expect(read(next, '7199991').kind).toBe('other-page');
    expect(read(legacy, '7299991').kind).toBe('other-page');
  });

  it('refuses a page that contradicts itself or states no number', () => {
    const contradiction = legacy.toString().replace('data-book-id=7200001', 'data-book-id=7200002');
    expect(read(contradiction, '7200001')).toMatchObject({ kind: 'unrecognised' });
    const silent = legacy.toString().replace('al:ios:url', 'x').replace('data-book-id=7200001', '').replace('id="book_id"', '');
    expect(read(silent, '7200001')).toMatchObject({ kind: 'unrecognised' });
  });

  it('links an ISBN to the book by the redirect, or by the ISBN on the page', () => {
    const { isbn13 } = bookOf(read(next, ID));
    const reference = askedIsbn(isbn13 ?? '');
    expect(read(next, reference, { url: `https://www.goodreads.com/book/show/${ID}` })).toMatchObject({
      kind: 'book',
      askedId: null,
      book: { id: ID },
    });
    expect(read(next, reference)).toMatchObject({ kind: 'book', askedId: null });
    expect(read(next, askedIsbn('9780439023481')).kind).toBe('other-page');
    expect(read(next, askedIsbn('9780439023481'), { url: 'https://www.goodreads.com/book/show/55' }).kind).toBe('other-page');
    expect(read(next, askedIsbn('9780439023481'), { url: `https://www.goodreads.com/book/show/${ID}` })).toMatchObject({ kind: 'book' });
  });
});

describe('without title or author there is no book', () => {
  it('current layout', () => {
    const page = next.toString();
    const untitled = page
      .replace(/<h1 .*?<\/h1>/, '')
      .replace(/"title":"(?:[^"\\]|\\.)*"/g, '"title":""')
      .replace(/<script type="application\/ld\+json">.*?<\/script>/, '')
      .replace(/<meta property="og:title"[^>]*>/, '');
    expect(read(untitled, ID)).toMatchObject({ kind: 'unrecognised' });
    const nobody = page
      .replace(/"primaryContributorEdge":\{.*?\},"secondary/, '"primaryContributorEdge":null,"secondary')
      .replace(/"secondaryContributorEdges":\[.*?\],"image/, '"secondaryContributorEdges":[],"image')
      .replace(/<script type="application\/ld\+json">.*?<\/script>/, '')
      .replace(/ContributorLink/g, 'X');
    expect(read(nobody, ID)).toMatchObject({ kind: 'unrecognised' });
  });

  it('old layout', () => {
    expect(read(legacy.toString().replace(/The Salt Almanac\n<\/h1>/, '</h1>'), '7200001')).toMatchObject({ kind: 'unrecognised' });
    expect(read(legacy.toString().replaceAll('class="authorName"', ''), '7200001')).toMatchObject({ kind: 'unrecognised' });
  });
});
