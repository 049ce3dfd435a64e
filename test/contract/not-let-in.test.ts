/** Servers that answer and do not let us in: the sentence says which of the reasons it is, and what to do. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { hasSchema } from '../../src/storage/postgres/has-schema.ts';
import { refusalOf } from '../../src/storage/postgres/server/refusal.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { sharedPostgresUrl } from '../support/postgres-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';

/** How a start ends: the sentence, and the exit code of a process that gets it. */
const startOf = async (store: Store): Promise<{ said: string; code: number }> => {
  onTestFinished(() => store.stop());
  return store.start().then(
    () => ({ said: 'it starts', code: 0 }),
    (error: Error) => ({ said: error.message, code: exitCodeOf(error) }),
  );
};
const changed = (change: (url: URL) => void): string => {
  const url = new URL(sharedPostgresUrl());
  change(url);
  return url.href;
};
const name = `nobody_${randomUUID().slice(0, 8)}`;

it.each([
  ['a database that does not exist', (url: URL) => void (url.pathname = `/${name}`), /has no such database .*: make it with createdb/, 78],
  ['a user who does not exist', (url: URL) => void (url.username = name), /has no such user .*: make the role with createuser/, 78],
  ['a port where nothing listens', (url: URL) => void (url.port = '1'), /cannot be reached \(.*ECONNREFUSED.*\): check host and port/, 5],
])('PostgreSQL with %s', async (_what, change, sentence, code) => {
  const url = changed(change);
  expect(await startOf(createPostgresStore({ url, settings: TEST_SETTINGS }))).toEqual({ said: expect.stringMatching(sentence), code });
  await expect(hasSchema(url, 'quire')).rejects.toThrow(sentence);
});

it('a refusal of PostgreSQL names the remedy: for a wrong password, for none, and for a user who may not make tables', () => {
  const told = (code: string, message: string): string => refusalOf(Object.assign(new Error(message), { code }), 'db:5432/quire');
  expect(told('28P01', 'password authentication failed for user "quire"')).toMatch(/refuses the password .*: correct user and password/);
  expect(told('', 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string')).toMatch(
    /asks for a password, and DATABASE_URL has none/,
  );
  expect(told('42501', 'permission denied for database quire')).toMatch(/rights that Quire needs .*: grant CREATE/);
});

it('a refusal of Redis names the remedy: for an unknown database, for no password, and for a wrong one', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const start = (url: string) => startOf(createRedisStore({ url, settings: TEST_SETTINGS }));
  const told = (sentence: RegExp) => ({ said: expect.stringMatching(sentence) as string, code: 78 });
  expect(await start(`${server.url}/99`)).toEqual(told(/has no such database: .*REDIS_URL\.$/));
  const admin = new Redis(server.url);
  await admin.config('SET', 'requirepass', 'right');
  admin.disconnect();
  expect(await start(server.url)).toEqual(told(/asks for a password: NOAUTH.*Add it to REDIS_URL\.$/));
  const wrong = await start(server.url.replace('//', '//:wrong@'));
  expect(wrong).toEqual(told(/refuses user or password: WRONGPASS.*Correct them in REDIS_URL\.$/));
});
