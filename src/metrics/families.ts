/** Every metric of Quire, in one table. docs/metrics.md prints it, and a test holds dashboard and alerts to it. */
import { PRIORITIES } from '../domain/batch.ts';
import { FAILURES } from '../domain/outcome.ts';
import type { FamilyRow } from './registry.ts';

type Row<T, L extends readonly string[]> = FamilyRow<L> & { type: T };
type More = Pick<FamilyRow, 'zero' | 'buckets'>;

const counter = <const L extends readonly string[]>(name: string, help: string, labels: L, more: More = {}): Row<'counter', L> => ({
  type: 'counter',
  name,
  help,
  labels,
  of: 'process',
  ...more,
});
const histogram = <const L extends readonly string[]>(name: string, help: string, labels: L, more: More): Row<'histogram', L> => ({
  type: 'histogram',
  name,
  help,
  labels,
  of: 'process',
  ...more,
});
const gauge = <const L extends readonly string[]>(name: string, help: string, labels: L, of: FamilyRow['of']): Row<'gauge', L> => ({
  type: 'gauge',
  name,
  help,
  labels,
  of,
});

/** Upper bounds in seconds: of calls to the store and answers, of pages, and of waits. */
const SHORT = [0.001, 0.005, 0.025, 0.1, 0.5, 2];
const ANSWERS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];
const PAGES = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];
const PARSES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
const WAITS = [0.1, 1, 5, 30, 60, 300, 900, 3600, 14_400, 86_400];

const each = (values: readonly string[]): string[][] => values.map((value) => [value]);
const failed = [...new Set(Object.values(FAILURES).flatMap(({ outcome, code }) => (outcome === 'failed' ? [code] : [])))];

/** What comes of a request to the source: the outcomes of the ledger. */
export const SOURCE_OUTCOMES = [
  'ok',
  'missing',
  'unrecognised',
  'blocked',
  'overloaded',
  'failed',
  'unreachable',
  'abandoned',
  'robots',
] as const;

export const FAMILIES = {
  jobsEnded: counter(
    'quire_jobs_ended_total',
    'Jobs that ended, by outcome. The reason is the error code of a failed job, how a cancelled one was ended, and `none` of a parsed one.',
    ['outcome', 'reason'],
    {
      zero: [
        ['parsed', 'none'],
        ['not-found', 'book-not-found'],
        ...failed.map((code) => ['failed', code]),
        ['cancelled', 'cancelled'],
        ['cancelled', 'skipped'],
        ['cancelled', 'expired'],
      ],
    },
  ),
  attempts: counter('quire_job_attempts_total', 'Runs of jobs on a worker, by what came of them.', ['result'], {
    zero: each(['parsed', 'not-found', 'failed', 'cancelled', 'retry', 'later', 'wait-for-source', 'requeue', 'settled-before', 'error']),
  }),
  retries: counter('quire_job_retries_total', 'Runs that failed and are repeated after a backoff, by error code.', ['reason'], {
    zero: each(['crawl-failed', 'page-not-recognised']),
  }),
  links: counter('quire_links_total', 'Entries of accepted submissions, by what became of them.', ['status'], {
    zero: each(['queued', 'joined', 'cached', 'invalid', 'expanding', 'disallowed', 'duplicate']),
  }),
  queueWait: histogram('quire_queue_wait_seconds', 'Time from queuing a job to its first run, by priority.', ['priority'], {
    buckets: WAITS,
    zero: each(PRIORITIES),
  }),
  linkToBook: histogram('quire_link_to_book_seconds', 'Time from queuing a job to its stored book, by priority.', ['priority'], {
    buckets: WAITS,
    zero: each(PRIORITIES),
  }),
  sourceRequests: counter(
    'quire_source_requests_total',
    'Requests to the source, redirects among them, by outcome. One that never left counts as `unreachable`.',
    ['outcome'],
    { zero: each(SOURCE_OUTCOMES) },
  ),
  sourceBytes: counter('quire_source_received_bytes_total', 'Bytes received from the source, as they were sent.', []),
  fetchSeconds: histogram(
    'quire_fetch_seconds',
    'Time to fetch one page, from the request to the last byte, also of fetches that fail.',
    [],
    {
      buckets: PAGES,
    },
  ),
  parseSeconds: histogram('quire_parse_seconds', 'Time to read one page.', [], { buckets: PARSES }),
  pagesRead: counter('quire_pages_read_total', 'Pages of books that were read, by what they are.', ['kind'], {
    zero: each(['book', 'missing', 'other-page', 'unrecognised']),
  }),
  fields: counter('quire_parsed_fields_total', 'Fields of parsed books, by the layer that gave them; `absent` when none did.', [
    'field',
    'layer',
  ]),
  copies: counter('quire_parsed_copies_total', 'Parsed books, by what the store did with the copy.', ['result'], {
    zero: each(['stored', 'older', 'poorer']),
  }),
  deliveries: counter(
    'quire_deliveries_total',
    'Calls of webhooks, by what came of them. `delivered` and `failed` end a delivery; `retry` repeats it.',
    ['outcome'],
    { zero: each(['delivered', 'failed', 'retry', 'superseded']) },
  ),
  lookUps: counter('quire_look_ups_total', 'Questions to Goodreads that callers waited for, by kind and result.', ['kind', 'result']),
  bookReads: counter('quire_book_reads_total', 'Reads of single books, by outcome.', ['outcome'], {
    zero: each(['fresh', 'stale', 'not-modified', 'pending', 'not-found', 'unknown', 'failed']),
  }),
  cacheReads: counter('quire_read_cache_reads_total', 'Reads of single books that asked the cache in memory.', ['result'], {
    zero: each(['hit', 'miss']),
  }),
  httpSeconds: histogram('quire_http_request_seconds', 'Time from request to the last byte of its answer.', ['method', 'route', 'status'], {
    buckets: ANSWERS,
  }),
  storeSeconds: histogram('quire_store_call_seconds', 'Time of calls to the store.', ['call'], { buckets: SHORT }),
  storeErrors: counter('quire_store_errors_total', 'Calls to the store that failed.', ['call']),

  jobs: gauge(
    'quire_jobs',
    'Live jobs by state. Waiting ones are `blocked` while the source is blocked, unreachable or paused.',
    ['state'],
    'fleet',
  ),
  waitingJobs: gauge('quire_waiting_jobs', 'Waiting jobs, blocked ones too, by priority.', ['priority'], 'fleet'),
  oldestWaiting: gauge('quire_oldest_waiting_job_seconds', 'Age of the oldest waiting job; 0 without one.', [], 'fleet'),
  books: gauge('quire_books', 'Books stored; more than 10,000 may be an estimate.', [], 'fleet'),
  collections: gauge('quire_collections', 'Collections in the queue by state.', ['state'], 'fleet'),
  listingPages: gauge('quire_listing_pages', 'Pages that list books that were read in the last 6 hours.', ['family'], 'fleet'),
  listingUnrecognised: gauge(
    'quire_listing_unrecognised_ratio',
    'Share of the pages of a family that were not recognised in the last 6 hours.',
    ['family'],
    'fleet',
  ),
  pagesUnrecognised: gauge(
    'quire_pages_unrecognised_ratio',
    'Share of book pages that were not recognised in the last 6 hours.',
    [],
    'fleet',
  ),
  drifting: gauge('quire_parser_drifting', '1 while pages carry less than they used to: see GET /parser/health.', [], 'fleet'),
  sourceState: gauge('quire_source_state', '1 for the state the source is in.', ['state'], 'fleet'),
  sourceRate: gauge('quire_source_pages_per_second', 'Rate at which the source may be asked now; +Inf without a limit.', [], 'fleet'),
  requestsToday: gauge('quire_source_requests_today', 'Requests to the source since midnight UTC.', [], 'fleet'),

  rateUsed: gauge(
    'quire_source_rate_used_ratio',
    'Share of the rate that the requests of this process took in the last minute. The sum is that of the fleet.',
    [],
    'process',
  ),
  storeUp: gauge('quire_store_up', '1 while the store answers.', [], 'process'),
  openStreams: gauge('quire_event_streams', 'Open streams of batch events.', [], 'process'),
  bodyBytes: gauge('quire_request_body_bytes', 'Bytes of request bodies that are held now.', [], 'process'),
  cacheBytes: gauge('quire_read_cache_bytes', 'Bytes of books in the cache in memory.', [], 'process'),
  cacheBooks: gauge('quire_read_cache_books', 'Books in the cache in memory.', [], 'process'),
  eventLoopDelay: gauge('quire_event_loop_delay_seconds', 'Longest delay of the event loop since the last look.', [], 'process'),
  residentBytes: gauge('process_resident_memory_bytes', 'Resident memory.', [], 'process'),
  startTime: gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.', [], 'process'),
  cpuSeconds: counter('process_cpu_seconds_total', 'CPU time used.', []),
  buildInfo: {
    type: 'info',
    name: 'quire_build_info',
    help: 'The version that runs, and its role.',
    labels: ['version', 'role'],
    of: 'process',
  } as Row<'info', readonly ['version', 'role']>,
} as const;
