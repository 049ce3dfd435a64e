import { describe, expect, test } from 'vitest';
import { readAutocomplete } from '../../../../src/parser/listing/autocomplete.ts';

const answer = (body: string, status = 200): Parameters<typeof readAutocomplete>[0] => ({
  status,
  headers: {},
  body: Buffer.from(body),
  url: 'https://www.goodreads.com/book/auto_complete?format=json&q=brass',
});

const row = (more: object = {}): object => ({
  imageUrl: '',
  bookId: '7100001',
  workId: '81001',
  bookUrl: '/book/show/7100001-the-brass-garden',
  rank: 1,
  title: 'The Brass Garden (Gardens, #1)',
  bookTitleBare: 'The Brass Garden',
  numPages: 374,
  avgRating: '4.35',
  ratingsCount: 1200,
  author: { id: 15, name: 'Ada Quill' },
  description: { html: 'Like <a href="/book/show/999">another book</a>', truncated: false },
  ...more,
});

describe('the suggestions of auto_complete', () => {
  test('are read in their order, with the numbers of book, work and author', () => {
    expect(readAutocomplete(answer(JSON.stringify([row(), row({ bookId: '7100002', title: 'Plain' })])))).toEqual({
      kind: 'suggestions',
      rows: [
        {
          bookId: '7100001',
          workId: '81001',
          title: 'The Brass Garden (Gardens, #1)',
          titleBare: 'The Brass Garden',
          author: { id: '15', name: 'Ada Quill' },
          pages: 374,
          rating: 4.35,
          ratingsCount: 1200,
        },
        expect.objectContaining({ bookId: '7100002', title: 'Plain' }),
      ],
    });
  });

  test('an empty list means that nothing was found', () => {
    expect(readAutocomplete(answer('[]'))).toEqual({ kind: 'suggestions', rows: [] });
  });

  test('a row without ratings and author has none', () => {
    const reading = readAutocomplete(answer(JSON.stringify([row({ avgRating: '0.00', ratingsCount: 0, author: null, numPages: 0 })])));
    expect(reading).toMatchObject({ rows: [{ rating: null, ratingsCount: 0, author: null, pages: null }] });
  });

  test('a changed format is not "nothing found"', () => {
    for (const body of ['{}', '{"rows":[]}', '[1]', '[null]', JSON.stringify([row({ bookId: undefined })]), JSON.stringify([row(), {}])])
      expect(readAutocomplete(answer(body)), body).toMatchObject({ kind: 'unrecognised' });
  });

  test('a challenge, a refusal, an overload and a web page are what they are elsewhere', () => {
    expect(readAutocomplete(answer('', 202))).toMatchObject({ kind: 'blocked' });
    expect(readAutocomplete(answer('[]', 202))).toMatchObject({ kind: 'blocked' });
    expect(readAutocomplete(answer('', 200))).toMatchObject({ kind: 'blocked' });
    expect(readAutocomplete(answer('<html>403 Forbidden</html>', 403))).toMatchObject({ kind: 'blocked' });
    expect(readAutocomplete(answer('', 503))).toMatchObject({ kind: 'overloaded' });
    expect(readAutocomplete(answer('<html><head><title>Sign in</title></head></html>'))).toMatchObject({ kind: 'sign-in' });
    expect(readAutocomplete(answer('[{"bookId":"1","ti'))).toMatchObject({ kind: 'unrecognised' });
  });
});
