/** What to do about each error: the text of `/errors/{code}` and of docs/errors.md. */
import type { ErrorCode } from '../../errors.ts';

export const ADVICE: Record<ErrorCode, string> = {
  'invalid-request': 'Read `errors[]`: each entry points to a fault. The form of every request is described at /docs.',
  'invalid-book-url': 'Send a link such as `https://www.goodreads.com/book/show/2767052`, a book number or a valid ISBN, once.',
  'no-valid-links': 'Read `errors[]`: it says for each link why it names no book (at most 100 are told).',
  unauthorized:
    'Send a key as `Authorization: Bearer <key>` or `X-API-Key: <key>`; a browser may send it as password with any user name. Who runs Quire makes keys with `quire keys create` or sets `API_KEYS`.',
  forbidden:
    'The key may lack the scope that this needs: the problem names it. Pages of other origins may change nothing here: send the request from a program, or from a page that Quire serves. Without keys Quire on loopback answers only under `localhost`, `127.0.0.1`, `[::1]` and the host of `PUBLIC_URL`, and the dashboard under loopback names alone.',
  'not-found': 'Check the path. /docs shows what there is.',
  'book-unknown': 'Submit the book with `POST /parse-links`, or ask with `submit=true`.',
  'job-unknown': 'Check the id. Settled jobs are forgotten after some time; the books they found are kept.',
  'batch-unknown': 'Check the id. Batches are kept for `BATCH_TTL` after they end.',
  'webhook-target-refused': 'Give an https URL that leads to a public address.',
  'webhook-unknown': 'Check the id: `GET /webhooks` lists what there is.',
  'delivery-unknown': 'Check the id. Deliveries are kept for some time after they ended.',
  'webhook-disabled':
    'Its receiver answered 410 Gone. `POST /webhooks/{webhookId}/enable` lets Quire call it again. Then redeliver the events that it missed.',
  'too-many-webhooks': 'Delete a webhook that you no longer need.',
  'key-unknown': 'Check the id: `GET /keys` lists what there is. Keys of a file or of `API_KEYS` are changed there.',
  'too-many-keys': 'Revoke a key that nobody needs any longer: `DELETE /keys/{keyId}`.',
  'batch-closed': 'Send the links with `POST /parse-links`. Set `open` to be able to add more to that batch.',
  'not-acceptable': 'Name one of the formats of the problem in `Accept`, or with `format=`.',
  'method-not-allowed': 'The `Allow` header names the methods that this path takes.',
  'idempotency-conflict': 'Wait as long as `Retry-After` says, and send the same request again: then the first answer comes back.',
  'body-too-large': 'Send less at once: a list of links has at most 10,000 entries and 2 MiB, and names at most `MAX_WAITING_JOBS` books.',
  'unsupported-media-type':
    'Set `Content-Type` to `application/json` (or `text/plain` with one link a line, or `text/csv`, for `POST /parse-links`; `text/html` for `PUT /books/{id}/page`), and send the body uncompressed or in an encoding that `Accept-Encoding` of the answer names.',
  'idempotency-mismatch': 'Use a new `Idempotency-Key` for each new request.',
  'page-refused': 'Open the page of this book in a browser, save it as HTML only while you can see the book, and send those bytes.',
  'rate-limited': 'Wait as long as `Retry-After` says, and send the same request again. The operator may raise `MAX_WAITING_JOBS`.',
  'quota-exceeded':
    'Wait as long as `Retry-After` says. `RateLimit` tells what is left of each limit, and `RateLimit-Policy` what the limits are. Who runs Quire can make a key with other limits.',
  'book-not-found':
    'Check the link: Goodreads has no book with this id. Quire remembers that for `NOT_FOUND_TTL`; after that you can submit the book again.',
  'page-not-recognised':
    'Try again later with `POST /jobs/{jobId}/retry`. When this happens to many books, Goodreads has changed its pages and Quire needs an update.',
  'crawl-failed': 'The last error is in the problem. `POST /jobs/{jobId}/retry` tries again; `POST /failures/redrive` does so for many.',
  blocked:
    'Wait: single probes find out when Goodreads answers again, and then all jobs go on. `GET /source` tells when the next probe goes.',
  disallowed: 'Nothing helps: robots.txt forbids this page, and Quire obeys it.',
  poison: 'The page may hold something that ends the worker. Read the log of the workers before you `POST /jobs/{jobId}/retry`.',
  cancelled: 'Submit the books again if you still need them.',
  'internal-error': 'The fault is in Quire. Its log has the error under the request id, which is the `instance` of the problem.',
  'store-unavailable': 'Wait as long as `Retry-After` says. Operators: check that Redis or PostgreSQL runs and has memory.',
  overloaded:
    'Wait as long as `Retry-After` says, and send the same request again. One process holds at most 64 MiB of request bodies and 1,000 event streams at once.',
  'not-ready': 'The process is stopping, or too busy to answer its check: read `checks`. Send requests to another process.',
};
