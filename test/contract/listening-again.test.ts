/** The connection that hears PostgreSQL's notifications, lost again and again. */
import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { keepWarnings } from '../support/process-warnings.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';

it('a connection that is lost more than ten times leaves no listeners behind', async () => {
  const { warnings, stop } = keepWarnings();
  onTestFinished(stop);
  const { url, drop } = await createDatabase(sharedPostgresUrl());
  onTestFinished(drop);
  const store = createPostgresStore({ url, settings: TEST_SETTINGS });
  onTestFinished(() => store.stop());
  await store.start();
  const client = new Client({ connectionString: url });
  onTestFinished(() => client.end());
  await client.connect();
  const END = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE 'LISTEN%'`;
  for (let lost = 0; lost < 13; lost++) {
    await waitUntil('a connection that listens', async () => (await client.query(END)).rowCount === 1, { timeoutMs: 20_000 });
  }
  await waitUntil('the last connection', async () => (await client.query(END)).rowCount === 1, { timeoutMs: 20_000 });
  expect(warnings).toEqual([]);
});
