import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { httpDate, MAX_RETRY_AFTER_MS, parseHttpDate, parseRetryAfter, retryAfter } from '../../../src/domain/time/http-time.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7000],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ['Sun, 06 Nov 2094 08:00:00 GMT', MAX_RETRY_AFTER_MS],
  ['9999999999', MAX_RETRY_AFTER_MS],
])('%j asks to wait %i ms', (header, ms) => {
  expect(parseRetryAfter(header, NOW)).toBe(ms);
});

test.each([undefined, '', 'soon', '-5', '1.5', '12345678901', 'Sun, 36 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z', []])(
  '%j asks for nothing',
  (header) => {
    expect(parseRetryAfter(header, NOW)).toBeNull();
  },
);

test('of several headers the first counts', () => {
  expect(parseRetryAfter(['3', '9'], NOW)).toBe(3000);
});

test('an HTTP date is read back to the second', () => {
  expect(httpDate(784_111_777_999)).toBe('Sun, 06 Nov 1994 08:49:37 GMT');
  expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(784_111_777_000);
});

test('a Retry-After that is sent is random, and never shorter than asked', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -10, max: 4000, noNaN: true }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (seconds, random) => {
        const given = Number(retryAfter(seconds, () => random));
        return Number.isInteger(given) && given >= 1 && given >= seconds && given <= Math.max(1, Math.ceil(seconds)) + 30;
      },
    ),
  );
  expect([retryAfter(2, () => 0), retryAfter(2, () => 0.999)]).toEqual(['2', '4']);
  expect(retryAfter(100, () => 0.999)).toBe('125');
});
