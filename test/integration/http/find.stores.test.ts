/** `GET /find`: stored books, and the suggestions of Goodreads by way of a worker. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Book } from '../../../src/domain/book.ts';
import { firstBook } from '../../../scripts/goodreads-listings.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

/** Rows that the stand-in makes up for words. */
const madeUp = (question: string): string[] => Array.from({ length: 5 }, (_, n) => String(firstBook('genre', question) + 1_000 + n));

describe.each(inThisRun(STORES))('GET /find, on the %s store', (store) => {
  let scene: HttpScene;
  let book: Book;
  beforeAll(async () => {
    scene = await openScene(store, { BLOCK_PROBE: '50ms', CRAWL_TIMEOUT: '500ms' });
    await scene.parsed(scene.ids.slice(0, 4).map(linkTo));
    const books = (await scene.ask('/books')).body['books'] as Book[];
    book = books.find(({ isbn13 }) => isbn13 !== null)!;
  });
  beforeEach(() => scene.goodreads.control({}));
  afterAll(() => scene.stop());

  const find = (q: string, more = '', headers = {}) => scene.ask(`/find?q=${encodeURIComponent(q)}${more}`, { headers });
  const findThere = (q: string, headers = {}) => find(q, '&source=goodreads', headers);
  const asked = async (q: string): Promise<number> => (await scene.goodreads.stats()).byPage[`autocomplete/${q}`] ?? 0;
  const requests = async (): Promise<number> => (await scene.goodreads.stats()).requests;
  const untilOpen = () =>
    waitUntil('the source to open', async () => {
      await scene.goodreads.control({});
      await scene.parsed([linkTo(1_000_000_000 + Math.floor(Math.random() * 1e8))]);
      return (await scene.ask('/source')).body['state'] !== 'blocked';
    });

  it('finds stored books without asking Goodreads', async () => {
    const before = await requests();
    const { status, body } = await find(book.title);
    expect(status).toBe(200);
    expect(body).toMatchObject({ source: 'not-asked', reason: null, askedAt: null });
    const item = { bookId: book.id, workId: book.workId, title: book.title, author: book.author, stored: true };
    expect(body['items']).toContainEqual(item);
    expect(await requests()).toBe(before);
  });

  it('asks Goodreads once, and answers out of the kept rows after that', async () => {
    const first = (await findThere('an unheard of title')).body;
    expect(first).toMatchObject({ source: 'asked', reason: null });
    expect((first['items'] as { bookId: string }[]).map(({ bookId }) => bookId)).toEqual(madeUp('an unheard of title'));
    expect(first['items'][0]).toMatchObject({ stored: false, author: 'Nemo Nobody', title: expect.stringContaining('Much Like') });
    expect(Date.parse(first['askedAt'])).toBeGreaterThan(Date.now() - 60_000);
    const second = (await findThere('  An unheard  OF title ')).body;
    expect(second).toEqual({ ...first, source: 'cached', complete: second['complete'] });
    expect(await asked('an unheard of title')).toBe(1);
  });

  it('shares one request among callers who ask the same at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => findThere('many ask')));
    // A caller who comes when the answer is there already gets it as kept.
    for (const { body } of answers)
      expect(body).toMatchObject({ source: expect.stringMatching(/^(asked|cached)$/), items: answers[0]?.body['items'] });
    expect(answers[0]?.body['items']).toHaveLength(5);
    expect(await asked('many ask')).toBe(1);
  });

  it('puts stored books before suggestions, names none twice, and keeps to the limit', async () => {
    const { items } = (await findThere(book.title, {})).body as { items: { bookId: string; stored: boolean }[] };
    expect(items.filter(({ bookId }) => bookId === book.id)).toEqual([expect.objectContaining({ stored: true })]);
    const order = items.map(({ stored }) => stored);
    expect(order).toEqual(order.toSorted((a, b) => Number(b) - Number(a)));
    expect((await find('an unheard of title', '&source=goodreads&limit=2')).body['items']).toHaveLength(2);
  });

  it('says of an ISBN whether the stored page names it', async () => {
    const found = (await findThere(book.isbn13 ?? '')).body;
    expect(found['items'][0]).toMatchObject({ bookId: book.id, stored: true, verified: true });
    await scene.ask(`/books/${book.id}`, { method: 'DELETE' });
    // Deleting a book forgets the kept answers that name it.
    const again = (await findThere(book.isbn13 ?? '')).body;
    expect(again).toMatchObject({ source: 'asked', items: [{ bookId: book.id, stored: false, verified: false }] });
    await scene.parsed([linkTo(book.id)]);
  });

  it('finds nothing without an error', async () => {
    expect((await findThere('nothing like it')).body).toMatchObject({ items: [], source: 'asked', reason: null });
  });

  it('refuses to ask for a page of another origin, and reads for it', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect(await findThere('from elsewhere', headers)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(await asked('from elsewhere')).toBe(0);
    expect((await find('from elsewhere', '', headers)).status).toBe(200);
  });

  it.each([
    ['?q=a&source=amazon', '/query/source'],
    ['?q=%21&source=goodreads', '/query/q'],
    ['?q=a&limit=51', '/query/limit'],
    ['?q=a&sauce=goodreads', '/query/sauce'],
  ])('refuses /find%s, and says where', async (query, pointer) => {
    const { status, body } = await scene.ask(`/find${query}`);
    expect(status).toBe(400);
    expect((body['errors'] as { pointer: string }[])[0]?.pointer, JSON.stringify(body)).toBe(pointer);
  });

  it.each(['limited', 'down', 'reset', 'hang', 'not-gzip', 'missing'] as const)('says that the answer is unknown: %s', async (mode) => {
    const q = `a title while ${mode}`;
    await scene.goodreads.control({ modes: { [`autocomplete/${q}`]: mode }, retryAfter: 0 });
    const { status, body } = await findThere(q);
    expect(status).toBe(200);
    expect(body).toMatchObject({ items: [], source: 'unknown', askedAt: null, reason: expect.stringMatching(/\w.*\.$/) });
    // A failure is told for a minute without another request.
    const before = await requests();
    expect((await findThere(q)).body['source']).toBe('unknown');
    expect(await requests()).toBe(before);
    await untilOpen();
  });

  it.each(['challenge', 'captcha', 'forbidden', 'signin'] as const)('blocks the source, and says so: %s', async (mode) => {
    const q = `a title and ${mode}`;
    await scene.goodreads.control({ modes: { [`autocomplete/${q}`]: mode } });
    const { body } = await findThere(q);
    expect(body).toMatchObject({ items: [], source: 'unknown', reason: expect.stringContaining('turns Quire away') });
    // While it is blocked, the stored books are still found, and the question itself is asked again as soon as the source opens.
    expect((await find(book.title)).body['items'].length).toBeGreaterThan(0);
    await untilOpen();
    await waitUntil('the answer', async () => (await findThere(q)).body['source'] === 'cached');
  });
});

describe.each(inThisRun(STORES.filter((store) => store !== 'embedded')))('GET /find of two processes, on the %s store', (store) => {
  it('shares one request', async () => {
    const scene = await openScene(store);
    const other = await startQuire(store, { role: 'api', env: scene.quire.env, goodreads: scene.goodreads });
    try {
      const path = '/find?q=asked+twice&source=goodreads';
      const answers = await Promise.all([scene.ask(path), other.get(path)]);
      for (const { body } of answers) expect(['asked', 'cached']).toContain(body['source']);
      expect((await scene.goodreads.stats()).byPage['autocomplete/asked twice']).toBe(1);
    } finally {
      await other.stop();
      await scene.stop();
    }
  }, 30_000);
});
