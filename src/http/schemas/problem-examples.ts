/** What each error says in the OpenAPI document: words that the service really sends. */
import type { ErrorCode, Fault } from '../../errors.ts';

export interface ProblemExample<C extends ErrorCode = ErrorCode> {
  code: C;
  /** Names the example where one code has several, and with it the shared answer. The code itself when left out. */
  name?: string;
  detail: string;
  errors?: Fault[];
  /** Members of this problem type, such as `jobId`. */
  extensions?: Record<string, unknown>;
}

type Details = Omit<ProblemExample, 'code' | 'name'>;

const fault = (pointer: string, detail: string): Fault[] => [{ pointer, detail }];

/** A job's last words, and what the read of its book makes of them. */
function failed(code: ErrorCode, attempts: number, said: string): Details {
  const detail = `The job failed after ${attempts} of 5 attempts: ${said} POST /jobs/book-2767052/retry tries again.`;
  return { detail, extensions: { jobId: 'book-2767052', lastError: { code, detail: said } } };
}

/** The example of a code wherever an operation has none of its own. */
export const EXAMPLES: Record<ErrorCode, Details> = {
  'invalid-request': { detail: 'The path holds a malformed percent-encoding.' },
  'invalid-book-url': {
    detail: 'The id is not a Goodreads book number: 1 to 12 digits, such as 2767052.',
    errors: fault('/query/id', 'The id is not a Goodreads book number: 1 to 12 digits, such as 2767052.'),
  },
  'no-valid-links': {
    detail: 'The link names no Goodreads book. A link looks like https://www.goodreads.com/book/show/2767052.',
    errors: fault(
      '/0',
      'That is no web address, book number, ISBN or ASIN: send a link such as https://www.goodreads.com/book/show/2767052.',
    ),
  },
  unauthorized: { detail: 'Send one of the API keys as `Authorization: Bearer <key>` or `X-API-Key: <key>`.' },
  forbidden: {
    detail:
      'Without keys Quire answers only under the names of this machine (127.0.0.1, localhost, [::1]) and the host of PUBLIC_URL. Make a key or set PUBLIC_URL to be reached under another name.',
  },
  'not-found': { detail: 'There is nothing at /book. /docs shows what there is.' },
  'book-unknown': { detail: 'Submit it with POST /parse-links, or ask again with submit=true.' },
  'job-unknown': { detail: 'There is no job "book-2767052". Settled jobs are forgotten after some time.' },
  'batch-unknown': { detail: 'There is no batch "01k9zq3v8e6m". Batches are kept for BATCH_TTL after they end.' },
  'webhook-target-refused': {
    detail: "The webhook's host 10.0.0.7 leads to an address that may not be called: it is not on the public internet.",
    errors: fault('/url', "The webhook's host 10.0.0.7 leads to an address that may not be called: it is not on the public internet."),
  },
  'webhook-unknown': { detail: 'There is no webhook "wh0mhf5k2x3a1b2c3d4e5f6".' },
  'delivery-unknown': {
    detail: 'There is no delivery "wh0mhf5k2x3a1b2c3d4e5f6-4zt1qk8vh9d2c7b6a5f4e3d21": deliveries are kept for 7 days.',
  },
  'webhook-disabled': {
    detail: 'The webhook is disabled. Its receiver answered 410 Gone. Enable it first: POST /webhooks/wh0mhf5k2x3a1b2c3d4e5f6/enable.',
  },
  'too-many-webhooks': { detail: 'There are 100 webhooks already: delete one first.' },
  'key-unknown': { detail: 'There is no key "k0a1b2c3d4e5" that could be revoked here.' },
  'too-many-keys': { detail: 'There are 500 keys already: revoke one first.' },
  'batch-closed': { detail: 'The batch has ended: send the links with POST /parse-links, as a batch of their own.' },
  'not-acceptable': {
    detail: 'No format of books is "text/html". There are json (application/json), jsonl (application/jsonl), csv (text/csv).',
  },
  'method-not-allowed': { detail: '/books takes GET, HEAD.' },
  'idempotency-conflict': { detail: 'The first request with this key is still being handled. Send it again in a moment.' },
  'body-too-large': { detail: 'The body may have at most 65536 bytes.' },
  'unsupported-media-type': { detail: 'The body\'s type is "application/xml": set content-type to application/json.' },
  'idempotency-mismatch': { detail: 'The key came before with other links or options. Use a new key for a new request.' },
  'page-refused': { detail: 'The page was read as "sign-in": Goodreads asks for a signed-in user.' },
  'rate-limited': {
    detail:
      '1000000 jobs wait, this request may bring 1 more, and no more than 1000000 are taken (MAX_WAITING_JOBS). Nothing of it was kept; send it again later.',
  },
  'quota-exceeded': { detail: 'The key "import" may have 10 requests a second. Nothing of this request was done.' },
  'book-not-found': { detail: 'Goodreads says there is no such book. That is remembered for some time, then it is asked again.' },
  'page-not-recognised': failed('page-not-recognised', 1, 'The page is none that we know (status 200).'),
  'crawl-failed': failed('crawl-failed', 5, 'Goodreads did not answer in time.'),
  blocked: { detail: 'Goodreads refused the request (status 403).' },
  disallowed: failed('disallowed', 1, 'robots.txt does not allow /book/show/2767052: line 12: Disallow: /book/'),
  poison: failed('poison', 2, 'Its worker ended before it could tell what became of the job.'),
  cancelled: { detail: 'The job was cancelled.' },
  'internal-error': { detail: 'The error is in the log of the service, under the request id given as instance.' },
  'store-unavailable': { detail: 'The store does not answer at the moment. Nothing is lost; try again.' },
  overloaded: { detail: 'Too many bytes of request bodies are under way. Nothing of this request is kept.' },
  'not-ready': { detail: 'Not ready (draining: yes; store: ok).', extensions: { checks: { draining: 'yes', store: 'ok' } } },
};

const invalid = (name: string, detail: string, pointer: string, said: string): ProblemExample<'invalid-request'> => ({
  code: 'invalid-request',
  name,
  detail,
  errors: fault(pointer, said),
});

/** Examples of `invalid-request` that several operations share. */
export const INVALID_PAGE = invalid('invalid-page', '/query/limit must be at most 200.', '/query/limit', 'must be at most 200');
export const INVALID_FORMAT = invalid(
  'invalid-format',
  '/query/format must be one of json, jsonl, csv, jsonld, bibtex, biblatex, ris, csl, atom.',
  '/query/format',
  'must be one of json, jsonl, csv, jsonld, bibtex, biblatex, ris, csl, atom',
);
export const INVALID_SUBMIT = invalid('invalid-submit', 'submit must be true or false.', '/query/submit', 'submit must be true or false.');
export const UNKNOWN_PARAMETER = invalid(
  'unknown-parameter',
  'The query parameter "verbose" is not known here: this path takes no query parameters.',
  '/query/verbose',
  'is not known here: this path takes no query parameters.',
);
export const INVALID_JSON = invalid(
  'invalid-json',
  "The body is not valid JSON: Expected ',' or '}' after property value at line 1, column 21.",
  '',
  'must be valid JSON',
);

/** Changes are refused to pages of other origins; reads are not. */
export const OTHER_ORIGIN: ProblemExample<'forbidden'> = {
  code: 'forbidden',
  name: 'other-origin',
  detail: 'A page of another origin may not change anything here.',
};

/** A book number that is none. */
export const NO_BOOK_NUMBER: ProblemExample<'book-unknown'> = {
  code: 'book-unknown',
  name: 'no-book-number',
  detail: '"hunger-games" is not a Goodreads book number: 1 to 12 digits.',
};
