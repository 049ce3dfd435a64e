/** `DELETE /books/{id}` erases what docs/privacy.md says. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAnswers } from '../../../src/app/look-ups/answers.ts';
import type { BookId } from '../../../src/domain/identity.ts';
import { startQuire, STORES } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';

describe.each(inThisRun(STORES))('a deleted book on the %s store', (store) => {
  it('is gone from reads, search, kept pages and kept answers, and others stay', async () => {
    const quire = await startQuire(store);
    onTestFinished(() => quire.stop());
    const [id = '', other = '', never = ''] = quire.goodreads.ids;
    await quire.goodreads.control({ mode: 'unknown' });
    await quire.ended((await quire.submit([id, never])).batchId);
    await quire.goodreads.control({ mode: 'open' });
    await quire.ended((await quire.submit([id, other])).batchId);
    const answers = createAnswers({ store: quire.service.store, now: Date.now });
    const unsaid = { workId: null, titleBare: null, author: null, pages: null, rating: null, ratingsCount: null };
    const row = (bookId: string) => ({ ...unsaid, bookId: bookId as BookId, title: 'T' });
    const page = { title: null, totalBooks: null, next: null };
    await answers.keep('find-both', { askedAtMs: Date.now(), kind: 'suggestions', rows: [row(other), row(id)] });
    await answers.keep('find-other', { askedAtMs: Date.now(), kind: 'suggestions', rows: [row(other)] });
    await answers.keep('first-page-list-7', { askedAtMs: Date.now(), kind: 'first-page', page: { ...page, books: [id as BookId] } });
    const { title } = (await quire.get(`/books/${id}`)).body;
    const found = async (): Promise<string[]> => {
      const { body } = await quire.get(`/books/search?q=${encodeURIComponent(title)}`);
      return body.items.map((book: { id: string }) => book.id);
    };
    expect(await found()).toContain(id);
    expect((await quire.get(`/jobs/book-${id}/page`)).status).toBe(200);

    expect((await quire.delete(`/books/${id}`)).status).toBe(204);
    expect((await quire.get(`/books/${id}`)).status).toBe(404);
    expect(await found()).not.toContain(id);
    expect((await quire.get(`/jobs/book-${id}/page`)).status).toBe(404);
    const kept = await Promise.all(['find-both', 'find-other', 'first-page-list-7'].map((name) => answers.read(name)));
    expect(kept.map((answer) => answer !== null)).toEqual([false, true, false]);
    expect((await quire.get(`/books/${other}`)).status).toBe(200);
    expect(await quire.delete(`/books/${id}`)).toMatchObject({ status: 404, body: { code: 'book-unknown' } });

    // A book of which only an unrecognised page is kept.
    expect((await quire.get(`/jobs/book-${never}/page`)).status).toBe(200);
    expect((await quire.delete(`/books/${never}`)).status).toBe(204);
    expect((await quire.get(`/jobs/book-${never}/page`)).status).toBe(404);
  });
});
