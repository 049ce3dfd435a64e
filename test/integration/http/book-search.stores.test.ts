import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Book } from '../../../src/domain/book.ts';
import { STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

describe.each(inThisRun(STORES))('GET /books/search, on the %s store', (store) => {
  let scene: HttpScene;
  let books: Book[];
  beforeAll(async () => {
    scene = await openScene(store);
    await scene.parsed(scene.ids.slice(0, 4).map(linkTo));
    books = (await scene.ask('/books')).body['books'] as Book[];
  });
  afterAll(() => scene.stop());

  const search = (q: string, more = '') => scene.ask(`/books/search?q=${encodeURIComponent(q)}${more}`);

  it('finds crawled books by title, author and ISBN, with their stored fields', async () => {
    expect(books.length).toBeGreaterThan(0);
    for (const book of books) {
      expect((await search(book.title)).body['items'], book.title).toContainEqual(book);
      expect((await search(book.author.toUpperCase())).body['items'], book.author).toContainEqual(book);
    }
  });

  it('finds a crawled book by its ISBN alone', async () => {
    const withIsbn = books.filter(({ isbn13 }) => isbn13 !== null);
    expect(withIsbn.length).toBeGreaterThan(0);
    for (const book of withIsbn) expect((await search(book.isbn13 ?? '')).body['items']).toEqual([book]);
  });

  it('says that it is complete once a worker has looked through the store', async () => {
    await waitUntil('the first walk to end', async () => (await search('anything')).body['complete'] === true);
  });

  it('answers with nothing where nothing fits, and with no more than is asked for', async () => {
    expect((await search('zyxwv unheard of')).body).toMatchObject({ items: [] });
    const letter = books[0]!.title.slice(0, 1);
    expect((await search(letter, '&limit=1')).body['items']).toHaveLength(1);
  });

  it('forgets a deleted book', async () => {
    const book = books.at(-1)!;
    await scene.ask(`/books/${book.id}`, { method: 'DELETE' });
    expect(((await search(book.title)).body['items'] as Book[]).map(({ id }) => id)).not.toContain(book.id);
  });

  it.each([
    ['', '/query/q'],
    ['?q=', '/query/q'],
    ['?q=%21%3F', '/query/q'],
    [`?q=${'x'.repeat(201)}`, '/query/q'],
    [`?q=${'a+'.repeat(40)}`, '/query/q'],
    ['?q=a&limit=0', '/query/limit'],
    ['?q=a&limit=51', '/query/limit'],
    ['?q=a&qq=b', '/query/qq'],
  ])('refuses /books/search%s, and says where', async (query, pointer) => {
    const { status, body } = await scene.ask(`/books/search${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid-request' });
    expect((body['errors'] as { pointer: string }[])[0]?.pointer ?? '', JSON.stringify(body)).toContain(query === '' ? '/query' : pointer);
  });
});
