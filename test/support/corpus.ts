/** The real pages beside this repository (`../shared/pages`), which are never part of it. Tests that need them say loudly when they are not there. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ExpectedPage } from '../../scripts/accuracy.ts';

const CORPUS = join(import.meta.dirname, '..', '..', '..', 'shared', 'pages');
/** Pages of our own making, with their true values. */
export const FIXTURES = join(import.meta.dirname, '..', 'fixtures');

/** The folder of real pages, or `null` after a line on stderr that `tests` are skipped. */
export function corpusDir(tests: string): string | null {
  if (existsSync(join(CORPUS, 'expected.json'))) return CORPUS;
  process.stderr.write(
    `\n!!! SKIPPED: ${tests}: there are no real pages in ../shared/pages; only the project's own fixtures were tested\n\n`,
  );
  return null;
}

/** One page with its true values. */
export interface TruePage {
  file: string;
  body: Buffer;
  expected: ExpectedPage;
}

/** The pages of `expected.json` in a folder (the project's own keep them in `pages/`). */
export function truePages(dir: string): TruePage[] {
  const pagesDir = existsSync(join(dir, 'pages')) ? join(dir, 'pages') : dir;
  const expected = JSON.parse(readFileSync(join(dir, 'expected.json'), 'utf8')) as Record<string, ExpectedPage>;
  return Object.entries(expected).map(([file, values]) => ({ file, expected: values, body: readFileSync(join(pagesDir, file)) }));
}

/** Every file of one of a folder's folders, with its bytes. */
export function filesOf(dir: string, folder: string): { file: string; body: Buffer }[] {
  return readdirSync(join(dir, folder)).map((file) => ({ file: `${folder}/${file}`, body: readFileSync(join(dir, folder, file)) }));
}

/** A page of our own making: `fixture('next', '7100001')` or `fixture('failure', 'challenge')`. */
export function fixture(folder: 'next' | 'legacy' | 'failure', name: string): Buffer {
  return readFileSync(folder === 'failure' ? join(FIXTURES, folder, `${name}.html`) : join(FIXTURES, 'pages', folder, `${name}.html`));
}
