import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, FUNCTIONS_MARK, MIGRATIONS, SCHEMA_VERSION } from '../../../src/storage/postgres/schema.ts';

/** The digest of each migration that a release had. A line is added with its file, and neither ever changes. */
const RELEASED: Record<string, string> = {
  '001-tables.sql': 'd0f80e1251b4026fb29aff2b1df81b23f1dbc7be5dba5d327218025ab541f33e',
  '004-search.sql': '94775fabc72b1d8ba3acd3fd767c2ab325c864c91fc7c65ea8a1af7a129882b4',
  '005-growing.sql': '7f83d9387a638f76fdeaac29c8b155a7ec871062cc5399a9f75a2e34838f4bdc',
};

describe('the migrations', () => {
  it('never change: databases that ran one do not run it again', () => {
    const digests = MIGRATIONS.map(({ name, text }) => [name, createHash('sha256').update(text).digest('hex')]);
    expect(Object.fromEntries(digests)).toEqual(RELEASED);
  });

  it('are numbered upwards, and 2 and 3 are taken: a database of version 0.1.0 has them', () => {
    const versions = MIGRATIONS.map(({ version }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(new Set(versions).size).toBe(versions.length);
    expect(versions.filter((version) => [2, 3].includes(version))).toEqual([]);
    expect(SCHEMA_VERSION).toBeGreaterThanOrEqual(3);
  });
});

describe('the functions', () => {
  it('have no placeholder left but the schema and the channel', () => {
    // `@@` is the operator of full-text search.
    expect([...new Set(FUNCTIONS.replaceAll('@@', '').match(/@\w*\.?/g))].toSorted()).toEqual(['@.', '@channel']);
  });

  it('include every name that version 0.1.0 calls', () => {
    const names = [...FUNCTIONS.matchAll(/^CREATE OR REPLACE FUNCTION @\.(\w+)/gm)].map(([, name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'put_book',
        'mark_missing',
        'purge_known',
        'submit',
        'settle_items',
        'settle_some',
        'cancel_batch',
        'trim_jobs',
      ]),
    );
  });

  it('are named by a mark that follows their text', () => {
    expect(FUNCTIONS_MARK).toBe(`functions ${createHash('sha256').update(FUNCTIONS).digest('hex').slice(0, 16)}`);
  });
});
