/** The Lua of the Redis store, read from `lua/` once. Each script is one atomic step. `lua/functions/base.lua` describes the keys. */
import { readFileSync } from 'node:fs';
import { MOST_DUPLICATES } from '../../domain/batch.ts';
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';

/** Bytes before the JSON of a copy: see `lua/functions/base.lua`. */
export const HEADER_BYTES = 47;

/** Aliases followed at most to reach a book. Earlier versions left one more for each merge. */
export const MOST_HOPS = 8;

/** The functions that scripts share. Later files use the functions of earlier ones. */
const FUNCTION_FILES = ['base', 'words', 'batches', 'waiters', 'jobs', 'search', 'books', 'deciding'];

/** The file of each script, by the name of its command. */
const SCRIPT_FILES = {
  submit: 'batches/submit',
  add: 'batches/add',
  closeBatch: 'batches/close-batch',
  report: 'batches/report',
  cancelBatch: 'batches/cancel-batch',
  listBatches: 'batches/list-batches',
  requeue: 'batches/requeue',
  settle: 'jobs/settle',
  readJob: 'jobs/read-job',
  note: 'jobs/note',
  putBook: 'books/put-book',
  repairAlias: 'books/repair-alias',
  deleteBook: 'books/delete-book',
  search: 'search/search',
  unentered: 'search/unentered',
  enter: 'search/enter',
  putDocument: 'documents/put-document',
  deleteDocument: 'documents/delete-document',
  trimDocuments: 'documents/trim-documents',
  forgetExpired: 'documents/forget-expired',
  addTally: 'documents/add-tally',
  keepPage: 'documents/keep-page',
  publishSignal: 'signals/publish',
  transferAppend: 'transfer/append',
  transferOrder: 'transfer/order-settled',
} as const;

export type ScriptName = keyof typeof SCRIPT_FILES;

const read = (file: string): string => readFileSync(new URL(`lua/${file}.lua`, import.meta.url), 'utf8');

const FUNCTIONS = FUNCTION_FILES.map((file) => read(`functions/${file}`)).join('\n');
const BODIES = Object.entries(SCRIPT_FILES).map(([name, file]) => [name as ScriptName, read(file)] as const);

/** What the scripts get from TypeScript, as Lua. Redis does not tell a script in which database it runs. */
const constants = (database: number): string =>
  Object.entries({ DATABASE: database, CLOCK_TOLERANCE_MS, MOST_WAITERS_A_STEP, MOST_HOPS, MOST_DUPLICATES })
    .map(([name, value]) => `local ${name} = ${value}\n`)
    .join('');

/** Every script as it runs in one database, by the name of its command. All take one key, the prefix. */
export const scriptsOf = (database: number): [name: ScriptName, lua: string][] =>
  BODIES.map(([name, lua]) => [name, `${constants(database)}\n${FUNCTIONS}\n${lua}`]);
