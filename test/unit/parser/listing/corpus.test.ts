import { describe, expect, it } from 'vitest';
import { measureFamilies } from '../../../../scripts/accuracy-families.ts';
import { corpusDir, filesOf, FIXTURES } from '../../../support/corpus.ts';
import { expectValidListing, readBody } from './listing-answers.ts';

const dir = corpusDir('the reader of lists on real pages');

it('our own pages of families are read without a fault', async () => {
  const report = await measureFamilies(FIXTURES);
  expect(report.differences).toEqual([]);
  expect([...report.tallies.keys()].toSorted()).toEqual([
    'author',
    'author-list',
    'autocomplete',
    'editions',
    'genre',
    'list',
    'none',
    'other',
    'review-list',
    'search',
    'series',
    'shelf',
  ]);
});

describe.skipIf(dir === null)('real pages', () => {
  it('that list books or none, by npm run accuracy', async () => {
    const report = await measureFamilies(dir ?? '');
    expect(report.pages).toBeGreaterThan(40);
    expect(report.differences.filter(({ outcome }) => outcome === 'invented')).toEqual([]);
    expect(report.rate).toBeGreaterThanOrEqual(0.995);
  });

  it.each(dir === null ? [] : ['legacy', 'next', 'failure', 'trimmed'])('of %s never become a list that was asked for', (folder) => {
    for (const { file, body } of filesOf(dir ?? '', folder)) {
      const reading = readBody(body, { family: 'list', id: '1', page: 1 });
      expectValidListing(reading);
      expect([file, reading.kind]).not.toEqual([file, 'listing']);
    }
  });

  it.each(dir === null ? [] : ['list', 'series', 'author', 'shelf', 'genre'])('of %s that were cut off are not recognised', (folder) => {
    for (const { file, body } of filesOf(dir ?? '', folder)) {
      for (let part = 1; part < 4; part += 1) {
        const reading = readBody(body.subarray(0, Math.floor((body.length * 0.95 * part) / 4)));
        expect([file, part, reading.kind]).toEqual([file, part, expect.stringMatching(/unrecognised|other-page/)]);
      }
    }
  });
});
