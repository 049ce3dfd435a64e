/** The limits of collections, read from the body and the query string of a submission. */
import { DEFAULT_LIMITS } from '../../app/collections/take-page.ts';
import type { CollectionLimits } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';

/** The options as they are sent. */
export interface CollectionOptions {
  maxBooks?: number;
  maxPages?: number;
  deadline?: string;
  editions?: CollectionLimits['editions'];
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Reads the limits; the body wins over the query string. `undefined` when neither has any. Throws `invalid-request`. */
export function readCollectionLimits(body: CollectionOptions, query: CollectionOptions): CollectionLimits | undefined {
  const maxBooks = body.maxBooks ?? query.maxBooks;
  const maxPages = body.maxPages ?? query.maxPages;
  const deadline = body.deadline ?? query.deadline;
  const editions = body.editions ?? query.editions;
  if ([maxBooks, maxPages, deadline, editions].every((option) => option === undefined)) return undefined;
  const pointer = body.deadline === undefined ? '/query/deadline' : '/deadline';
  return {
    maxBooks: maxBooks ?? DEFAULT_LIMITS.maxBooks,
    maxPages: maxPages ?? DEFAULT_LIMITS.maxPages,
    deadlineMs: deadline === undefined ? null : readTime(deadline, pointer),
    editions: editions ?? DEFAULT_LIMITS.editions,
  };
}

function readTime(text: string, pointer: string): number {
  const ms = RFC_3339.test(text) ? Date.parse(text.replace(' ', 'T').toUpperCase()) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  const detail = 'The deadline is no time: send one such as 2030-01-31T12:00:00Z (RFC 3339).';
  throw new QuireError('invalid-request', detail, { errors: [{ pointer, detail }] });
}
