import { describe, expect, it } from 'vitest';
import { createAnswers, KEEP_ANSWER_MS, KEEP_FAILURE_MS, type Answer } from '../../../src/app/look-ups/answers.ts';
import { createLookUps, MOST_WAITING, type LookUpQueue } from '../../../src/app/look-ups/look-ups.ts';
import {
  findQuestion,
  firstPageQuestion,
  idOfQuestion,
  pathOfQuestion,
  readQuestion,
  type Question,
} from '../../../src/app/look-ups/question.ts';
import type { SourceState } from '../../../src/crawl/source/source-state.ts';
import { createMemoryDocuments } from '../../support/memory-documents.ts';

const OPEN: SourceState = { mode: 'open', sinceMs: 0, reason: null, rate: 1, nextProbeAtMs: null, closed: null };
const QUESTION = findQuestion('quiet rivers');
const ROWS: Answer = { kind: 'suggestions', askedAtMs: 1, rows: [] };
const never = new AbortController().signal;

/** The asking side on an empty store, with a queue that only remembers, and a source that a test can close. */
function scene({ timeoutMs = 20, waiting = 0 } = {}) {
  const store = createMemoryDocuments();
  let nowMs = 1_700_000_000_000;
  const answers = createAnswers({ store, now: () => nowMs });
  const added: Question[] = [];
  let state = OPEN;
  const listeners = new Set<(state: SourceState) => void>();
  const queue: LookUpQueue = { add: async (question) => void added.push(question), countWaiting: async () => waiting };
  const source = {
    current: () => state,
    onChange(listener: (state: SourceState) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return {
    answers,
    added,
    lookUps: createLookUps({ answers, signals: store.signals, queue, source, timeoutMs, now: () => nowMs }),
    listening: () => listeners.size,
    pass: (ms: number) => void (nowMs += ms),
    close(why: 'blocked' | 'unreachable' | 'quiet-hours' | 'retry-after') {
      state = { ...OPEN, reason: 'It shows a challenge.', closed: { untilMs: nowMs + 60_000, why } };
      for (const listener of listeners) listener(state);
    },
  };
}

describe('a question', () => {
  it.each([
    ['Quiet  Rivers ', 'quiet rivers'],
    ['0-439-02348-3', '9780439023481'],
    ['ÉTÉ', 'E\u0301te\u0301'],
  ])('is the same as an equal one: %j and %j', (one, other) => {
    expect(idOfQuestion(findQuestion(one))).toBe(idOfQuestion(findQuestion(other)));
  });

  it('differs from another one', () => {
    const questions = [findQuestion('a'), findQuestion('b'), firstPageQuestion('list', '1'), firstPageQuestion('series', '1')];
    expect(new Set(questions.map(idOfQuestion)).size).toBe(questions.length);
    for (const question of questions) expect(idOfQuestion(question)).toMatch(/^[\w%.~!'()*-]+$/);
  });

  it.each([['a&q=b'], ['../../user/sign_out'], ['x#y'], ['50% off?'], ['\ud800half'], ['nul\0']])(
    'keeps the words of a user out of the path: %j',
    (text) => {
      const path = pathOfQuestion(findQuestion(text));
      expect(path).toMatch(/^\/book\/auto_complete\?format=json&q=[\w%.~!'()*-]+$/);
      expect(new URL(path, 'http://x').searchParams.getAll('q')).toHaveLength(1);
    },
  );

  it('is read back from JSON, and nothing else is', () => {
    for (const question of [QUESTION, firstPageQuestion('shelf', 'science-fiction')])
      expect(readQuestion(JSON.parse(JSON.stringify(question)))).toEqual(question);
    const odd = [null, 'find', {}, { kind: 'find' }, { kind: 'find', q: '' }, { kind: 'first-page', family: 'list', id: '../1' }];
    for (const value of [...odd, { kind: 'first-page', family: 'user', id: '1' }]) expect(readQuestion(value)).toBeNull();
  });
});

describe('asking', () => {
  it('waits for the answer that a worker keeps', async () => {
    const { lookUps, answers, added, listening } = scene({ timeoutMs: 5_000 });
    const asked = lookUps.ask(QUESTION, never);
    await expect.poll(() => added).toEqual([QUESTION]);
    await answers.keep(idOfQuestion(QUESTION), ROWS);
    expect(await asked).toEqual({ state: 'asked', answer: ROWS });
    expect(await lookUps.ask(QUESTION, never)).toEqual({ state: 'cached', answer: ROWS });
    expect(added).toHaveLength(1);
    expect(listening()).toBe(0);
    expect(Object.fromEntries(lookUps.counts())).toEqual({ 'find asked': 1, 'find cached': 1 });
  });

  it('gives up after its time, and leaves the question in the queue', async () => {
    const { lookUps, added } = scene({ timeoutMs: 10 });
    expect(await lookUps.ask(QUESTION, never)).toEqual({ state: 'unknown', reason: expect.stringContaining('stays queued') });
    expect(added).toEqual([QUESTION]);
  });

  it('queues once for many callers, and gives all the same', async () => {
    const { lookUps, added } = scene({ timeoutMs: 10 });
    const results = await Promise.all(Array.from({ length: 50 }, () => lookUps.ask(QUESTION, never)));
    expect(new Set(results.map(({ state }) => state))).toEqual(new Set(['unknown']));
    expect(added).toHaveLength(1);
  });

  it.each(['blocked', 'unreachable', 'quiet-hours', 'retry-after'] as const)(
    'queues nothing while the source is closed: %s',
    async (why) => {
      const { lookUps, added, close } = scene();
      close(why);
      const result = await lookUps.ask(QUESTION, never);
      expect(result).toEqual({ state: 'unknown', reason: expect.stringContaining('not before 2023-11-14T22:14:20') });
      expect(added).toEqual([]);
    },
  );

  it('stops waiting when the source closes', async () => {
    const { lookUps, added, close } = scene({ timeoutMs: 60_000 });
    const asked = lookUps.ask(QUESTION, never);
    await expect.poll(() => added.length).toBe(1);
    close('blocked');
    expect(await asked).toEqual({ state: 'unknown', reason: expect.stringContaining('It shows a challenge') });
  });

  it('stops waiting when the process does', async () => {
    const { lookUps, added } = scene({ timeoutMs: 60_000 });
    const closing = new AbortController();
    const asked = lookUps.ask(QUESTION, closing.signal);
    await expect.poll(() => added.length).toBe(1);
    closing.abort();
    expect(await asked).toEqual({ state: 'unknown', reason: 'This process stops: ask again.' });
  });

  it('queues nothing more when many questions wait', async () => {
    const { lookUps, added } = scene({ waiting: MOST_WAITING });
    expect(await lookUps.ask(QUESTION, never)).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('ask again in a minute'),
    });
    expect(added).toEqual([]);
  });

  it('keeps an answer for a day, and a failure for a minute', async () => {
    const { lookUps, answers, pass } = scene();
    const other = findQuestion('other');
    await answers.keep(idOfQuestion(QUESTION), ROWS);
    await answers.keep(idOfQuestion(other), { kind: 'failed', askedAtMs: 1, code: 'crawl-failed', reason: 'No answer.' });
    expect(await lookUps.ask(other, never)).toEqual({ state: 'unknown', reason: 'No answer.' });
    pass(KEEP_FAILURE_MS + 1);
    expect(await answers.read(idOfQuestion(other))).toBeNull();
    pass(KEEP_ANSWER_MS - KEEP_FAILURE_MS - 2);
    expect(await lookUps.ask(QUESTION, never)).toMatchObject({ state: 'cached' });
    pass(2);
    expect(await answers.read(idOfQuestion(QUESTION))).toBeNull();
  });
});
