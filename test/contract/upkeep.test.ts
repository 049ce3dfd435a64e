import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openInstance } from '../../src/storage/embedded/pglite-instance.ts';
import { openSession, type Session } from '../../src/storage/embedded/session.ts';
import { createUpkeep, type Upkeep } from '../../src/storage/embedded/upkeep.ts';
import { embeddedDirectory } from '../support/stores.ts';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const failAtOnce = (error: Error): never => {
  throw error;
};

async function open(): Promise<{ session: Session; upkeep: Upkeep; ask: (text: string) => Promise<unknown> }> {
  const dataDir = await embeddedDirectory();
  undo.push(() => rm(dataDir, { recursive: true, force: true }));
  const session = await openSession({
    open: (onNotification) => openInstance(join(dataDir, 'postgres-18'), [], onNotification),
    onError: failAtOnce,
  });
  undo.push(() => session.close());
  const upkeep = createUpkeep(session, failAtOnce);
  undo.push(() => upkeep.stop());
  return { session, upkeep, ask: async (text) => Object.values((await session.run(text, [])).rows[0] ?? {})[0] };
}

it('vacuums tables that have many dead rows', async () => {
  const { session, upkeep, ask } = await open();
  await session.script(
    'CREATE TABLE busy (k integer PRIMARY KEY, n integer); INSERT INTO busy SELECT g, 0 FROM generate_series(1, 4000) g',
  );
  await session.script('UPDATE busy SET n = n + 1; UPDATE busy SET n = n + 1');
  const dead = `SELECT n_dead_tup::integer FROM pg_stat_user_tables WHERE relname = 'busy'`;
  // PostgreSQL counts such rows at most once a second.
  await session.run('SELECT pg_stat_force_next_flush()', []);
  const before = Number(await ask(dead));
  await upkeep.round();
  expect(before).toBeGreaterThan(4_000);
  expect(await ask(dead)).toBe(0);
});

it('makes a checkpoint when much was written, so that a start after a crash has little to read', async () => {
  const { session, upkeep, ask } = await open();
  await upkeep.round();
  const redo = `SELECT (pg_current_wal_insert_lsn() - redo_lsn)::float8 FROM pg_control_checkpoint()`;
  await session.script(
    `CREATE TABLE big (t text); ALTER TABLE big ALTER COLUMN t SET STORAGE EXTERNAL; INSERT INTO big SELECT repeat('x', 100000) FROM generate_series(1, 400)`,
  );
  expect(await ask(redo)).toBeGreaterThan(32 * 1024 * 1024);
  await upkeep.round();
  expect(await ask(redo)).toBeLessThan(1024 * 1024);
});

it('lets the event loop have its turn while many statements wait', async () => {
  const { session } = await open();
  let turns = 0;
  let busy = true;
  const turn = (): void => {
    turns += 1;
    if (busy) setImmediate(turn);
  };
  setImmediate(turn);
  await Promise.all(Array.from({ length: 3_000 }, () => session.run('SELECT count(*) FROM generate_series(1, 100)', [])));
  busy = false;
  expect(turns).toBeGreaterThan(3);
});
