import { describe, expect, it, vi } from 'vitest';
import { createAnswers } from '../../../src/app/look-ups/answers.ts';
import { createAskGoodreads } from '../../../src/app/look-ups/ask-goodreads.ts';
import { findQuestion, firstPageQuestion, idOfQuestion, type Question } from '../../../src/app/look-ups/question.ts';
import { Disallowed } from '../../../src/crawl/crawl.ts';
import { SourceClosed } from '../../../src/crawl/source/turn.ts';
import { QuireError } from '../../../src/errors.ts';
import { NOW_MS } from '../../contract/samples.ts';
import { createMemoryDocuments } from '../../support/memory-documents.ts';
import { openSource } from '../../support/quiet.ts';

const QUESTION = findQuestion('quiet rivers');
const ASKED_AT_MS = NOW_MS - 50;
const LISTING = { kind: 'listing', title: 'T', totalBooks: 7, next: false, books: ['1', '2'], works: [], positions: [], titles: [] };

/** The use case with a source that gives this reading, or throws. */
function scene(source: () => object) {
  const answers = createAnswers({ store: createMemoryDocuments(), now: () => NOW_MS });
  const crawl = vi.fn<() => Promise<unknown>>(async () => ({ reading: source(), askedAtMs: ASKED_AT_MS, retryAfterMs: null }));
  const closed = { ...openSource, closed: { untilMs: NOW_MS + 9_000, why: 'blocked' as const } };
  const ask = createAskGoodreads({
    crawler: { crawl: crawl as never },
    source: { current: () => closed },
    answers,
    watch: { observeListing: () => undefined },
    now: () => NOW_MS,
  });
  const run = (question: Question = QUESTION, { queuedAtMs = NOW_MS, signal = new AbortController().signal } = {}) =>
    ask({ question, queuedAtMs, signal });
  return { answers, crawl, run };
}

const throwing = (error: Error) => (): never => {
  throw error;
};

describe('one look-up', () => {
  it('keeps suggestions, with the time of the request', async () => {
    const { answers, run } = scene(() => ({ kind: 'suggestions', rows: [] }));
    expect(await run()).toEqual({ next: 'done', outcome: 'answered' });
    expect(await answers.read(idOfQuestion(QUESTION))).toEqual({ kind: 'suggestions', askedAtMs: ASKED_AT_MS, rows: [] });
  });

  it('keeps of a first page only what is needed', async () => {
    const { answers, run } = scene(() => LISTING);
    await run(firstPageQuestion('list', '7'));
    const page = { title: 'T', totalBooks: 7, next: false, books: ['1', '2'] };
    expect(await answers.read('first-page-list-7')).toEqual({ kind: 'first-page', askedAtMs: ASKED_AT_MS, page });
  });

  it('asks nothing when the answer is kept, and asks again after a failure', async () => {
    const { answers, crawl, run } = scene(() => ({ kind: 'suggestions', rows: [] }));
    await answers.keep(idOfQuestion(QUESTION), { kind: 'failed', askedAtMs: 1, code: 'crawl-failed', reason: 'No.' });
    expect(await run()).toEqual({ next: 'done', outcome: 'answered' });
    expect(await run()).toEqual({ next: 'done', outcome: 'cached' });
    expect(crawl).toHaveBeenCalledTimes(1);
  });

  it('asks nothing for somebody who has long gone', async () => {
    const { crawl, run } = scene(() => LISTING);
    expect(await run(QUESTION, { queuedAtMs: NOW_MS - 600_001 })).toEqual({ next: 'done', outcome: 'too-old' });
    expect(crawl).not.toHaveBeenCalled();
  });

  it.each([
    ['a challenge', () => ({ kind: 'blocked', reason: 'A challenge.' }), NOW_MS + 9_000],
    ['a sign-in page', () => ({ kind: 'sign-in', reason: 'Sign in.' }), NOW_MS + 9_000],
    ['a closed source', throwing(new SourceClosed(NOW_MS + 5, 'retry-after')), NOW_MS + 5],
    ['a block while robots.txt is asked for', throwing(new QuireError('blocked', 'robots.txt is challenged.')), NOW_MS + 9_000],
  ] as const)('waits for the source after %s, and keeps nothing', async (_, source, untilMs) => {
    const { answers, run } = scene(source);
    expect(await run()).toEqual({ next: 'wait-for-source', untilMs });
    expect(await answers.read(idOfQuestion(QUESTION))).toBeNull();
  });

  it.each([
    ['overloaded', () => ({ kind: 'overloaded', reason: 'It answered 503.' }), 'crawl-failed'],
    ['missing', () => ({ kind: 'missing', reason: 'There is no such list.' }), 'book-not-found'],
    ['unrecognised', () => ({ kind: 'unrecognised', reason: 'Odd JSON.' }), 'page-not-recognised'],
    ['another page', () => ({ kind: 'other-page', reason: 'It is a book.' }), 'page-not-recognised'],
    ['robots.txt', throwing(new Disallowed('/x', 'line 2: Disallow: /x')), 'disallowed'],
    ['no answer', throwing(new QuireError('crawl-failed', 'It did not answer in time.')), 'crawl-failed'],
  ] as const)('keeps a failure: %s', async (_, source, code) => {
    const { answers, run } = scene(source);
    expect(await run()).toEqual({ next: 'done', outcome: 'failed' });
    expect(await answers.read(idOfQuestion(QUESTION))).toMatchObject({ kind: 'failed', code, reason: expect.stringMatching(/\w/) });
  });

  it('goes back to the queue when its worker stops', async () => {
    const stop = new AbortController();
    const { run } = scene(() => {
      stop.abort('shutdown');
      throw new Error('aborted');
    });
    expect(await run(QUESTION, { signal: stop.signal })).toEqual({ next: 'requeue' });
  });

  it.each([new QuireError('store-unavailable', 'Away.'), new TypeError('a fault of ours')])(
    'rejects with what is no fault of the source: %s',
    async (error) => {
      await expect(scene(throwing(error)).run()).rejects.toBe(error);
    },
  );
});
