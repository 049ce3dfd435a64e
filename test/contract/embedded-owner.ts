/** A process that owns a data directory and writes to it until it is killed. It names each book to its parent once the store has acknowledged it. */
import type { BookId } from '../../src/domain/identity.ts';
import { createEmbeddedStore } from '../../src/storage/embedded/store.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { KEEP_UNTIL_MS, sampleBook } from './samples.ts';

const store = createEmbeddedStore({ dataDir: process.argv[2] ?? '', settings: TEST_SETTINGS });
await store.start();
process.send?.('started');
for (let n = 1; ; n++) {
  await store.books.put(sampleBook(String(n) as BookId), [], KEEP_UNTIL_MS);
  process.send?.(String(n));
}
