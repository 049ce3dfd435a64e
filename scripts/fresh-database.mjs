/**
 * Makes the database that the first start of the embedded store copies. The last step of `npm run build`; it does nothing where the build
 * has one already. A failure is told and fails no build: the first start then makes its own database, which takes longer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FRESH_PREFIX, hasFreshDatabase, keepFreshDatabase } from '../dist/storage/embedded/fresh-database.js';
import { createEmbeddedStore } from '../dist/storage/embedded/store.js';

async function make() {
  const directory = mkdtempSync(join(tmpdir(), 'quire-fresh-'));
  try {
    const settings = { prefix: FRESH_PREFIX, batchTtlMs: 604_800_000, maxSettledJobs: 1_000, maxFailedJobs: 1_000 };
    const store = createEmbeddedStore({ dataDir: directory, settings });
    await store.start();
    await store.stop();
    keepFreshDatabase(join(directory, 'postgres-18'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (!hasFreshDatabase(FRESH_PREFIX)) {
  try {
    await make();
  } catch (error) {
    process.stderr.write(`The fresh database was not made (${error.message}); the first start makes its own.\n`);
  }
}
