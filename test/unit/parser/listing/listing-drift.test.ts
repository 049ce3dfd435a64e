import { describe, expect, it } from 'vitest';
import { compareHealth, type ParserCounts } from '../../../../src/parser/drift.ts';
import { countsOfListing } from '../../../../src/parser/listing/listing-drift.ts';
import type { CollectionFamily } from '../../../../src/domain/collection.ts';
import type { ListingTrap } from '../../../../scripts/goodreads-listings.ts';
import { readMade } from './listing-answers.ts';

/** The counters after so many pages of a family. */
function counted(family: CollectionFamily, pages: number, change?: (html: string) => string, trap?: ListingTrap): ParserCounts {
  const reading = readMade({ family, id: '1', page: 1, total: 120, ...(trap === undefined ? {} : { trap }) }, change);
  return Object.fromEntries(Object.entries(countsOfListing(family, reading)).map(([name, n]) => [name, n * pages]));
}

describe('the health of pages that list books', () => {
  it('is steady while pages carry what they used to', () => {
    for (const family of ['list', 'series', 'author', 'author-list', 'editions', 'shelf', 'genre'] as const) {
      const { families } = compareHealth(counted(family, 30), counted(family, 300));
      expect(families).toEqual([
        {
          family,
          pages: { recent: 30, before: 300 },
          unrecognised: { recent: 0, before: 0 },
          unreadRows: { recent: 0, before: 0 },
          absent: [],
          drifting: false,
        },
      ]);
    }
  });

  it('leaves out families without pages', () => {
    expect(compareHealth({}, {}).families).toEqual([]);
    expect(countsOfListing('list', readMade({ family: 'list', id: '1', page: 9, total: 120 }))).toEqual({});
    expect(countsOfListing('list', { kind: 'blocked', reason: 'No.' })).toEqual({});
  });

  it('is drifting after three pages of a new layout, and so is the parser', () => {
    const lost = counted('list', 3, undefined, 'new-layout');
    const health = compareHealth(lost, counted('list', 300));
    expect(health).toMatchObject({ state: 'drifting', families: [{ drifting: true, unrecognised: { recent: 1, before: 0 } }] });
    expect(compareHealth(counted('list', 2, undefined, 'new-layout'), counted('list', 300)).families).toMatchObject([{ drifting: false }]);
    // The share was the same before.
    expect(compareHealth(lost, lost).families).toMatchObject([{ drifting: false }]);
  });

  it('names what is absent now', () => {
    const recent = counted('series', 30, (html) => html.replaceAll('seriesHeaders', 'headers').replaceAll('workId', 'work'));
    const health = compareHealth(recent, counted('series', 300));
    expect(health).toMatchObject({ state: 'drifting', families: [{ absent: ['works', 'positions'], drifting: true }] });
  });

  it('counts rows that cannot be read', () => {
    const recent = counted('list', 1, (html) => html.replaceAll(/\/book\/show\/200010000[0-2]-/g, '/b/'));
    expect(compareHealth(recent, {}).families).toMatchObject([{ unreadRows: { recent: 3, before: 0 } }]);
  });
});
