import { describe, expect, it } from 'vitest';
import { compareHealth, countsOfBook, type ParserCounts } from '../../../src/parser/drift.ts';
import { bookReference, parseBookId, type BookId } from '../../../src/domain/identity.ts';
import { readPage } from '../../../src/parser/read-page.ts';
import { fixture } from '../../support/corpus.ts';

function countsOfFixture(pages: number): ParserCounts {
  const reference = bookReference(parseBookId('7100001') as BookId);
  const reading = readPage({ status: 200, headers: {}, body: fixture('next', '7100001'), url: reference.url }, reference);
  if (reading.kind !== 'book') throw new Error('the fixture is not read as a book');
  return Object.fromEntries(Object.entries(countsOfBook(reading.book)).map(([name, n]) => [name, n * pages]));
}

describe('the health of the parser', () => {
  it('is unknown before there are enough pages', () => {
    expect(compareHealth(countsOfFixture(19), countsOfFixture(500)).state).toBe('unknown');
    expect(compareHealth(countsOfFixture(500), countsOfFixture(19)).state).toBe('unknown');
    expect(compareHealth({}, {}).fields.every((field) => field.recent === null && !field.drifting)).toBe(true);
  });

  it('is steady while pages carry what they used to', () => {
    const health = compareHealth(countsOfFixture(30), countsOfFixture(3000));
    expect(health).toMatchObject({ state: 'steady', pages: { recent: 30, before: 3000 } });
    expect(health.fields.find((field) => field.field === 'title')).toMatchObject({ recent: 1, before: 1, drifting: false });
  });

  it('names the field that is absent now', () => {
    const recent = countsOfFixture(100);
    const layer = Object.keys(recent).find((name) => name.startsWith('found:description:')) ?? '';
    recent[layer] = 90;
    recent['missing:description'] = 10;
    const health = compareHealth(recent, countsOfFixture(3000));
    expect(health.state).toBe('drifting');
    expect(health.fields.filter((field) => field.drifting).map((field) => field.field)).toEqual(['description']);
  });

  it('reports a field that now comes from another layer', () => {
    const recent = countsOfFixture(100);
    recent['found:title:json-ld'] = recent['found:title:next-data'] ?? 0;
    delete recent['found:title:next-data'];
    expect(compareHealth(recent, countsOfFixture(3000)).fields.find((field) => field.field === 'title')).toMatchObject({
      drifting: true,
      layer: 'json-ld',
      layerBefore: 'next-data',
    });
  });

  it('reports an unknown layout, although no field is absent', () => {
    const health = compareHealth({ ...countsOfFixture(30), 'reading:unrecognised': 10 }, countsOfFixture(3000));
    expect(health).toMatchObject({ state: 'drifting', unrecognised: { recent: 0.25, before: 0 } });
  });
});
