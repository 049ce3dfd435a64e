/** A release is the tarball of `npm pack`: it is unpacked in an empty folder, gets the packages of its lock file, and starts. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startQuire } from '../../scripts/quire-process.ts';
import { startGoodreads } from '../support/goodreads.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
let dir = '';
let release = '';

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'quire-package-'));
  // Packed in a copy, because packing writes npm-shrinkwrap.json beside package.json. `dist` was built before the tests.
  const copy = join(dir, 'copy');
  await mkdir(copy);
  for (const name of [
    'package.json',
    'package-lock.json',
    '.npmrc',
    '.env.example',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'openapi.yaml',
  ])
    await cp(join(root, name), join(copy, name));
  for (const name of ['dist', 'docs', 'deploy', 'docker-compose.yml']) await cp(join(root, name), join(copy, name), { recursive: true });
  await run('npm', ['pkg', 'delete', 'scripts.prepare'], { cwd: copy });
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: copy });
  release = join(dir, 'release');
  await mkdir(release);
  await run('tar', ['-xzf', join(dir, stdout.trim().split('\n').at(-1) ?? ''), '--strip-components=1', '-C', release]);
  await run('npm', ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--prefer-offline'], { cwd: release });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it('holds the program, its documents and its lock file, and neither source maps nor sources nor tests', async () => {
  const files = (await readdir(release, { recursive: true })).filter((name) => !name.startsWith('node_modules'));
  for (const name of ['dist/main.js', 'npm-shrinkwrap.json', 'deploy/kubernetes/api.yaml', 'docs/deploy.md', 'README.md', 'LICENSE'])
    expect(files).toContain(name);
  expect(files.filter((name) => /\.map$|\.tsbuildinfo$|\.ts$|^(src|test|scripts|bench|data)\b/.test(name))).toEqual([]);
  // npm packs no empty folders, and a database has some: the first start of a packed release makes its own.
  expect(files.filter((name) => name.startsWith('dist/fresh-database'))).toEqual([]);
  const packages = await readdir(join(release, 'node_modules'));
  expect(packages).toContain('fastify');
  expect(packages.filter((name) => /^(typescript|vitest|oxlint|tsx)$/.test(name))).toEqual([]);
});

it('starts, takes a link and serves the book', async () => {
  const site = await startGoodreads();
  const program = join(release, 'dist/main.js');
  const quire = await startQuire({
    program,
    cwd: release,
    env: { GOODREADS_ORIGIN: site.origin, DATA_DIR: join(dir, 'data'), CRAWL_RATE: '0' },
  });
  try {
    expect((await fetch(`${quire.address}/readyz`)).status).toBe(200);
    const answer = await fetch(`${quire.address}/parse-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait=20' },
      body: JSON.stringify(['https://www.goodreads.com/book/show/1000000001']),
    });
    expect(answer.status).toBe(200);
    expect((await fetch(`${quire.address}/book-info?id=1000000001`)).status).toBe(200);
    expect(await quire.stop()).toMatchObject({ code: 0 });
  } finally {
    await quire.kill9();
    await site.stop();
  }
});
