/** What the header of a graft says: the library it was written for, and the test that fails when it is no longer needed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
const grafts = readdirSync(new URL('src/grafts/', root)).filter((name) => name.endsWith('.ts'));

/** The header as one line. */
const headerOf = (graft: string): string =>
  (/^\/\*\*([^]*?)\*\//.exec(read(`src/grafts/${graft}`))?.[1] ?? '').replaceAll(/\s*\n \*\s*/g, ' ').trim();

describe.each(grafts)('the graft %s', (graft) => {
  const header = headerOf(graft);

  it('is written for the version that is installed, and no other may be', () => {
    const [, library = '', version = ''] = /^Library: (\S+) (\d+\.\d+\.\d+)\. Reason: /.exec(header) ?? [];
    const installed = JSON.parse(read(`node_modules/${library}/package.json`)) as { version: string };
    expect(installed.version, `look whether ${graft} fits, then write the new version into its header`).toBe(version);
    expect(dependencies[library]).toBe(version);
  });

  it('names a test that fails when it is no longer needed, and the test names the graft', () => {
    const [, file = '', titles = ''] = / Expiry: (\S+\.test\.ts), (".*")\.( |$)/.exec(header) ?? [];
    expect(existsSync(new URL(file, root)), file).toBe(true);
    const test = read(file);
    expect(test).toContain(`the graft ${graft.replace('.ts', '')}'`);
    for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) expect(test).toContain(title);
  });
});
