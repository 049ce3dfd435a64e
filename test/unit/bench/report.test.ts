import { describe, expect, it } from 'vitest';
import { mergeFigures, type PartResult } from '../../../bench/report.ts';
import { quantile, slope } from '../../../bench/statistics.ts';

const PAGE = 'Before.\n\n<!-- figures: written by npm run bench -- --docs -->\n\n<!-- end of figures -->\n\nAfter.\n';
const ORDER = ['crawl', 'read', 'submit'];

const result = (ours: number, cores: number): PartResult => ({
  machine: { cores },
  rows: [{ name: 'a row', store: null, ours, limit: 10, ratio: ours / 10, unit: 'ms', target: '≤ 1' }],
});

describe('mergeFigures', () => {
  const both = mergeFigures(
    PAGE,
    new Map([
      ['submit', result(5, 2)],
      ['crawl', result(20, 2)],
    ]),
    ORDER,
  );

  it('puts the parts between the marks, in their order, each with its machine', () => {
    expect(both).toMatch(/^Before\.\n\n<!-- figures/);
    expect(both).toMatch(/<!-- end of figures -->\n\nAfter\.\n$/);
    expect(both.indexOf('### crawl')).toBeLessThan(both.indexOf('### submit'));
    expect(both).toContain('### crawl\n\ncores 2\n\n| what |');
    expect(both).toContain('| a row |  | 20.0 ms | 10.0 | 2.00 | ≤ 1 | MISSED |');
  });

  it('replaces the figures of a part that was measured again and leaves the others as they are', () => {
    const again = mergeFigures(both, new Map([['crawl', result(8, 4)]]), ORDER);
    expect(again).toContain('### crawl\n\ncores 4\n');
    expect(again).not.toContain('20.0 ms');
    expect(again).toContain('### submit\n\ncores 2\n');
    expect(again).toContain('5.00 ms');
    expect(mergeFigures(again, new Map([['crawl', result(8, 4)]]), ORDER)).toBe(again);
  });

  it('adds a part in its place', () => {
    const more = mergeFigures(both, new Map([['read', result(1, 2)]]), ORDER);
    expect([...more.matchAll(/^### (\w+)$/gm)].map((match) => match[1])).toStrictEqual(ORDER);
  });

  it('refuses a page without a place for figures', () => {
    expect(() => mergeFigures('nothing', new Map(), ORDER)).toThrow(/no place/);
  });
});

describe('statistics', () => {
  it('takes the nearest rank as a quantile', () => {
    const values = Array.from({ length: 200 }, (_, n) => 200 - n);
    expect([quantile(values, 0.99), quantile(values, 0.5), quantile([7], 0.99)]).toStrictEqual([198, 100, 7]);
  });

  it('finds the slope of points around a line', () => {
    const points = Array.from({ length: 10 }, (_, x) => ({ x, y: 3 * x + 5 + (x % 2 === 0 ? 1 : -1) * (x < 5 ? 1 : -1) }));
    expect(slope(points)).toBeGreaterThan(2.8);
    expect(slope(points)).toBeLessThan(3.2);
    expect(slope(points.map(({ x }) => ({ x, y: 7 })))).toBe(0);
  });
});
