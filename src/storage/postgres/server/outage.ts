/** Which errors mean that PostgreSQL is away, what the rest of Quire hears of them, and the deadline of a call. */
import { DatabaseError } from 'pg';
import { withDeadline } from '../../../domain/deadline.ts';
import { QuireError } from '../../../errors.ts';
import { refusalOf } from './refusal.ts';

/**
 * SQLSTATEs that mean "not now": connection lost, shutting down, too many clients, cancelled by a deadline, disk or memory full, read-only
 * standby. Also those that do not let us in: wrong user or password, no such database, no right.
 */
const OUTAGE_STATES = /^(08...|57P0[1-5]|57014|53...|25006|55P03|28...|3D000|42501)$/;
const OUTAGE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
const OUTAGE_TEXT = /terminated|timeout|timed out|not queryable|Connection ended|after calling end|SSL connections|certificate/i;
/** Two transactions waited for each other; the server ended one of them, which may simply be tried again. */
const CONFLICTS = new Set(['40P01', '40001']);

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? '';

/** Whether an error means that the server is away or overloaded, rather than that the statement is wrong. */
export function isOutage(error: unknown): boolean {
  const code = codeOf(error);
  if (error instanceof DatabaseError) return OUTAGE_STATES.test(code);
  if (error instanceof QuireError) return error.code === 'store-unavailable';
  return OUTAGE_CODES.has(code) || OUTAGE_TEXT.test((error as Error).message ?? '');
}

/** Whether the statement met another transaction, and may be tried again. */
export const isConflict = (error: unknown): boolean => CONFLICTS.has(codeOf(error));

const unavailable = (cause: unknown, place: string): QuireError => new QuireError('store-unavailable', refusalOf(cause, place), { cause });

/** The error as `store-unavailable` where it is an outage, and as it is otherwise. `place` is `host:port/database`. */
export const storeError = (error: unknown, place: string): unknown =>
  isOutage(error) && !(error instanceof QuireError) ? unavailable(error, place) : error;

/** No store call takes longer than this, whatever the server or the network does. */
export const CALL_DEADLINE_MS = 1_900;

/** Resolves with the answer; rejects with `store-unavailable` when the server is away, or takes longer than a call may. */
export async function inTime<T>(answer: Promise<T>, place: string): Promise<T> {
  try {
    return await withDeadline(answer, CALL_DEADLINE_MS, () => unavailable(new Error('timeout'), place));
  } catch (error) {
    throw storeError(error, place);
  }
}
