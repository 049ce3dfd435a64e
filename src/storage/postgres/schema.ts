/**
 * The schema of the store, read from `sql/` once. `sql/migrations/` makes the tables: numbered files that never change, each run once.
 * `sql/functions/` is one current set: each function is one atomic step and one round trip.
 *
 * The functions take locks in one order, so that processes do not block each other: first the advisory lock of one batch, then jobs by id,
 * batches by id, items, books. Whoever changes which items a batch has (submitting, adding), or settles all of them (cancelling), takes the
 * advisory lock: it is the only one who adds jobs to the batch, so it may lock those before the batch. Settling takes no advisory lock. Closing
 * and reporting take the batch alone.
 * A function that the previous version calls keeps its name and its arguments for one version: services of that version may still run.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { MOST_DUPLICATES } from '../../domain/batch.ts';
import { CLOCK_TOLERANCE_MS } from '../../domain/time/clock.ts';
import { MOST_WAITERS_A_STEP } from '../settle-step.ts';

interface SqlFile {
  name: string;
  text: string;
}

const readAll = (folder: string): SqlFile[] => {
  const place = new URL(`sql/${folder}/`, import.meta.url);
  return readdirSync(place)
    .toSorted()
    .map((name) => ({ name, text: readFileSync(new URL(name, place), 'utf8') }));
};

/** The tables, by the number that their file begins with. */
export const MIGRATIONS = readAll('migrations').map(({ name, text }) => ({ name, text, version: Number.parseInt(name, 10) }));

/** Versions 2 and 3 brought functions, when those counted as migrations. A database of Quire 0.1.0 has 3, so its migrations begin at 004. */
export const SCHEMA_VERSION = Math.max(3, ...MIGRATIONS.map(({ version }) => version));

/** What the functions get from TypeScript. */
const CONSTANTS: [placeholder: string, value: number][] = [
  ['@clock_tolerance_ms', CLOCK_TOLERANCE_MS],
  ['@waiters_a_step', MOST_WAITERS_A_STEP],
  ['@most_duplicates', MOST_DUPLICATES],
];

/** The text of every function. `@.` stands for the schema, `@channel` for the name of its signal channel. */
export const FUNCTIONS = CONSTANTS.reduce(
  (text, [placeholder, value]) => text.replaceAll(placeholder, String(value)),
  readAll('functions')
    .map(({ text }) => text)
    .join('\n'),
);

/** Names the installed set of functions. It stands as the comment on the table of migrations. */
export const FUNCTIONS_MARK = `functions ${createHash('sha256').update(FUNCTIONS).digest('hex').slice(0, 16)}`;
