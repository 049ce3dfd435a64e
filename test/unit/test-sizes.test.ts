import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { inThisRun } from '../support/sizes.ts';
import { STORES } from '../support/service.ts';

const TESTS = join(import.meta.dirname, '..');
const SELF = 'unit/test-sizes.test.ts';

const asked = process.env['QUIRE_TESTS'];
afterEach(() => {
  if (asked === undefined) delete process.env['QUIRE_TESTS'];
  else process.env['QUIRE_TESTS'] = asked;
});

const storesIn = (size: string): string[] => {
  process.env['QUIRE_TESTS'] = size;
  return inThisRun(STORES);
};

it('the quick and the slow tests together run on every store, on none twice', () => {
  expect([...storesIn('quick'), ...storesIn('slow')].toSorted()).toEqual([...STORES].toSorted());
  expect(storesIn('all')).toEqual([...STORES]);
});

it('each file that takes some of the stores is one that the slow tests run too', () => {
  const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.ts') && name !== SELF);
  const taking = files.filter((name) => /inThisRun[(<]/.test(readFileSync(join(TESTS, name), 'utf8')));
  expect(taking.length).toBeGreaterThan(10);
  expect(taking.toSorted()).toEqual(files.filter((name) => name.endsWith('.stores.test.ts')).toSorted());
});
