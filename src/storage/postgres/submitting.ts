/** Submitting and adding items in SQL. */
import { codeOfState, PRIORITIES } from '../../domain/batch.ts';
import type { BookId } from '../../domain/identity.ts';
import { storableText } from '../../domain/storable-text.ts';
import { QuireError } from '../../errors.ts';
import type { AddedItem, AddOutcome, BatchStore, Submission, SubmitOutcome } from '../store.ts';
import { statement, type SqlClient } from './sql-client.ts';

const SUBMIT = statement(
  'batches.submit',
  'SELECT n, status, raise, book, at FROM @.submit_links($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
);
const ADD = statement(
  'batches.add',
  'SELECT n, status, raise, book, at, place FROM @.add_items($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)',
);

interface SubmitRow {
  n: number;
  status: string;
  raise: string | null;
  book: number | null;
  at: number | null;
}

interface AddRow extends SubmitRow {
  place: number | null;
}

function outcomeOf({ status, raise, book, at }: SubmitRow): SubmitOutcome {
  switch (status) {
    case 'q':
      return { status: 'queued' };
    case 'j':
      return { status: 'joined', raisedRun: raise };
    case 'c':
      return { status: 'cached', bookId: String(book) as BookId, fetchedAtMs: at ?? 0 };
    case 'n':
      return { status: 'not-found' };
    case 'e':
      return { status: 'expanding' };
    case 's':
      return { status: 'skipped' };
    default:
      return { status: 'invalid' };
  }
}

const addOutcomeOf = (row: AddRow): AddOutcome =>
  ({ ...(row.status === 'd' ? { status: 'duplicate' } : outcomeOf(row)), index: row.place ?? 0 }) as AddOutcome;

const storable = (text: string | null): string | null => (text === null ? null : storableText(text));

/** The items as one argument. */
const linesOf = (items: (AddedItem & { index?: number })[]): string =>
  JSON.stringify(
    items.map((item, n) => ({
      n,
      i: item.index,
      t: storableText(item.input),
      j: item.jobId,
      b: item.bookId,
      d: item.duplicates,
      r: storable(item.reason),
      k: storable(item.collection ?? null),
    })),
  );

type Wish = Pick<Submission, 'nowMs' | 'run' | 'priority' | 'maxAgeMs'>;
const wishOf = ({ nowMs, run, priority, maxAgeMs }: Wish): [number, string, number, number | null] => [
  nowMs,
  run,
  PRIORITIES.indexOf(priority),
  maxAgeMs === null ? null : Math.round(maxAgeMs),
];

/** Rows in the order of the items. */
function inOrder<Row extends SubmitRow, Outcome>(rows: Row[], read: (row: Row) => Outcome): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const row of rows) outcomes[row.n] = read(row);
  return outcomes;
}

/** Throws `QuireError('cancelled')` with this detail for what the functions refuse. */
const refusedAs =
  (detail: string) =>
  (error: unknown): never => {
    if ((error as { code?: string }).code === 'QU001') throw new QuireError('cancelled', detail);
    throw error;
  };

export function createSubmitting(sql: SqlClient): Pick<BatchStore, 'submit' | 'add'> {
  return {
    async submit({ batch, items, ...wish }) {
      const rows = await sql
        .query<SubmitRow>(SUBMIT, [
          batch?.batchId ?? null,
          batch ? JSON.stringify(batch.options) : null,
          batch?.total ?? null,
          batch?.last ?? null,
          ...wishOf(wish),
          linesOf(items),
          batch?.open ?? false,
          batch?.options.until?.count ?? null,
        ])
        .catch(refusedAs('The batch was cancelled while it was being submitted.'));
      return inOrder(rows, outcomeOf);
    },

    async add({ batchId, items, from, ...wish }) {
      const end = from?.end ?? null;
      const rows = await sql
        .query<AddRow>(ADD, [
          batchId,
          ...wishOf(wish),
          linesOf(items),
          from?.index ?? null,
          from?.ifVersion ?? null,
          storable(from?.json ?? null),
          end && codeOfState(end.state),
          storable(end?.reason ?? null),
        ])
        .catch(refusedAs('The batch takes no more items.'));
      // Another has brought this page, or the collection has ended.
      if (rows.some(({ n }) => n < 0)) return null;
      return { outcomes: inOrder(rows, addOutcomeOf) };
    },
  };
}
