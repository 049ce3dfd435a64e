import { describe, expect, it } from 'vitest';
import { sizeOfCollection, type SizeLimits } from '../../../src/app/dry-run/collection-size.ts';
import { createDryRun, MOST_ASKED, type DryRunRequest } from '../../../src/app/dry-run/dry-run.ts';
import type { FirstPage } from '../../../src/app/look-ups/answers.ts';
import type { LookUpResult, LookUps } from '../../../src/app/look-ups/look-ups.ts';
import { idOfQuestion } from '../../../src/app/look-ups/question.ts';
import type { SourceState } from '../../../src/crawl/source/source-state.ts';
import type { CollectionFamily } from '../../../src/domain/collection.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { ORIGIN } from '../../../src/domain/identity.ts';
import type { Store } from '../../../src/storage/store.ts';
import { HOUR_MS, KEEP_UNTIL_MS, NOW_MS, sampleBook } from '../../contract/samples.ts';
import { createSpecification } from '../../specification/store.ts';
import { openSource } from '../../support/quiet.ts';
import { TEST_SETTINGS } from '../../support/stores.ts';

const NONE: SizeLimits = { maxBooks: 1_000, maxPages: null };
const never = new AbortController().signal;
const rows = (n: number, from = 100): BookId[] => Array.from({ length: n }, (_, at) => String(from + at) as BookId);
const page = (n: number, more: Partial<FirstPage> = {}): FirstPage => ({ title: 'T', totalBooks: n, next: false, books: rows(n), ...more });
const found = (first: FirstPage, state: 'asked' | 'cached' = 'asked'): LookUpResult => ({
  state,
  answer: { kind: 'first-page', askedAtMs: 1, page: first },
});

/** The use case on the rules of the store, with look-ups that answer as given. */
function scene({
  answers = {},
  kept = {},
  rate = 2,
}: { answers?: Record<string, LookUpResult>; kept?: Record<string, LookUpResult>; rate?: number | null } = {}) {
  const store = createSpecification(TEST_SETTINGS, () => NOW_MS) as unknown as Store;
  const asked: string[] = [];
  const lookUps: Pick<LookUps, 'ask' | 'kept'> = {
    ask: async (question) => {
      asked.push(idOfQuestion(question));
      return answers[idOfQuestion(question)] ?? { state: 'unknown', reason: 'No answer came.' };
    },
    kept: async (question) => kept[idOfQuestion(question)] ?? null,
  };
  const state: SourceState = { ...openSource, rate };
  const dryRun = createDryRun({ store, lookUps, source: { current: () => state }, now: () => NOW_MS });
  const run = (links: unknown[], more: Partial<DryRunRequest> = {}) => dryRun({ links, maxAgeMs: null, mode: 'ask', ...more }, never);
  return { store, asked, run };
}

describe('the size of a collection', () => {
  it.each<[CollectionFamily, FirstPage, Partial<SizeLimits>, { books: number | null; pages: number | null }]>([
    ['list', page(40), {}, { books: 40, pages: 1 }],
    ['list', page(100, { totalBooks: 250, next: true }), {}, { books: 250, pages: 3 }],
    ['list', page(100, { totalBooks: 79_111, next: true }), {}, { books: 1_000, pages: 10 }],
    ['list', page(100, { totalBooks: 79_111, next: true }), { maxBooks: 50_000 }, { books: 10_000, pages: 100 }],
    ['list', page(100, { totalBooks: 79_111, next: true }), { maxBooks: 50_000, maxPages: 2 }, { books: 200, pages: 2 }],
    ['list', page(100, { totalBooks: 250, next: true }), { maxBooks: 30 }, { books: 30, pages: 1 }],
    ['series', page(100, { totalBooks: 120, next: true }), {}, { books: 120, pages: 2 }],
    ['editions', page(10, { totalBooks: 527, next: true }), {}, { books: 527, pages: 53 }],
    // What a page claims and what it shows may differ.
    ['series', page(10, { totalBooks: 9 }), {}, { books: 10, pages: 1 }],
    ['author', page(10, { totalBooks: 665, next: null }), {}, { books: 10, pages: 1 }],
    ['shelf', page(50, { totalBooks: 42_777, next: null }), {}, { books: 50, pages: 1 }],
    ['genre', page(44, { totalBooks: null, next: null }), {}, { books: 44, pages: 1 }],
    ['author-list', page(30, { totalBooks: null, next: true }), {}, { books: null, pages: null }],
    ['author-list', page(12, { totalBooks: null }), {}, { books: 12, pages: 1 }],
  ])('%s: %j with %j', (family, first, limits, size) => {
    expect(sizeOfCollection(family, first, { ...NONE, ...limits })).toEqual(size);
  });
});

describe('a dry run', () => {
  it('tells of each kind of entry, in the order sent, and adds up', async () => {
    const { store, run } = scene({ answers: { 'first-page-list-7': found(page(100, { totalBooks: 250, next: true })) } });
    for (const id of ['1', '100', '101']) await store.books.put(sampleBook(id as BookId), [], KEEP_UNTIL_MS);
    const links = ['1', '2', '9780439023481', 'B01MYZKU6X', `${ORIGIN}/list/show/7`, 'nonsense', `${ORIGIN}/search?q=x`, 5];
    const { entries, totals } = await run(links);
    expect(entries).toEqual([
      { input: '1', kind: 'book', books: 1, stored: 1, fresh: 1, pages: 0, seconds: 0 },
      { input: '2', kind: 'book', books: 1, stored: 0, fresh: 0, pages: 1, seconds: 1 },
      { input: '9780439023481', kind: 'isbn', books: 1, stored: 0, fresh: 0, pages: 2, seconds: 1 },
      { input: 'B01MYZKU6X', kind: 'asin', books: 1, stored: 0, fresh: 0, pages: 2, seconds: 1 },
      {
        input: `${ORIGIN}/list/show/7`,
        kind: 'collection',
        family: 'list',
        books: 250,
        stored: 2,
        fresh: 2,
        pages: 251,
        seconds: 126,
        source: 'asked',
      },
      {
        input: 'nonsense',
        kind: null,
        books: 0,
        stored: 0,
        fresh: 0,
        pages: 0,
        seconds: 0,
        reason: expect.stringContaining('no web address'),
      },
      {
        input: `${ORIGIN}/search?q=x`,
        kind: null,
        books: 0,
        stored: 0,
        fresh: 0,
        pages: 0,
        seconds: 0,
        reason: expect.stringContaining('robots.txt forbids'),
      },
      { input: '5', kind: null, books: 0, stored: 0, fresh: 0, pages: 0, seconds: 0, reason: expect.stringContaining('not a string') },
    ]);
    expect(totals).toEqual({ entries: 8, books: 254, stored: 3, fresh: 3, pages: 256, seconds: 128, unknown: 0 });
  });

  it('counts what is stale, remembered as missing, or known by another name', async () => {
    const { store, run } = scene();
    await store.books.put(sampleBook('1' as BookId, { fetchedAtMs: NOW_MS - HOUR_MS, freshUntilMs: NOW_MS - 1 }), [], KEEP_UNTIL_MS);
    await store.books.put(sampleBook('2' as BookId), ['isbn-9780439023481' as JobId, 'asin-B01MYZKU6X' as JobId], KEEP_UNTIL_MS);
    const { entries } = await run(['1', '9780439023481', 'B01MYZKU6X']);
    expect(entries).toMatchObject([
      { stored: 1, fresh: 0, pages: 1 },
      { stored: 1, fresh: 1, pages: 0 },
      { stored: 1, fresh: 1, pages: 0 },
    ]);
    expect((await run(['1'], { maxAgeMs: 2 * HOUR_MS })).entries).toMatchObject([{ stored: 1, fresh: 1, pages: 0 }]);
    expect((await run(['2'], { maxAgeMs: 0 })).entries).toMatchObject([{ stored: 1, fresh: 0, pages: 1 }]);
  });

  it('takes equal entries once', async () => {
    const { entries, totals } = await scene().run(['2', 2, `${ORIGIN}/book/show/2-slug`, 'x', 'x']);
    expect(entries).toMatchObject([
      { input: '2', duplicates: 1 },
      { input: '2', kind: null },
      { input: 'x', duplicates: 1 },
    ]);
    expect(totals).toMatchObject({ entries: 3, books: 1 });
  });

  it('asks for nothing offline, and still uses what is kept', async () => {
    const { asked, run } = scene({ kept: { 'first-page-series-1': found(page(3), 'cached') } });
    const { entries, totals } = await run([`${ORIGIN}/series/1`, `${ORIGIN}/series/2`], { mode: 'offline' });
    expect(entries).toMatchObject([
      { books: 3, pages: 4, source: 'cached' },
      { books: null, pages: null, seconds: null, source: 'not-asked', reason: expect.stringContaining('offline') },
    ]);
    expect(totals).toMatchObject({ books: 3, unknown: 1 });
    expect(asked).toEqual([]);
  });

  it('asks for the first twenty collections alone', async () => {
    const { asked, run } = scene({ kept: { 'first-page-list-3': found(page(3), 'cached') } });
    const links = Array.from({ length: 30 }, (_, n) => `${ORIGIN}/list/show/${n + 1}`);
    const { entries, totals } = await run(links);
    expect(asked).toHaveLength(MOST_ASKED);
    expect(asked).not.toContain('first-page-list-3');
    expect(entries.at(-1)).toMatchObject({ books: null, source: 'unknown', reason: expect.stringContaining('at most 20 collections') });
    expect(totals.unknown).toBe(29);
  });

  it('gives no time while nobody can tell', async () => {
    const { entries, totals } = await scene({ rate: null }).run(['2']);
    expect([entries[0]?.seconds, totals.seconds]).toEqual([null, null]);
  });

  it('keeps to the limits of the caller', async () => {
    const { run } = scene({ answers: { 'first-page-list-7': found(page(100, { totalBooks: 250, next: true })) } });
    const { entries } = await run([`${ORIGIN}/list/show/7`], { limits: { maxBooks: 30, maxPages: null } });
    expect(entries).toMatchObject([{ books: 30, pages: 31 }]);
  });
});
