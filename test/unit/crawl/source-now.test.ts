import { describe, expect, it } from 'vitest';
import { etaSeconds, type SourceNow } from '../../../src/crawl/source/source-now.ts';

const NOW_MS = 1_700_000_000_000;
const closed = (seconds: number): SourceNow['closed'] => ({ untilMs: NOW_MS + seconds * 1000, why: 'retry-after' });

describe('the estimate', () => {
  it.each<[string, number, Partial<SourceNow>, number | null]>([
    ['by the rate', 10, { rate: 0.5 }, 20],
    ['not at all while blocked', 10, { mode: 'blocked', closed: closed(60) }, null],
    ['not at all without a limit', 10, { rate: null }, null],
    ['the rest of a closed time comes first', 10, { rate: 0.5, closed: closed(600) }, 620],
    ['a closed time alone, without a limit', 10, { rate: null, closed: closed(600) }, 600],
    ['a closed time that is over counts for nothing', 10, { rate: 0.5, closed: closed(-5) }, 20],
  ])('%s', (_name, pages, now, seconds) => {
    expect(etaSeconds(pages, { mode: 'open', rate: 1, nextProbeAtMs: null, closed: null, ...now }, NOW_MS)).toBe(seconds);
  });
});
