import { describe, expect, it } from 'vitest';
import { NO_ITEMS, type BatchId, type BatchRecord } from '../../../src/domain/batch.ts';
import type { JobId } from '../../../src/domain/identity.ts';
import {
  batchCompleted,
  bookParsed,
  deliveryIdOf,
  isPattern,
  parseDeliveryId,
  payloadOf,
  picks,
} from '../../../src/webhooks/events/event.ts';
import { GIVE_UP_AFTER_MS, waitAfter } from '../../../src/webhooks/retry-schedule.ts';

const batch: BatchRecord = {
  batchId: '0mhf5k2x3abcdefghijk' as BatchId,
  total: 3,
  counts: { ...NO_ITEMS, parsed: 1, failed: 1, invalid: 1 },
  createdAtMs: Date.UTC(2026, 0, 31, 9, 30),
  endedAtMs: Date.UTC(2026, 0, 31, 9, 31),
  progressedAtMs: 0,
  cancelledAtMs: null,
  sealed: true,
  open: false,
  found: [],
  stoppedAtMs: null,
  options: { priority: 'normal', maxAgeMs: null, webhook: { url: 'https://receiver.example.com/', secret: 'whsec_secret' } },
};

describe('patterns', () => {
  it('pick events', () => {
    expect(['*', 'batch.*', 'batch.completed'].map((pattern) => picks(pattern, 'batch.completed'))).toEqual([true, true, true]);
    expect(['book.*', 'book.parsed', 'batch', 'batch.', 'b*', ''].map((pattern) => picks(pattern, 'batch.completed'))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('are refused when they pick nothing', () => {
    expect(['*', 'batch.*', 'book.*', 'book.parsed', 'batch.completed'].map(isPattern)).toEqual([true, true, true, true, true]);
    expect(['batch.ended', 'author.*', '**', '', 'BOOK.*', '.*'].map(isPattern)).toEqual([false, false, false, false, false, false]);
  });
});

describe('payloads', () => {
  it('have the counts of a batch, and nothing of its webhook', () => {
    const payload = payloadOf(batchCompleted(batch, 'https://quire.example.org'));
    expect(JSON.parse(payload)).toEqual({
      type: 'batch.completed',
      timestamp: '2026-01-31T09:31:00.000Z',
      data: {
        batchId: batch.batchId,
        state: 'completed',
        total: 3,
        counts: batch.counts,
        createdAt: '2026-01-31T09:30:00.000Z',
        finishedAt: '2026-01-31T09:31:00.000Z',
        url: `https://quire.example.org/batches/${batch.batchId}`,
      },
    });
    expect(payload).not.toContain('whsec_');
    expect(batchCompleted({ ...batch, cancelledAtMs: 5 }, '').data).toMatchObject({ state: 'cancelled', url: `/batches/${batch.batchId}` });
  });

  it('have the main fields of a book', () => {
    const body = Buffer.from(
      JSON.stringify({
        id: '2767052',
        url: 'https://www.goodreads.com/book/show/2767052',
        title: 'The Hunger Games',
        author: 'Suzanne Collins',
        rating: 4.34,
        isbn13: null,
        fetchedAt: 'x',
        description: 'long',
      }),
    );
    expect(bookParsed({ jobId: 'book-2767052' as JobId, run: 'r1', atMs: 5, body }).data).toEqual({
      bookId: '2767052',
      jobId: 'book-2767052',
      url: 'https://www.goodreads.com/book/show/2767052',
      title: 'The Hunger Games',
      author: 'Suzanne Collins',
      rating: 4.34,
      isbn13: null,
      fetchedAt: 'x',
    });
  });
});

describe('delivery ids', () => {
  const id = deliveryIdOf('wh0mhf5k2x3aabbccddeeff', batchCompleted(batch, ''));

  it('are the same for the same event, and differ by endpoint, event and type', () => {
    expect(
      deliveryIdOf('wh0mhf5k2x3aabbccddeeff', batchCompleted({ ...batch, counts: { ...batch.counts, parsed: 2 } }, 'https://elsewhere')),
    ).toBe(id);
    const others = [
      deliveryIdOf('wh0mhf5k2x3aabbccddee00', batchCompleted(batch, '')),
      deliveryIdOf('wh0mhf5k2x3aabbccddeeff', batchCompleted({ ...batch, batchId: '0mhf5k2x3abcdefghijl' as BatchId }, '')),
      deliveryIdOf('wh0mhf5k2x3aabbccddeeff', { ...batchCompleted(batch, ''), type: 'book.parsed' }),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });

  it('sort the latest event first', () => {
    const at = (atMs: number): string => deliveryIdOf('wh1', { type: 'book.parsed', atMs, key: 'k', data: {} });
    expect([at(1000), at(1_900_000_000_000), at(999_999_999_999), at(1_900_000_000_001)].sort()).toEqual([
      at(1_900_000_000_001),
      at(1_900_000_000_000),
      at(999_999_999_999),
      at(1000),
    ]);
  });

  it('are read back, and other texts are refused', () => {
    expect(parseDeliveryId(id)).toEqual({ id, endpointId: 'wh0mhf5k2x3aabbccddeeff' });
    expect(parseDeliveryId(deliveryIdOf(`b${batch.batchId}`, batchCompleted(batch, '')))?.endpointId).toBe(`b${batch.batchId}`);
    for (const text of ['', id.slice(1), `${id}0`, id.toUpperCase(), 'wh1-2', `${id}\n`, id.replace('-', ':')])
      expect(parseDeliveryId(text)).toBeNull();
  });
});

describe('the retry schedule', () => {
  const most = { retryAfterMs: null, random: () => 1 };

  it('backs off from 5 seconds to 6 hours', () => {
    expect([1, 2, 3, 4, 8, 9, 40].map((failures) => waitAfter(failures, most))).toEqual([
      5_000, 15_000, 45_000, 135_000, 10_935_000, 21_600_000, 21_600_000,
    ]);
  });

  it('has full jitter', () => {
    expect(waitAfter(9, { retryAfterMs: null, random: () => 0 })).toBe(1);
    expect(waitAfter(9, { retryAfterMs: null, random: () => 0.25 })).toBe(5_400_000);
  });

  it('never comes back before the receiver asked it to', () => {
    expect(waitAfter(1, { retryAfterMs: 120_000, random: () => 0 })).toBe(120_000);
    expect(waitAfter(1, { retryAfterMs: 120_000, random: () => 1 })).toBe(132_000);
    expect(waitAfter(8, { retryAfterMs: 1_000, random: () => 1 })).toBe(10_935_000);
  });

  it('makes enough attempts over at least a day', () => {
    // A fixed sequence that is spread like chance.
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const runs = Array.from({ length: 200 }, () => {
      let elapsed = 0;
      let attempts = 1;
      while (elapsed < GIVE_UP_AFTER_MS) elapsed += waitAfter(attempts++, { retryAfterMs: null, random });
      return { attempts, elapsed };
    });
    expect(Math.min(...runs.map(({ elapsed }) => elapsed))).toBeGreaterThanOrEqual(24 * 3_600_000);
    expect(Math.max(...runs.map(({ elapsed }) => elapsed))).toBeLessThanOrEqual(GIVE_UP_AFTER_MS + 6 * 3_600_000);
    const attempts = runs.map((run) => run.attempts);
    expect(Math.min(...attempts)).toBeGreaterThan(10);
    expect(Math.max(...attempts)).toBeLessThan(60);
  });
});
