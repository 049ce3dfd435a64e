import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { postgresStore, TEST_SETTINGS } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';
import { jobOf, KEEP_UNTIL_MS, newBookId, NOW_MS, sampleBook } from './samples.ts';

storeContract(postgresStore);

it('a schema of version 1 keeps its data and gets the functions of today', async () => {
  const { url, drop } = await createDatabase(sharedPostgresUrl());
  const { prefix } = TEST_SETTINGS;
  const withStore = async (use: (store: ReturnType<typeof createPostgresStore>) => Promise<void>): Promise<void> => {
    const store = createPostgresStore({ url, settings: TEST_SETTINGS });
    await store.start();
    try {
      await use(store);
    } finally {
      await store.stop();
    }
  };
  const [kept, added] = [newBookId(), newBookId()];
  try {
    await withStore(async (store) => void (await store.books.put(sampleBook(kept), [], KEEP_UNTIL_MS)));
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`DELETE FROM ${prefix}.migration WHERE version > 1`);
    await client.query(`DROP FUNCTION ${prefix}.mark_missing`);
    await client.end();
    await withStore(async (store) => {
      expect(await store.books.find(jobOf(kept), NOW_MS)).toMatchObject({ kind: 'book' });
      expect(await store.books.put(sampleBook(added), [], KEEP_UNTIL_MS)).toBe('stored');
    });
    const again = new Client({ connectionString: url });
    await again.connect();
    const { rows } = await again.query(
      `SELECT to_regproc('${prefix}.mark_missing') IS NOT NULL AS there, (SELECT max(version) FROM ${prefix}.migration) AS version`,
    );
    await again.end();
    expect(rows).toEqual([{ there: true, version: 2 }]);
  } finally {
    await drop();
  }
});
