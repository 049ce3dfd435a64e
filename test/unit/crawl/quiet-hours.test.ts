import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuietHours } from '../../../src/domain/time/quiet-hours.ts';

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
const until = (text: string, at: string): string | null => iso(parseQuietHours(text).untilMs(Date.parse(at)));

describe('a range', () => {
  test('within a day has an excluded end', () => {
    expect(until('09:00-17:30', '2026-01-15T08:59:59.999Z')).toBeNull();
    expect(until('09:00-17:30', '2026-01-15T09:00:00Z')).toBe('2026-01-15T17:30:00.000Z');
    expect(until('09:00-17:30', '2026-01-15T17:29:59.999Z')).toBe('2026-01-15T17:30:00.000Z');
    expect(until('09:00-17:30', '2026-01-15T17:30:00Z')).toBeNull();
  });

  test('across midnight ends the next morning', () => {
    expect(until('22:00-06:00', '2026-01-15T23:15:10Z')).toBe('2026-01-16T06:00:00.000Z');
    expect(until('22:00-06:00', '2026-01-16T05:59:00Z')).toBe('2026-01-16T06:00:00.000Z');
    expect(until('22:00-06:00', '2026-01-16T12:00:00Z')).toBeNull();
    expect(until('22:00-24:00', '2026-01-15T23:00:00Z')).toBe('2026-01-16T00:00:00.000Z');
  });

  test('is in the given time zone', () => {
    expect(until('22:00-06:00 America/Los_Angeles', '2026-01-15T23:00:00Z')).toBeNull();
    expect(until('22:00-06:00 America/Los_Angeles', '2026-01-16T07:00:00Z')).toBe('2026-01-16T14:00:00.000Z');
    expect(until('00:00-05:45 Asia/Kathmandu', '2026-01-15T18:15:00Z')).toBe('2026-01-16T00:00:00.000Z');
  });
});

describe('when the clocks change', () => {
  test('forward, the night is an hour shorter', () => {
    expect(until('22:00-06:00 America/Los_Angeles', '2026-03-08T07:00:00Z')).toBe('2026-03-08T13:00:00.000Z');
  });
  test('forward over the end itself, it ends with the jump', () => {
    expect(until('22:00-02:30 America/Los_Angeles', '2026-03-08T09:00:00Z')).toBe('2026-03-08T10:00:00.000Z');
  });
  test('back, the night is an hour longer', () => {
    expect(until('22:00-06:00 America/Los_Angeles', '2026-11-01T06:00:00Z')).toBe('2026-11-01T14:00:00.000Z');
  });
});

test('the end found is the first minute that is not quiet, at any time of any year', () => {
  const zones = ['UTC', 'America/Los_Angeles', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Casablanca'];
  const clock = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  const nearChange = fc.constantFrom(
    '2026-03-08T10:00Z',
    '2026-11-01T09:00Z',
    '2026-03-29T01:00Z',
    '2026-10-25T01:00Z',
    '2026-04-04T15:00Z',
    '2026-06-15T00:00Z',
  );
  fc.assert(
    fc.property(
      clock,
      clock,
      fc.constantFrom(...zones),
      nearChange,
      fc.integer({ min: -1440, max: 1440 }),
      (from, to, zone, day, offset) => {
        fc.pre(from !== to);
        const nowMs = Date.parse(day) + offset * 60_000;
        const found = parseQuietHours(`${from}-${to} ${zone}`).untilMs(nowMs);
        const isQuiet = (atMs: number): boolean => {
          const local = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
            atMs,
          );
          return from < to ? local >= from && local < to : local >= from || local < to;
        };
        expect(isQuiet(nowMs)).toBe(found !== null);
        if (found === null) return;
        expect(isQuiet(found)).toBe(false);
        for (let atMs = found - 60_000; atMs > nowMs && atMs > found - 10 * 60_000; atMs -= 60_000) expect(isQuiet(atMs)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

test.each(['', '22-6', '25:00-06:00', '22:60-06:00', '22:00-22:00', '00:00-24:00', '22:00-06:00 Mars/Olympus', '22:00-24:30'])(
  '%j is refused with a sentence',
  (text) => {
    expect(() => parseQuietHours(text)).toThrow(/^a range/);
  },
);
