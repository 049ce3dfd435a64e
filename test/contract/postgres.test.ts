import { Client } from 'pg';
import { expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../src/storage/postgres/schema.ts';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { postgresStore, TEST_SETTINGS } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';
import {
  answered,
  batchOf,
  itemsOf,
  jobOf,
  KEEP_UNTIL_MS,
  newBatchId,
  newBookId,
  NOW_MS,
  sampleBook,
  settleParsed,
  submit,
} from './samples.ts';

storeContract(postgresStore);

it.each([1, 2, 3])('a schema of version %i keeps its data and gets the functions of today', async (version) => {
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
    const waiting = jobOf(newBookId());
    const batchId = newBatchId();
    await withStore(async (store) => {
      await store.books.put(sampleBook(kept), [], KEEP_UNTIL_MS);
      await submit(store, batchId, itemsOf([waiting]));
    });
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(`DELETE FROM ${prefix}.migration WHERE version > 1`);
    if (version > 1) await client.query(`INSERT INTO ${prefix}.migration (version) VALUES (${version})`);
    await client.query(`COMMENT ON TABLE ${prefix}.migration IS NULL`);
    // What the migrations since then made.
    await client.query(`DROP TABLE ${prefix}.search; DROP FUNCTION ${prefix}.forget_entry CASCADE`);
    await client.query(`DROP TABLE ${prefix}.batch_job; DROP VIEW ${prefix}.batch; DROP FUNCTION ${prefix}.forget_batch_jobs CASCADE`);
    await client.query(
      `ALTER TABLE ${prefix}.batch_record ${['open', 'added_at_ms', 'listed', 'expanding', 'expanded', 'disallowed', 'skipped', 'expired', 'wanted', 'found', 'stopped_at_ms'].map((column) => `DROP COLUMN ${column}`).join(', ')}`,
    );
    await client.query(`ALTER TABLE ${prefix}.batch_record RENAME TO batch`);
    await client.query(
      `ALTER TABLE ${prefix}.item ${['collection', 'collection_version', 'via'].map((column) => `DROP COLUMN ${column}`).join(', ')}`,
    );
    // Version 1 had no such function, version 2 none that settles in steps.
    if (version === 1) await client.query(`DROP FUNCTION ${prefix}.mark_missing`);
    await client.query(`DROP FUNCTION ${prefix}.settle_some`);
    await client.query(`DROP FUNCTION ${prefix}.settle_items`);
    await client.end();
    await withStore(async (store) => {
      expect(await store.books.find(jobOf(kept), NOW_MS)).toMatchObject({ kind: 'book' });
      expect(await store.books.put(sampleBook(added), [], KEEP_UNTIL_MS)).toBe('stored');
      expect(await settleParsed(store, waiting)).toStrictEqual(answered(true, 'stored'));
      expect(await batchOf(store, batchId)).toMatchObject({ endedAtMs: NOW_MS, counts: { parsed: 1 } });
    });
    const again = new Client({ connectionString: url });
    await again.connect();
    const { rows } = await again.query(
      `SELECT to_regproc('${prefix}.mark_missing') IS NOT NULL AS there, (SELECT max(version) FROM ${prefix}.migration) AS version`,
    );
    await again.end();
    expect(rows).toEqual([{ there: true, version: SCHEMA_VERSION }]);
  } finally {
    await drop();
  }
});

it('a settled job that a submission is requeueing is not waited for when the oldest are forgotten', async () => {
  const { url, drop } = await createDatabase(sharedPostgresUrl());
  const { prefix } = TEST_SETTINGS;
  const store = createPostgresStore({ url, settings: TEST_SETTINGS });
  const [requeueing, trimming] = [new Client({ connectionString: url }), new Client({ connectionString: url })];
  try {
    await store.start();
    await Promise.all([requeueing.connect(), trimming.connect()]);
    const jobIds = Array.from({ length: 3 }, () => jobOf(newBookId()));
    for (const jobId of jobIds) {
      await submit(store, null, itemsOf([jobId]));
      await settleParsed(store, jobId);
    }
    const trim = () => trimming.query(`SELECT ${prefix}.trim_jobs(1, 1)`);
    const left = async (): Promise<string[]> =>
      (await trimming.query<{ job_id: string }>(`SELECT job_id FROM ${prefix}.job ORDER BY settled_no`)).rows.map(({ job_id }) => job_id);
    await trimming.query(`SET lock_timeout = '2s'`);
    await requeueing.query('BEGIN');
    await requeueing.query(`SELECT FROM ${prefix}.job WHERE job_id = $1 FOR UPDATE`, [jobIds[0]]);
    await trim();
    expect(await left()).toEqual([jobIds[0], jobIds[2]]);
    await requeueing.query('COMMIT');
    await trim();
    expect(await left()).toEqual([jobIds[2]]);
  } finally {
    await Promise.all([requeueing.end(), trimming.end()]);
    await store.stop();
    await drop();
  }
});
