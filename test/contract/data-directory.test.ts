import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { lockDirectory } from '../../src/storage/embedded/directory-lock.ts';
import type { Store } from '../../src/storage/store.ts';
import { embeddedDirectory, TEST_SETTINGS } from '../support/stores.ts';
import { jobOf, KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

const OWNER = new URL('embedded-owner.ts', import.meta.url);

describe('the data directory of the embedded store', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  const directory = async (): Promise<string> => {
    const made = await embeddedDirectory();
    undo.push(() => rm(made, { recursive: true, force: true }));
    return made;
  };
  const open = (dataDir: string): Store => {
    const store = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
    undo.push(() => store.stop());
    return store;
  };
  /** A process that opens the directory, says so, and writes books for as long as it lives. */
  const owner = async (dataDir: string): Promise<{ child: ChildProcess; written: string[] }> => {
    const child = fork(OWNER, [dataDir], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    undo.push(async () => {
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    });
    const written: string[] = [];
    child.on('message', (message: string) => written.push(message));
    await once(child, 'message');
    return { child, written };
  };
  const refusal = (store: Store) =>
    store.start().then(
      () => null,
      (error: Error & { code: string }) => error,
    );

  it('is refused to a second process with the pid of its owner; kill -9 of the owner frees it at once, and nothing acknowledged is lost', async () => {
    const dataDir = await directory();
    const { child, written } = await owner(dataDir);
    const store = open(dataDir);
    const error = await refusal(store);
    expect(error?.code).toBe('store-unavailable');
    expect(error?.message).toContain(String(child.pid));
    expect(error?.message).toContain(dataDir);

    while (written.length < 200) await once(child, 'message');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await store.start();
    for (const bookId of written.slice(1)) expect(await store.books.find(jobOf(bookId as never), NOW_MS), bookId).not.toBeNull();
  });

  it('is refused twice within one process', async () => {
    const dataDir = await directory();
    await open(dataDir).start();
    expect((await refusal(open(dataDir)))?.message).toContain('this process');
  });

  it('is free after a stop, and keeps what was stored', async () => {
    const dataDir = await directory();
    const book = sampleBook(newBookId());
    const first = open(dataDir);
    await first.start();
    await first.books.put(book, [], KEEP_UNTIL_MS);
    await first.stop();
    expect(await readdir(dataDir)).toStrictEqual([expect.stringMatching(/^postgres-\d+$/)]);
    const second = open(dataDir);
    await second.start();
    expect(await second.books.find(jobOf(book.bookId), NOW_MS)).toStrictEqual({ kind: 'book', book });
  });

  it('is made when it is new', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'quire-new-'));
    undo.push(() => rm(parent, { recursive: true, force: true }));
    // A database that a killed process left half made is no obstacle. e2e/start.test.ts has a directory that is not there at all.
    await mkdir(join(parent, 'data', 'postgres-18.new', 'base'), { recursive: true });
    const store = open(join(parent, 'data'));
    await store.start();
    expect(await store.books.count()).toBe(0);
  });

  it.each([
    { what: 'a file', path: 'file', says: /is a file/ },
    { what: 'without a parent', path: 'missing/data', says: /does not exist/ },
    { what: 'below a file', path: 'file/data', says: /is a file/ },
  ])('is refused when it is $what, with what to do', async ({ path, says }) => {
    const parent = await mkdtemp(join(tmpdir(), 'quire-bad-'));
    undo.push(() => rm(parent, { recursive: true, force: true }));
    await writeFile(join(parent, 'file'), '');
    const error = await refusal(open(join(parent, path)));
    expect(error?.code).toBe('store-unavailable');
    expect(error?.message).toMatch(says);
    expect(error?.message).toContain(join(parent, path));
  });

  it('is refused when this user cannot write to it', async () => {
    const error = await refusal(open('/proc/quire'));
    expect(error).toMatchObject({ code: 'store-unavailable', message: expect.stringContaining('/proc/quire') });
  });

  it('is refused when another version of the database lies in it', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'quire-old-'));
    undo.push(() => rm(parent, { recursive: true, force: true }));
    await mkdir(join(parent, 'postgres-16'));
    expect((await refusal(open(parent)))?.message).toContain('postgres-16');
    expect(await readdir(parent)).toStrictEqual(['postgres-16']);
  });

  it('is refused when a newer Quire has changed its tables', async () => {
    const dataDir = await directory();
    const first = open(dataDir);
    await first.start();
    await first.stop();
    const newer = createEmbeddedStore({ dataDir, settings: TEST_SETTINGS });
    undo.push(() => newer.stop());
    const { PGlite } = await import('@electric-sql/pglite');
    const db = await PGlite.create({ dataDir: join(dataDir, 'postgres-18') });
    await db.exec(`INSERT INTO "${TEST_SETTINGS.prefix}".migration (version) VALUES (999)`);
    await db.close();
    expect((await refusal(newer))?.message).toMatch(/999, newer than/);
  });

  describe('its lock', () => {
    const lockOf = async (dataDir: string, text: string, ageMs = 0): Promise<void> => {
      await writeFile(join(dataDir, 'lock'), text);
      const at = new Date(Date.now() - ageMs);
      await utimes(join(dataDir, 'lock'), at, at);
    };
    const empty = async (): Promise<string> => {
      const made = await mkdtemp(join(tmpdir(), 'quire-lock-'));
      undo.push(() => rm(made, { recursive: true, force: true }));
      return made;
    };
    const startTime = async (pid: number): Promise<string> => {
      const facts = await readFile(`/proc/${pid}/stat`, 'utf8');
      return facts.slice(facts.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    };
    const take = (dataDir: string): Error | null => {
      try {
        lockDirectory(dataDir, () => {}).release();
        return null;
      } catch (error) {
        return error as Error;
      }
    };

    it('of a dead process is taken over at once, and so is one that cannot be read', async () => {
      const dataDir = await empty();
      await lockOf(dataDir, JSON.stringify({ pid: 4_194_000, host: hostname(), startedAt: '1', token: 'x' }));
      expect(take(dataDir)).toBeNull();
      await lockOf(dataDir, '{"pid":');
      expect(take(dataDir)).toBeNull();
      expect(await readdir(dataDir)).toStrictEqual([]);
    });

    it('of a process whose pid was given to another is taken over', async () => {
      const dataDir = await empty();
      const alive = process.ppid;
      await lockOf(dataDir, JSON.stringify({ pid: alive, host: hostname(), startedAt: `${await startTime(alive)}0`, token: 'x' }));
      expect(take(dataDir)).toBeNull();
      await lockOf(dataDir, JSON.stringify({ pid: alive, host: hostname(), startedAt: await startTime(alive), token: 'x' }));
      expect(take(dataDir)?.message).toContain(String(alive));
      // This process itself, in an earlier life.
      await lockOf(dataDir, JSON.stringify({ pid: process.pid, host: hostname(), startedAt: '1', token: 'x' }));
      expect(take(dataDir)).toBeNull();
    });

    it('of a process on another machine counts while its heartbeat goes on', async () => {
      const dataDir = await empty();
      const text = JSON.stringify({ pid: 1, host: 'elsewhere', startedAt: '1', token: 'x' });
      await lockOf(dataDir, text, 15_000);
      expect(take(dataDir)?.message).toContain('1 on elsewhere');
      await lockOf(dataDir, text, 21_000);
      expect(take(dataDir)).toBeNull();
    });

    it('is taken over although an earlier takeover died half way', async () => {
      const dataDir = await empty();
      await lockOf(dataDir, JSON.stringify({ pid: 4_194_000, host: hostname(), startedAt: '1', token: 'x' }));
      const guard = join(dataDir, 'lock.takeover');
      await writeFile(guard, '4194000');
      await utimes(guard, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
      expect(take(dataDir)).toBeNull();
      await expect(stat(guard)).rejects.toThrow(/ENOENT/);
    });
  });
});
