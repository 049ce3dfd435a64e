/** How Quire starts, and how it refuses to: every refusal says what is wrong, and its exit code whether another try can help. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runQuire } from '../../scripts/quire-process.ts';
import { freshDatabase } from '../../src/storage/embedded/fresh-database.ts';
import { embeddedDirectory } from '../support/templates.ts';
import { ask, bookInfo, linkTo, openScene, settled, submitted } from './scene.ts';

/** A data directory with a database in it, which takes seconds to make. */
async function prepared(): Promise<string> {
  const directory = await embeddedDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('a start', () => {
  it('says what runs where, and answers, on a new data directory and on an existing one', async () => {
    const { start, dir, env: shared } = await openScene('embedded');
    const env: Record<string, string> = { ...shared, DATA_DIR: join(dir, 'new'), QUEUE_PREFIX: 'quire', CRAWL_CONCURENCY: '9' };
    const first = await start({ env });
    expect((await ask(first, '/readyz')).status).toBe(200);
    const said = first.log.map(({ msg }) => msg).join('\n');
    for (const part of [
      env['DATA_DIR'] ?? '?',
      first.address,
      `${first.address}/docs`,
      `${first.address}/dashboard`,
      env['GOODREADS_ORIGIN'] ?? '?',
      'CRAWL_CONCURENCY is no setting of Quire and has no effect: is CRAWL_CONCURRENCY meant?',
    ])
      expect(said).toContain(part);
    await first.stop();
    // The first start copied the database that the build made: both have the identifier of one `initdb`.
    const identifier = async (database: string): Promise<string> =>
      (await readFile(join(database, 'global/pg_control'))).subarray(0, 8).toString('hex');
    expect(await identifier(join(dir, 'new/postgres-18'))).toBe(await identifier(freshDatabase()));
    const second = await start({ env });
    expect((await ask(second, '/readyz')).status).toBe(200);
  });

  it('is refused with every wrong setting in one message', async () => {
    const { code, errors } = await runQuire({
      env: {
        PORT: 'abc',
        CRAWL_RATE: '-1',
        BOOK_TTL: 'soon',
        REDIS_URL: 'redis://127.0.0.1:1',
        DATABASE_URL: 'postgres://127.0.0.1:1/x',
        LOG_LEVEL: 'loud',
      },
    });
    expect(code).toBe(78);
    for (const name of ['PORT', 'CRAWL_RATE', 'BOOK_TTL', 'REDIS_URL and DATABASE_URL', 'LOG_LEVEL']) expect(errors).toContain(name);
    expect(errors).toMatch(/5 settings are wrong/);
    expect(errors).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['an unknown role', 2, 'boss', {}, /one argument, a role \(all, api, worker\), but got: boss\./],
    ['a role apart without a shared store', 78, 'worker', {}, /set REDIS_URL or DATABASE_URL/],
    ['a Redis that is not there', 5, 'all', { REDIS_URL: 'redis://127.0.0.1:1' }, /Redis at .*127\.0\.0\.1:1 cannot be reached/],
    [
      'a door that is open to everybody without a word',
      78,
      'all',
      { HOST: '0.0.0.0' },
      /^HOST is 0\.0\.0\.0, .* there are no keys: .*quire keys create.*API_KEYS.*HOST=127\.0\.0\.1.*OPEN=true/,
    ],
    [
      'a host that is no name',
      78,
      'all',
      { HOST: 'no-such-host.invalid', OPEN: 'true' },
      /^HOST no-such-host\.invalid is a name that leads to no address: set HOST/,
    ],
    [
      'a host that is not of this machine',
      78,
      'all',
      { HOST: '203.0.113.1', OPEN: 'true' },
      /^HOST 203\.0\.113\.1 is not an address of this machine: set HOST/,
    ],
    [
      'a data directory that cannot be made',
      78,
      'all',
      { DATA_DIR: '/proc/x' },
      /^DATA_DIR \/proc\/x .*: .*set DATA_DIR to another directory\.$/m,
    ],
    ['a data directory that takes no files', 78, 'all', { DATA_DIR: '/proc' }, /^DATA_DIR \/proc .*set DATA_DIR to another directory\.$/m],
    [
      'a data directory below a file',
      78,
      'all',
      { DATA_DIR: '/dev/null/x' },
      /^DATA_DIR \/dev\/null\/x .*set DATA_DIR to another directory\.$/m,
    ],
    [
      'a PostgreSQL that is not there',
      5,
      'all',
      { DATABASE_URL: 'postgres://127.0.0.1:1/x' },
      /^PostgreSQL at 127\.0\.0\.1:1\/x cannot be reached/,
    ],
  ])('is refused with %s', async (_what, expected, role, env, sentence) => {
    const { code, errors, log } = await runQuire({ role: role as 'all', env: { DATA_DIR: await prepared(), ...env } });
    expect(code).toBe(expected);
    expect(errors).toMatch(sentence);
    expect(errors.trim().split('\n').length).toBeLessThanOrEqual(2);
    expect(JSON.stringify(log)).not.toContain('"stack"');
    expect(errors).not.toMatch(/\n\s+at /);
  });

  it('does not tell a password in a refusal', async () => {
    const { code, errors, log } = await runQuire({ env: { REDIS_URL: 'redis://quire:hunter2@127.0.0.1:1' } });
    expect(code).toBe(5);
    expect(errors + JSON.stringify(log)).not.toContain('hunter2');
  });

  it('on a data directory in use is refused with the pid of the owner, which goes on undisturbed', async () => {
    const { start, env } = await openScene('embedded');
    const owner = await start();
    const { code, errors } = await runQuire({ env });
    expect(code).toBe(5);
    expect(errors).toContain(String(owner.pid));
    expect(errors).toContain('DATA_DIR');
    expect((await ask(owner, '/readyz')).status).toBe(200);
  });

  it('on a port in use is refused with a sentence, and leaves its data directory free', async () => {
    const { start, env } = await openScene('embedded');
    const owner = await start();
    const { port } = new URL(owner.address);
    const other = { ...env, DATA_DIR: await prepared() };
    const { code, errors } = await runQuire({ env: { ...other, PORT: port } });
    expect(code).toBe(78);
    expect(errors).toContain(port);
    expect(errors).toMatch(/^PORT \d+ is in use on 127\.0\.0\.1: stop the program that listens there, or set PORT to another/);
    expect(errors).not.toMatch(/\n\s+at /);
    const next = await start({ env: other });
    expect((await ask(next, '/readyz')).status).toBe(200);
  });

  it('reads a file .env where it runs; the environment has the last word', async () => {
    const { start, dir, site } = await openScene('embedded');
    const home = join(dir, 'home');
    await mkdir(home);
    await writeFile(
      join(home, '.env'),
      `GOODREADS_ORIGIN=http://127.0.0.1:1\nAPI_KEYS=a-key-of-the-file\nDATA_DIR=${join(dir, 'of-the-file')}\n`,
    );
    const ofTheEnvironment = await prepared();
    const quire = await start({ cwd: home, env: { DATA_DIR: ofTheEnvironment } });
    const said = quire.log.map(({ msg }) => msg).join('\n');
    expect(said).toContain(ofTheEnvironment);
    expect(said).not.toContain('of-the-file');
    expect(said).toContain(site.origin);
    expect((await ask(quire, '/book-info?id=1')).status).toBe(401);
    expect((await ask(quire, '/book-info?id=1', { headers: { 'x-api-key': 'a-key-of-the-file' } })).status).toBe(404);
  });

  it('runs api and worker apart on Redis, any number of each', async () => {
    const { site, start } = await openScene('redis');
    const api = await start({ role: 'api' });
    const otherApi = await start({ role: 'api' });
    const [bookId = ''] = site.ids;
    const batchId = await submitted(api, [linkTo(bookId)]);
    expect((await bookInfo(otherApi, bookId)).status).toBe(202);
    expect((await site.stats()).requests).toBe(0);

    const worker = await start({ role: 'worker' });
    await settled(otherApi, batchId, 20_000);
    expect((await bookInfo(otherApi, bookId)).status).toBe(200);
    expect(worker.address).toBe('');
    for (const quire of [api, otherApi, worker]) expect(await quire.stop()).toMatchObject({ code: 0, signal: null });
  });
});

describe('a script', () => {
  it.each([
    ['test/faults/run.ts', ['--nonsense'], /^Unknown option '--nonsense'\. Known options are: --long, --faults/],
    ['test/faults/run.ts', ['--store', 'mysql'], /^--store must be one of redis, postgres, embedded\.$/m],
    ['test/faults/run.ts', ['--faults', 'many'], /^--faults must be a whole number/],
    ['scripts/accuracy.ts', ['--nonsense'], /^Unknown option '--nonsense'\. Known options are: /],
  ])('%s %j is refused with a sentence', async (script, args, sentence) => {
    const root = join(import.meta.dirname, '../..');
    const { code, errors } = await new Promise<{ code: unknown; errors: string }>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', script, ...args], { cwd: root }, (error, _said, told) =>
        resolve({ code: error?.code, errors: told }),
      );
    });
    expect(code).toBe(1);
    expect(errors).toMatch(sentence);
    expect(errors).not.toMatch(/\n\s+at /);
  });
});
