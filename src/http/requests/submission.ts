/** A submission, read from the body and the query string of `POST /parse-links`. The links are read elsewhere: there may be 10,000. */
import { PRIORITIES, type Priority } from '../../domain/batch.ts';
import type { SubmitRequest } from '../../app/batches/batch-view.ts';
import type { CsvEntries } from '../../app/csv/read-csv.ts';
import { QuireError } from '../../errors.ts';
import { LinkListSchema, LinkObjectSchema, MAX_LINKS } from '../schemas/batch.ts';
import { createCheck } from '../plugins/validation.ts';
import { readCollectionLimits, type CollectionOptions } from './collection-limits.ts';
import { readUntil, type GivenUntil } from './until.ts';

/** The options as query parameters. */
export interface SubmitQuery extends CollectionOptions {
  priority?: Priority;
  maxAge?: number;
  webhook?: string;
  dryRun?: 'true' | 'false' | 'offline';
  open?: boolean;
  /** JSON. */
  until?: string;
}

interface LinkObject extends CollectionOptions {
  urls: unknown[];
  priority?: Priority;
  maxAge?: number;
  webhook?: { url: string; secret?: string };
  dryRun?: boolean | 'offline';
  open?: boolean;
  until?: GivenUntil;
}

/** How a body is read. A CSV body is {@link CsvEntries} by then. */
export type BodyType = 'json' | 'text' | 'csv';

/** A submission, and where its links stand in the body. */
export interface ReadSubmission {
  request: SubmitRequest;
  listPointer: '' | '/urls';
  /** Of a text or a CSV file, the line that each link stands on, from 0. `null`: the body is a list. */
  lines: number[] | null;
  /** SHA-256 of a CSV file, else `null`. */
  digest: string | null;
  /** Which of the two names the webhook. */
  webhookFrom: 'body' | 'query';
  /** The submission is only tried; `null`: it is made. */
  dryRun: 'ask' | 'offline' | null;
}

const DRY_RUNS = { true: 'ask', false: null, offline: 'offline' } as const;

const checkList = createCheck<unknown[]>(LinkListSchema);
const checkObject = createCheck<LinkObject>(LinkObjectSchema);

function refuse(detail: string): never {
  throw new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
}

/** The lines of a text that hold anything, and where they stand. */
function linesOf(text: string): { urls: string[]; lines: number[] } {
  const urls: string[] = [];
  const lines: number[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const url = line.trim();
    if (url === '') continue;
    urls.push(url);
    lines.push(at);
  }
  if (urls.length === 0) return refuse('The body holds no link: send one a line.');
  if (urls.length > MAX_LINKS) return refuse(`The body holds ${urls.length} links: send at most ${MAX_LINKS} at once.`);
  return { urls, lines };
}

type ReadLinks = LinkObject & Pick<ReadSubmission, 'listPointer' | 'lines'> & { digest?: string };

function linksOf(body: unknown, type: BodyType): ReadLinks {
  if (type === 'csv' && body !== undefined) {
    const { links, lines, digest } = body as CsvEntries;
    return { urls: links, lines, digest, listPointer: '' };
  }
  if (typeof body === 'string') return { ...linesOf(body), listPointer: '' };
  if (Array.isArray(body)) return { urls: checkList(body), listPointer: '', lines: null };
  if (typeof body === 'object' && body !== null) return { ...checkObject(body), listPointer: '/urls', lines: null };
  return refuse(
    body === undefined
      ? 'The body is empty: send a JSON array of links, one link a line as text/plain, or a library export as text/csv.'
      : 'The body must be a JSON array of links or an object with urls.',
  );
}

/** Reads a submission; the body wins over the query string. Throws `invalid-request`. */
export function readSubmission(body: unknown, query: SubmitQuery, type: BodyType): ReadSubmission {
  const { urls, listPointer, lines, digest, ...options } = linksOf(typeof body === 'string' && type !== 'text' ? null : body, type);
  const maxAge = options.maxAge ?? query.maxAge;
  const collections = readCollectionLimits(options, query);
  const until = readUntil(options.until, query.until);
  const webhook = options.webhook ?? (query.webhook === undefined ? undefined : { url: query.webhook });
  if (webhook && !URL.canParse(webhook.url)) {
    throw new QuireError('invalid-request', 'The webhook is not a URL.', {
      errors: [{ pointer: options.webhook ? '/webhook/url' : '/query/webhook', detail: 'must be a URL' }],
    });
  }
  return {
    request: {
      links: urls,
      priority: options.priority ?? query.priority ?? PRIORITIES[1],
      maxAgeMs: maxAge === undefined ? null : maxAge * 1000,
      webhook: webhook ? { url: webhook.url, secret: ('secret' in webhook ? webhook.secret : undefined) ?? null } : null,
      ...(collections === undefined ? {} : { collections }),
      // Absent unless they are wanted: the keys of earlier versions hold.
      ...(until && { until }),
      ...((options.open ?? query.open) && { open: true }),
    },
    listPointer,
    lines,
    digest: digest ?? null,
    webhookFrom: options.webhook ? 'body' : 'query',
    dryRun: DRY_RUNS[`${options.dryRun ?? query.dryRun ?? false}`],
  };
}

/** Reads links that are added to a batch. Its options are those of the batch. Throws `invalid-request`. */
export function readAddedLinks(body: unknown, type: BodyType): ReadSubmission {
  const isObject = type === 'json' && typeof body === 'object' && body !== null && !Array.isArray(body);
  const option = Object.keys(isObject ? body : {}).find((name) => name !== 'urls');
  if (option !== undefined) {
    const detail = 'is an option of the batch: send urls alone';
    throw new QuireError('invalid-request', `/${option} ${detail}.`, { errors: [{ pointer: `/${option}`, detail }] });
  }
  return readSubmission(body, {}, type);
}

/** `error`, told of places in the list of links, with pointers into the body as it was sent. */
export function pointInto(error: QuireError, { listPointer, lines }: ReadSubmission): QuireError {
  const errors = error.errors?.map(({ pointer, detail }) => {
    const line = lines?.[Number(pointer.slice(1))];
    if (line === undefined) return { pointer: listPointer + pointer, detail };
    // A row of a CSV file that names nothing says its line itself.
    return { pointer: `/${line}`, detail: detail.startsWith(`Line ${line + 1}`) ? detail : `Line ${line + 1}: ${detail}` };
  });
  return errors ? new QuireError(error.code, error.message, { errors }) : error;
}
