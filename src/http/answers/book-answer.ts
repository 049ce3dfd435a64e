/**
 * What there is to say of one book: a copy, "no such book", or how its job stands. Behind `GET /book-info` and
 * `GET /books/{id}`. When a copy is stored this is one read of the store and no parsing: it is the busiest path there is.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FORMATS } from '../../app/formats/formats.ts';
import type { Book } from '../../domain/book.ts';
import { bookReference, type BookReference } from '../../domain/identity.ts';
import { ERRORS, QuireError, type ErrorCode } from '../../errors.ts';
import type { JobView } from '../../app/jobs/job-view.ts';
import type { StoredBook } from '../../storage/store.ts';
import { needScope } from '../access/authentication.ts';
import { contentType, formatOf, listTitle, varyByAccept } from './negotiate.ts';
import { isNotModified } from './conditional.ts';
import { isCrossOrigin, refuseCrossOrigin } from '../plugins/cross-origin.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { grantWait } from '../requests/preferences.ts';
import { sendProblem } from './problem.ts';
import { createRefresher } from './refresh-behind.ts';
import { httpDate, retryAfter } from '../../domain/time/http-time.ts';

/** After its time a copy may be shown for a day while a new one is fetched, and for a month while Goodreads does not answer. */
const STALE = 'stale-while-revalidate=86400, stale-if-error=2592000';

/** How a read of a book ended, for the metrics. */
export type ReadOutcome = 'fresh' | 'stale' | 'not-modified' | 'pending' | 'not-found' | 'unknown' | 'failed';

export interface BookAnswerOptions extends Pick<HttpDependencies, 'store' | 'jobs' | 'source' | 'log' | 'keys' | 'config'> {
  /** Fires when the app closes. */
  closing: AbortSignal;
  count: (outcome: ReadOutcome) => void;
}

export type BookAnswer = (request: FastifyRequest, reply: FastifyReply, reference: BookReference, submit: boolean) => Promise<FastifyReply>;

/** What the parts of an answer share. */
interface Answering extends BookAnswerOptions {
  /** Queues a stale book again, behind the answer. */
  refresh: (reference: BookReference, nowMs: number) => void;
  /** Begins `Cache-Control`. With keys, a shared cache must not hand one caller's answer to another who has none. */
  scope: () => '' | 'private, ';
}

const LIVE = new Set(['waiting', 'active', 'delayed', 'blocked']);
const isLive = (job: JobView): boolean => LIVE.has(job.state);

function sendBook(answering: Answering, request: FastifyRequest, reply: FastifyReply, book: StoredBook, nowMs: number): FastifyReply {
  const { count, refresh, scope, config } = answering;
  const { fetchedAtMs, freshUntilMs, etag } = book;
  const stale = nowMs >= freshUntilMs;
  // A page of another origin may read, and must not make us fetch.
  if (stale && !isCrossOrigin(request)) refresh(bookReference(book.bookId), nowMs);
  // `Age` counts from the fetch, so `max-age` is the whole life of the copy: their difference is what is left of it.
  const maxAge = Math.max(0, Math.floor((freshUntilMs - fetchedAtMs) / 1000));
  const format = formatOf(request, 'json');
  const tag = format === 'json' ? etag : `${etag}-${format}`;
  varyByAccept(reply).header('etag', `"${tag}"`);
  reply.header('last-modified', httpDate(fetchedAtMs));
  reply.header('age', String(Math.max(0, Math.floor((nowMs - fetchedAtMs) / 1000))));
  reply.header('cache-control', `${scope()}max-age=${maxAge}, ${STALE}`);
  if (isNotModified(request.headers, tag, fetchedAtMs)) {
    count('not-modified');
    return reply.code(304).send();
  }
  count(stale ? 'stale' : 'fresh');
  reply.header('content-type', contentType(format));
  // The stored bytes are the answer as they are.
  if (format === 'json') return reply.send(book.body);
  const parsed = JSON.parse(book.body.toString('utf8')) as Book;
  return reply.send(FORMATS[format].one(parsed, listTitle(request, config.publicUrl, parsed.title)));
}

function sendPending({ count, source }: Answering, reply: FastifyReply, reference: BookReference, job: JobView | null): FastifyReply {
  count('pending');
  const { nextProbeAtMs } = source.current();
  const blocked = job?.state === 'blocked' && nextProbeAtMs !== null;
  const seconds = blocked ? (nextProbeAtMs - Date.now()) / 1000 : Math.min(job?.etaSeconds ?? 2, 3600);
  return reply
    .code(202)
    .header('location', `/jobs/${reference.jobId}`)
    .header('retry-after', retryAfter(seconds))
    .header('cache-control', 'no-store')
    .send({
      status: job?.state ?? 'waiting',
      jobId: reference.jobId,
      bookId: reference.kind === 'book' ? reference.bookId : null,
      url: reference.url,
      etaSeconds: job?.etaSeconds ?? null,
    });
}

function sendMissing({ count, scope }: Answering, request: FastifyRequest, reply: FastifyReply, untilMs: number): FastifyReply {
  count('not-found');
  const seconds = Math.max(0, Math.min(3600, Math.floor((untilMs - Date.now()) / 1000)));
  reply.header('cache-control', `${scope()}max-age=${seconds}`);
  return sendProblem(request, reply, 'book-not-found', {
    detail: 'Goodreads says there is no such book. That is remembered for some time, then it is asked again.',
  });
}

function sendFailed({ count }: Answering, request: FastifyRequest, reply: FastifyReply, job: JobView): FastifyReply {
  count('failed');
  const { jobId, lastError } = job;
  const code: ErrorCode = lastError && ERRORS[lastError.code].status >= 500 ? lastError.code : 'crawl-failed';
  const said = lastError ? lastError.detail : 'No reason is known.';
  return sendProblem(request, reply, code, {
    detail: `The job failed after ${job.attempts} of ${job.maxAttempts} attempts: ${said} POST /jobs/${jobId}/retry tries again.`,
    extensions: { jobId, ...(lastError ? { lastError } : {}) },
  });
}

/** There is no copy: the job tells why. */
async function sendWithoutCopy(
  answering: Answering,
  request: FastifyRequest,
  reply: FastifyReply,
  reference: BookReference,
  submit: boolean,
): Promise<FastifyReply> {
  const { jobs, store, count } = answering;
  const { jobId } = reference;
  let job = await jobs.view(jobId);
  // A failure stays the answer until somebody retries it: a poller with submit=true must not crawl for ever.
  const known = job !== null && (isLive(job) || job.state === 'failed');
  if (!known && submit) {
    const { status } = await jobs.submit(reference, { priority: 'interactive', maxAgeMs: null });
    const isQueued = status === 'queued' || status === 'joined';
    job = isQueued ? await jobs.view(jobId) : null;
    if (job === null && isQueued) return waitOrPend(answering, request, reply, reference, null);
  }
  if (job !== null && isLive(job)) return waitOrPend(answering, request, reply, reference, job);
  // Between the two reads the job may have ended and left a copy.
  const nowMs = Date.now();
  const found = await store.books.find(jobId, nowMs);
  if (found?.kind === 'book') return sendBook(answering, request, reply, found.book, nowMs);
  if (found) return sendMissing(answering, request, reply, found.untilMs);
  if (job?.state === 'failed') return sendFailed(answering, request, reply, job);
  count('unknown');
  const why = job?.state === 'cancelled' ? 'Its job was cancelled. ' : '';
  throw new QuireError('book-unknown', `${why}Submit it with POST /parse-links, or ask again with submit=true.`);
}

/** `Prefer: wait`: stays until the job is settled, and then answers as if asked then. */
async function waitOrPend(
  answering: Answering,
  request: FastifyRequest,
  reply: FastifyReply,
  reference: BookReference,
  job: JobView | null,
): Promise<FastifyReply> {
  const { jobs, closing } = answering;
  const wait = reply.hasHeader('preference-applied') ? null : grantWait(request, reply, closing);
  if (wait === null) return sendPending(answering, reply, reference, job);
  let settled = false;
  try {
    settled = await jobs.untilSettled(reference.jobId, wait.timeoutMs, wait.signal);
  } finally {
    wait.end();
  }
  return settled
    ? sendWhatIs(answering, request, reply, reference, false)
    : sendPending(answering, reply, reference, await jobs.view(reference.jobId));
}

/** Not an async function: each of its promises is felt at this rate. */
function sendWhatIs(
  answering: Answering,
  request: FastifyRequest,
  reply: FastifyReply,
  reference: BookReference,
  submit: boolean,
): Promise<FastifyReply> {
  if (submit) {
    refuseCrossOrigin(request);
    needScope(request, 'submit');
  }
  const nowMs = Date.now();
  return answering.store.books.find(reference.jobId, nowMs).then((found) => {
    if (found === null) return sendWithoutCopy(answering, request, reply, reference, submit);
    return found.kind === 'book'
      ? sendBook(answering, request, reply, found.book, nowMs)
      : sendMissing(answering, request, reply, found.untilMs);
  });
}

/** Makes the answering function. */
export function createBookAnswer(options: BookAnswerOptions): BookAnswer {
  const answering: Answering = {
    ...options,
    refresh: createRefresher(options),
    scope: () => (options.keys.required() ? 'private, ' : ''),
  };
  return (request, reply, reference, submit) => sendWhatIs(answering, request, reply, reference, submit);
}
