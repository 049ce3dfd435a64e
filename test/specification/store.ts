/** The whole specification: an empty store in memory that keeps every rule of the port. */
import type { StoreSettings } from '../../src/storage/store.ts';
import { createBatches } from './batches.ts';
import { createBooks } from './books.ts';
import { createDocuments } from './documents.ts';
import { createJobs } from './jobs.ts';
import { createPages } from './pages.ts';
import type { Records, World } from './records.ts';
import { createSearch } from './search.ts';
import { createSignals } from './signals.ts';
import { createTallies } from './tallies.ts';

export function createSpecification(settings: StoreSettings, clock: () => number = Date.now): Records & { world: World } {
  const { tell, ...signals } = createSignals();
  const world: World = { settings, known: new Map(), entries: new Map(), jobs: new Map(), batches: new Map(), settledJobs: 0, clock, tell };
  return {
    world,
    books: createBooks(world),
    jobs: createJobs(world),
    batches: createBatches(world),
    documents: createDocuments(clock),
    tallies: createTallies(),
    pages: createPages(),
    search: createSearch(world),
    signals,
  };
}
