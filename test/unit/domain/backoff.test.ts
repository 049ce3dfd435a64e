import { describe, expect, it } from 'vitest';
import { backoffMs, doublingMs, reconnectMs } from '../../../src/domain/backoff.ts';

describe('the wait before another attempt to connect', () => {
  it('doubles with each failure, up to the most', () => {
    expect([0, 1, 2, 3, 4, 100, 10_000].map((failures) => doublingMs(failures, 100, 1_000))).toEqual([
      100, 200, 400, 800, 1_000, 1_000, 1_000,
    ]);
  });
});

describe('the wait before the next attempt of a job', () => {
  const wait = (attempts: number, random: number, retryAfterMs: number | null = null): number =>
    backoffMs(attempts, { baseMs: 1_000, retryAfterMs, random: () => random });

  it('is a random part of a ceiling that doubles, and at most ten minutes', () => {
    expect([1, 2, 3, 50].map((attempts) => wait(attempts, 1))).toEqual([1_000, 2_000, 4_000, 600_000]);
    expect(wait(3, 0.5)).toBe(2_000);
    expect(wait(1, 0)).toBe(1);
  });

  it('is never less than what the source asked for, but for more than an hour', () => {
    expect(wait(1, 0, 5_000)).toBe(5_000);
    expect(wait(1, 1, 5_000)).toBe(5_500);
    expect(wait(1, 0, 86_400_000)).toBe(3_600_000);
  });
});

describe('reconnectMs', () => {
  const longest = (tries: number): number => reconnectMs(tries, () => 0);
  const upTo = (tries: number): number => Array.from({ length: tries }, (_, n) => longest(n + 1)).reduce((sum, ms) => sum + ms, 0);

  it('waits a second at most while a restart or a failover may take that long, then ever longer, up to ten', () => {
    expect([1, 2, 5, 20].map(longest)).toEqual([100, 200, 1_000, 1_000]);
    expect(upTo(20)).toBeGreaterThan(15_000);
    expect(longest(21)).toBe(1_200);
    expect([33, 60, 100_000].map(longest)).toEqual([10_000, 10_000, 10_000]);
    expect(upTo(33)).toBeLessThan(80_000);
  });

  it('takes off a quarter at most by chance, so that a fleet does not return in one moment', () => {
    expect(reconnectMs(20, () => 1)).toBe(750);
    expect(reconnectMs(100, () => 1)).toBe(7_500);
  });
});
