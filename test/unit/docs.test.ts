import { readdir, readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REFERENCES, withTables } from '../../scripts/reference.ts';
import { SETTINGS } from '../../src/config/config.ts';
import { ERRORS } from '../../src/errors.ts';
import { ADVICE } from '../../src/http/answers/error-advice.ts';

const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

/** Every document that people read, as a path from the root. */
async function documents(): Promise<string[]> {
  const guides = await readdir(new URL('../../docs', import.meta.url), { recursive: true });
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...guides.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
}

describe('the reference docs', () => {
  it.each(REFERENCES.map(({ file, tables }) => [file, tables] as const))(
    '%s has the tables that the code makes (`npm run openapi` writes them)',
    async (file, tables) => {
      const document = await read(file);
      expect(withTables(document, tables)).toBe(document);
    },
  );

  it('.env.example names every setting with its default, and nothing else', async () => {
    const lines = (await read('.env.example')).split('\n').flatMap((line) => {
      const [, name, value] = /^#? ?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value]];
    });
    expect(Object.fromEntries(lines)).toEqual(Object.fromEntries(Object.values(SETTINGS).map(({ env, fallback }) => [env, fallback])));
  });

  it('there is advice for every error', () => {
    expect(Object.keys(ADVICE).toSorted()).toEqual(Object.keys(ERRORS).toSorted());
  });

  it('every guide is linked from the README', async () => {
    const [readme, files] = [await read('README.md'), await readdir(new URL('../../docs', import.meta.url))];
    expect(files.filter((file) => file.endsWith('.md') && !readme.includes(`(docs/${file})`))).toEqual([]);
  });

  it('every link inside the documents leads to a file, and to a heading where it names one', async () => {
    const anchorsOf = (text: string): string[] =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      );
    const broken: string[] = [];
    let followed = 0;
    for (const file of await documents()) {
      for (const [, link = ''] of (await read(file)).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? file : posix.join(posix.dirname(file), path);
        const text = await read(target).catch(() => (path.endsWith('/') ? '' : null));
        followed += 1;
        if (text === null || (anchor !== undefined && !anchorsOf(text).includes(anchor))) broken.push(`${file}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    expect(followed).toBeGreaterThan(50);
  });

  it('every TypeScript file that the documents name with its folder is there', async () => {
    const [all, gone] = [new Set<string>(), [] as string[]];
    for (const file of await documents()) {
      for (const [, path = ''] of (await read(file)).matchAll(/`((?:[\w-]+\/)+[\w.-]+\.ts)`/g)) {
        all.add(path);
        const found = await Promise.all([path, `src/${path}`, `src/parser/${path}`].map((place) => read(place).catch(() => null)));
        if (found.every((text) => text === null)) gone.push(`${file}: ${path}`);
      }
    }
    expect(gone).toEqual([]);
    expect(all.size).toBeGreaterThan(20);
  });

  it('docs/architecture.md says of each part what the import rule lets it import', async () => {
    const list = (text: string): string[] => [...text.matchAll(/[`'](\w+)[`']/g)].map(([, name = '']) => name).toSorted();
    const rules = [...(await read('.dependency-cruiser.mjs')).matchAll(/^ {2}(\w+): \[(.*)\],$/gm)].map(
      ([, part = '', names = '']) => [part, list(names).filter((name) => name !== 'domain' && name !== 'errors')] as const,
    );
    const told = [...(await read('docs/architecture.md')).matchAll(/^\| `(\w+)(?:\/|\.ts)` +\|.*\|([^|]*)\|$/gm)].map(
      ([, part = '', names = '']) => [part, list(names)] as const,
    );
    expect(rules.length).toBeGreaterThan(10);
    expect(Object.fromEntries(told)).toMatchObject(Object.fromEntries(rules));
  });

  it('the worked example of the README asks a Quire of its own, and that one the stand-in', async () => {
    const [, example = ''] = /## A worked example\n([^]*?)\n\| what/.exec(await read('README.md')) ?? [];
    const scripts = (JSON.parse(await read('package.json')) as { scripts: Record<string, string> }).scripts;
    const standIn = /--port (\d+)/.exec(scripts['stand-in'] ?? '')?.[1];
    const start = /PORT=(\d+) GOODREADS_ORIGIN=http:\/\/127\.0\.0\.1:(\d+) DATA_DIR=\S+ npm start/.exec(example);
    expect(start?.[2]).toBe(standIn);
    expect(start?.[1]).not.toBe('3000');
    const steps = ['npm run stand-in', start?.[0] ?? '?', 'curl '].map((step) => example.indexOf(step));
    expect(steps).toEqual(steps.filter((at) => at >= 0).toSorted((a, b) => a - b));
    const asked = [...example.matchAll(/localhost:(\d+)/g)].map(([, port]) => port);
    expect(new Set(asked)).toEqual(new Set([start?.[1]]));
  });

  it('docs/api.md speaks of paths that there are', async () => {
    const known = [...(await read('openapi.yaml')).matchAll(/^ {2}(\/\S*):$/gm)].map(
      ([, path = '']) => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    );
    const told = [...(await read('docs/api.md')).replaceAll(/'?\$BATCH'?/g, 'x').matchAll(/localhost:3000(\/[^\s'?]*)/g)].map(
      ([, path = '']) => path.replace("'$BATCH'", 'x'),
    );
    expect(told.length).toBeGreaterThan(20);
    expect(told.filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
  });
});
