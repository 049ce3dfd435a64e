import { describe, expect, it } from 'vitest';
import { NO_ITEMS, type BatchId } from '../../../src/domain/batch.ts';
import type { BookId, JobId } from '../../../src/domain/identity.ts';
import { bookRule, compareBatches, documentRule, isJobThere, jobRule, pageRule, tallyRule } from '../../../src/migrate/rules.ts';
import type { KnownRecord, MovedBatch, MovedJob } from '../../../src/storage/transfer.ts';

const NAME = 'book-1' as JobId;
const copy = (fetchedAtMs: number, more: Partial<{ freshUntilMs: number; body: string }> = {}): KnownRecord => ({
  kind: 'book',
  name: NAME,
  keepUntilMs: 99,
  book: {
    bookId: '1' as BookId,
    body: Buffer.from(more.body ?? '{}'),
    etag: 'e'.repeat(16),
    fetchedAtMs,
    freshUntilMs: more.freshUntilMs ?? 50,
    richness: 1,
  },
});
const alias = (bookId: string): KnownRecord => ({ kind: 'alias', name: NAME, keepUntilMs: 99, bookId: bookId as BookId });
const missing = (sinceMs: number): KnownRecord => ({ kind: 'not-found', name: NAME, keepUntilMs: 99, sinceMs, untilMs: 99 });

describe('of two records of a book', () => {
  it.each<[string, KnownRecord, KnownRecord | undefined, boolean]>([
    ['any where there is none', missing(1), undefined, true],
    ['a newer copy', copy(2), copy(1), true],
    ['an older copy', copy(1), copy(2), false],
    ['the same copy', copy(1), copy(1), false],
    ['the same copy, fresh for longer', copy(1, { freshUntilMs: 60 }), copy(1), true],
    ['the same copy, fresh for less', copy(1, { freshUntilMs: 40 }), copy(1), false],
    ['a copy of the same time with other bytes', copy(1, { body: '{"a":1}' }), copy(1), true],
    ['a copy where none was known', copy(1), missing(2), true],
    ['"missing" where a copy is', missing(2), copy(1), false],
    ['a later "missing"', missing(2), missing(1), true],
    ['an earlier "missing"', missing(1), missing(2), false],
    ['an alias over a copy', alias('2'), copy(9), true],
    ['a copy over an alias', copy(9), alias('2'), false],
    ['the same alias', alias('2'), alias('2'), false],
    ['an alias that leads elsewhere', alias('3'), alias('2'), true],
  ])('%s', (_case, given, held, written) => {
    expect(bookRule(given, held)).toBe(written ? given : null);
  });
});

const live: MovedJob = {
  jobId: NAME,
  run: 'one',
  state: 'live',
  priority: 'normal',
  createdAtMs: 1,
  settledAtMs: null,
  attempts: 0,
  waiters: 1,
  error: null,
  bookId: null,
  timeline: [],
  solo: false,
  waiting: ['a.0'],
};
const ended: MovedJob = { ...live, state: 'parsed', settledAtMs: 5, waiting: [] };

describe('of two records of a job', () => {
  it.each<[string, MovedJob, MovedJob | undefined, MovedJob | null]>([
    ['any where there is none', live, undefined, live],
    ['the end of the same run', ended, live, ended],
    ['the same run, which has ended', live, ended, null],
    ['a live run where another has ended', { ...live, run: 'two' }, ended, { ...live, run: 'two' }],
    ['an ended run where another is live', ended, { ...live, run: 'two' }, null],
    ['a later end', { ...ended, run: 'two', settledAtMs: 6 }, ended, { ...ended, run: 'two', settledAtMs: 6 }],
    ['an earlier end', { ...ended, run: 'two', settledAtMs: 4 }, ended, null],
    ['the same', live, live, null],
    [
      'two live ones become one, as urgent as the more urgent',
      { ...live, run: 'two', priority: 'interactive', solo: true, waiting: ['b.1'] },
      live,
      { ...live, priority: 'interactive', solo: true, waiting: ['a.0', 'b.1'] },
    ],
  ])('%s', (_case, given, held, written) => {
    expect(jobRule(given, held)).toEqual(written);
  });

  it('one that is live in the target is there, who waits for it is told by the items', () => {
    expect(isJobThere({ ...live, waiting: ['b.1'] }, live)).toBe(true);
    expect(isJobThere(live, ended)).toBe(true);
    expect(isJobThere({ ...live, run: 'two' }, ended)).toBe(false);
    expect(isJobThere(ended, undefined)).toBe(false);
  });
});

describe('of two other records', () => {
  it('the document of the higher version, the larger counters and the later page', () => {
    const document = { key: 'k', version: 2, json: '{}', expireAtMs: null };
    expect(documentRule(document, { ...document, version: 1 })).toBe(document);
    expect(documentRule(document, { ...document, json: '[]' })).toBeNull();
    const tally = { series: 's', hour: 1, keepUntilMs: null, counts: { a: 3, b: 1 } };
    expect(tallyRule(tally, { ...tally, counts: { a: 1, b: 4, c: 5 } })?.counts).toEqual({ a: 3, b: 4, c: 5 });
    expect(tallyRule(tally, { ...tally, counts: { a: 3, b: 2 } })).toBeNull();
    const page = { jobId: NAME, bytes: Buffer.from('x'), keptAtMs: 2, expireAtMs: 9 };
    expect([pageRule(page, { ...page, keptAtMs: 1 }), pageRule(page, page)]).toEqual([page, null]);
  });

  it('the batch that has gone further', () => {
    const counts = { ...NO_ITEMS, queued: 2, parsed: 1 };
    const batch: MovedBatch = {
      batchId: 'batch0000000001' as BatchId,
      total: 3,
      counts,
      createdAtMs: 1,
      endedAtMs: null,
      progressedAtMs: 1,
      cancelledAtMs: null,
      options: { priority: 'normal', maxAgeMs: null, webhook: null },
      sealed: true,
      open: false,
      found: [],
      stoppedAtMs: null,
      announced: false,
      itemCount: 3,
      logLength: 1,
      keepUntilMs: null,
    };
    const further: MovedBatch = { ...batch, counts: { ...counts, queued: 1, failed: 1 }, logLength: 2 };
    expect(compareBatches(batch, undefined)).toBe('behind');
    expect(compareBatches(batch, { ...batch, counts: { ...counts } })).toBe('same');
    expect(compareBatches(further, batch)).toBe('behind');
    expect(compareBatches(batch, further)).toBe('ahead');
    // One that was taken in half way is written anew; one whose end is announced by now is not announced again.
    expect(compareBatches(batch, { ...batch, itemCount: 2 })).toBe('behind');
    expect(compareBatches(batch, { ...batch, announced: true })).toBe('same');
    // A collection that is read has not gone further; one that was closed, or has found a book, is written anew.
    const reading = { ...batch, counts: { ...counts, queued: 1, expanding: 1 } };
    expect(compareBatches(reading, batch)).toBe('behind');
    expect(compareBatches(batch, { ...batch, open: true })).toBe('behind');
    expect(compareBatches({ ...batch, found: ['5' as BookId] }, batch)).toBe('behind');
  });
});
