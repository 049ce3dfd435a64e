import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { REFERENCES, withTables } from '../../scripts/reference.ts';
import { SETTINGS } from '../../src/config/config.ts';
import { ERRORS } from '../../src/errors.ts';
import { ADVICE } from '../../src/http/answers/error-advice.ts';

const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), 'utf8');

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
