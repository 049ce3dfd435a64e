import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accuracy, measureAccuracy, type ExpectedPage } from '../../../scripts/accuracy.ts';
import { FIXTURES } from '../../support/corpus.ts';

async function run(...args: string[]): Promise<{ code: number; output: string }> {
  let output = '';
  const code = await accuracy(args, (text) => {
    output += text;
  });
  return { code, output };
}

describe('npm run accuracy', () => {
  let dir = '';

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'quire-accuracy-'));
    await cp(FIXTURES, dir, { recursive: true });
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function plant(change: (expected: Record<string, ExpectedPage>) => void): Promise<void> {
    const expected = JSON.parse(await readFile(join(FIXTURES, 'expected.json'), 'utf8')) as Record<string, ExpectedPage>;
    change(expected);
    await writeFile(join(dir, 'expected.json'), JSON.stringify(expected));
  }

  it('finds nothing wrong on our own pages', async () => {
    const { code, output } = await run(FIXTURES, '--min', '1');
    expect(output).toMatch(/8 pages, rate 1\.00000/);
    expect(code).toBe(0);
  });

  it('reports wrong, absent and invented values, and fails below --min', async () => {
    await plant((expected) => {
      const page = expected['next/7100001.html'];
      if (page === undefined) throw new Error('fixture gone');
      page.publisher = 'Nobody & Sons';
      page.language = null;
      const bare = expected['next/7100002.html'];
      if (bare === undefined) throw new Error('fixture gone');
      bare.pages = 12;
    });
    const report = await measureAccuracy(dir);
    expect(report.differences.map(({ file, field, outcome }) => `${file} ${field} ${outcome}`)).toEqual([
      'next/7100001.html publisher wrong',
      'next/7100001.html language invented',
      'next/7100002.html pages missing',
    ]);
    expect(report.tallies.get('next')?.get('publisher')).toEqual({ right: 3, wrong: 1, missing: 0, invented: 0 });
    const { code, output } = await run(dir, '--min', '0.995');
    expect(code).toBe(1);
    expect(output).toContain('wrong publisher in next/7100001.html\n    expected "Nobody & Sons"\n    got      "Harbour & Sons"');
    expect((await run(dir, '--min', '0.9')).code).toBe(0);
  });

  it('fails when a page is no book, at any rate', async () => {
    await plant(() => undefined);
    await writeFile(join(dir, 'pages/next/7100004.html'), 'gone');
    const { code, output } = await run(dir, '--min', '0');
    expect(code).toBe(1);
    expect(output).toMatch(/not a book: next\/7100004\.html\n {2}unrecognised/);
  });

  it('says how it is used', async () => {
    expect(await run()).toMatchObject({ code: 2, output: expect.stringContaining('usage') });
    expect(await run(FIXTURES, '--min', 'much')).toMatchObject({ code: 2 });
  });
});
