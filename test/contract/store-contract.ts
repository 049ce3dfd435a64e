import { describe } from 'vitest';
import type { RecordsKind, StoreKind } from '../support/stores.ts';
import { batchListsContract } from './batch-lists.contract.ts';
import { batchesContract } from './batches.contract.ts';
import { booksContract, manyBooksContract } from './books.contract.ts';
import { crowdsContract } from './crowds.contract.ts';
import { documentsContract } from './documents.contract.ts';
import { growingContract } from './growing.contract.ts';
import { jobListsContract } from './job-lists.contract.ts';
import { jobsContract } from './jobs.contract.ts';
import { lookingContract } from './looking.contract.ts';
import { mergesContract } from './merges.contract.ts';
import { propertiesContract } from './properties.contract.ts';
import { queueContract } from './queue.contract.ts';
import { searchContract } from './search.contract.ts';
import { signalsContract, startAndStopContract } from './signals.contract.ts';
import { submitContract } from './submit.contract.ts';

/** The rules of the records, which the specification keeps too. */
export function recordsContract(kind: RecordsKind): void {
  booksContract(kind);
  mergesContract(kind);
  submitContract(kind);
  jobsContract(kind);
  jobListsContract(kind);
  crowdsContract(kind, 'one');
  batchesContract(kind);
  batchListsContract(kind);
  growingContract(kind);
  lookingContract(kind);
  documentsContract(kind);
  searchContract(kind);
  signalsContract(kind);
}

/** Everything that `src/storage/store.ts` promises, held against one kind of store. */
export function storeContract(kind: StoreKind): void {
  describe(`the ${kind.name} store`, () => {
    recordsContract(kind);
    manyBooksContract(kind);
    startAndStopContract(kind);
    queueContract(kind);
    propertiesContract(kind, 1);
  });
}
