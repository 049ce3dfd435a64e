/** Servers that answer and do not let us in: the sentence says which of the reasons it is, and what to do. */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { hasSchema } from '../../src/storage/postgres/has-schema.ts';
import { refusalOf } from '../../src/storage/postgres/server/refusal.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Store } from '../../src/storage/store.ts';
import { sharedPostgresUrl } from '../support/postgres-server.ts';
import { startRedis } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';

const startOf = async (store: Store): Promise<string> => {
  onTestFinished(() => store.stop());
  return store.start().then(
    () => 'it starts',
    (error: Error) => error.message,
  );
};
const changed = (change: (url: URL) => void): string => {
  const url = new URL(sharedPostgresUrl());
  change(url);
  return url.href;
};
const name = `nobody_${randomUUID().slice(0, 8)}`;

it.each([
  ['a database that does not exist', (url: URL) => void (url.pathname = `/${name}`), /has no such database .*: make it with createdb/],
  ['a user who does not exist', (url: URL) => void (url.username = name), /has no such user .*: make the role with createuser/],
  ['a port where nothing listens', (url: URL) => void (url.port = '1'), /cannot be reached \(.*ECONNREFUSED.*\): check host and port/],
])('PostgreSQL with %s', async (_what, change, sentence) => {
  const url = changed(change);
  expect(await startOf(createPostgresStore({ url, settings: TEST_SETTINGS }))).toMatch(sentence);
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
  const start = (url: string): Promise<string> => startOf(createRedisStore({ url, settings: TEST_SETTINGS }));
  expect(await start(`${server.url}/99`)).toMatch(/has no such database: .*REDIS_URL\.$/);
  const admin = new Redis(server.url);
  await admin.config('SET', 'requirepass', 'right');
  admin.disconnect();
  expect(await start(server.url)).toMatch(/asks for a password: NOAUTH.*Add it to REDIS_URL\.$/);
  expect(await start(server.url.replace('//', '//:wrong@'))).toMatch(/refuses user or password: WRONGPASS.*Correct them in REDIS_URL\.$/);
});
