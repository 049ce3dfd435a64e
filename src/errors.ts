/**
 * Every error that Quire returns or stores: the API's `code`, its HTTP status and its title. A test compares `docs/errors.md` with it.
 * `domain/outcome.ts` says what a failure means for a job.
 */
export const ERRORS = {
  // Bad input.
  'invalid-request': { status: 400, title: 'The request is not of the form this endpoint takes' },
  'invalid-book-url': { status: 400, title: 'That names no Goodreads book' },
  'no-valid-links': { status: 400, title: 'No link in the list names a Goodreads book' },
  unauthorized: { status: 401, title: 'Credentials are missing or wrong' },
  forbidden: { status: 403, title: 'That is not allowed from there' },
  'not-found': { status: 404, title: 'There is no such resource' },
  'book-unknown': { status: 404, title: 'There is no copy of this book, and no job for it' },
  'job-unknown': { status: 404, title: 'There is no such job' },
  'batch-unknown': { status: 404, title: 'There is no such batch' },
  'webhook-target-refused': { status: 400, title: 'That URL may not be called' },
  'webhook-unknown': { status: 404, title: 'There is no such webhook' },
  'delivery-unknown': { status: 404, title: 'There is no such delivery' },
  'webhook-disabled': { status: 409, title: 'The webhook is disabled' },
  'too-many-webhooks': { status: 409, title: 'There are too many webhooks' },
  'key-unknown': { status: 404, title: 'There is no such key' },
  'too-many-keys': { status: 409, title: 'There are too many keys' },
  'batch-closed': { status: 409, title: 'The batch takes no more links' },
  'not-acceptable': { status: 406, title: 'There is no such format of the answer' },
  'method-not-allowed': { status: 405, title: 'This resource does not take that method' },
  'idempotency-conflict': { status: 409, title: 'The first request with this Idempotency-Key is still being handled' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type this endpoint does not read' },
  'idempotency-mismatch': { status: 422, title: 'This Idempotency-Key came before with another body' },
  'page-refused': { status: 422, title: 'That is not the page of this book' },
  'rate-limited': { status: 429, title: 'More jobs wait already than are taken' },
  'quota-exceeded': { status: 429, title: 'The key has used up one of its limits' },
  // Outcomes of a job.
  'book-not-found': { status: 404, title: 'Goodreads says there is no such book' },
  'page-not-recognised': { status: 502, title: 'Goodreads answered with a page that is not a book page we know' },
  'crawl-failed': { status: 502, title: 'The page could not be fetched' },
  blocked: { status: 503, title: 'Goodreads is turning us away for now' },
  disallowed: { status: 502, title: "Goodreads' robots.txt does not allow this page" },
  poison: { status: 502, title: 'The job ended its worker more than once' },
  // No read returns this: a book whose job was cancelled is `book-unknown`.
  cancelled: { status: 409, title: 'The job or the batch was cancelled' },
  // Ours.
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'store-unavailable': { status: 503, title: 'The store does not answer' },
  overloaded: { status: 503, title: 'Too much is under way at once' },
  'not-ready': { status: 503, title: 'This process takes no requests for now' },
} as const satisfies Record<string, { status: number; title: string }>;

/** A name out of {@link ERRORS}: the last part of a problem's `type` and the `code` a failed job keeps. */
export type ErrorCode = keyof typeof ERRORS;

/** One fault in a request, with a JSON pointer (RFC 6901) to where it is. */
export interface Fault {
  pointer: string;
  detail: string;
}

/** An expected error: it has a code from {@link ERRORS} and a sentence for its reader. */
export class QuireError extends Error {
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  /** Seconds that the other side asks us to wait, or that we ask the caller to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, detail: string, more: { errors?: Fault[]; retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'QuireError';
    this.code = code;
    this.errors = more.errors;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** Why a process cannot start: a sentence for the operator, with the remedy. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** The error for a cursor that this list did not return. */
export const foreignCursor = (): QuireError =>
  new QuireError('invalid-request', 'This list did not return that cursor.', {
    errors: [{ pointer: '/query/cursor', detail: 'take it from the Link header, or the cursor, of the page before' }],
  });
