import { describe } from 'vitest';
import type { StoreKind } from '../support/stores.ts';
import { batchListsContract } from './batch-lists.contract.ts';
import { batchesContract } from './batches.contract.ts';
import { booksContract } from './books.contract.ts';
import { crowdsContract } from './crowds.contract.ts';
import { documentsContract } from './documents.contract.ts';
import { jobListsContract } from './job-lists.contract.ts';
import { jobsContract } from './jobs.contract.ts';
import { mergesContract } from './merges.contract.ts';
import { propertiesContract } from './properties.contract.ts';
import { queueContract } from './queue.contract.ts';
import { signalsContract } from './signals.contract.ts';
import { submitContract } from './submit.contract.ts';

/** Everything that `src/storage/store.ts` promises, held against one kind of store. */
export function storeContract(kind: StoreKind): void {
  describe(`the ${kind.name} store`, () => {
    booksContract(kind);
    mergesContract(kind);
    submitContract(kind);
    jobsContract(kind);
    jobListsContract(kind);
    crowdsContract(kind);
    batchesContract(kind);
    batchListsContract(kind);
    documentsContract(kind);
    signalsContract(kind);
    queueContract(kind);
    propertiesContract(kind);
  });
}
