/** What a `POST /parse-links` asks for, read from its body and query string. Links are not looked at here: there may be 10,000. */
import { PRIORITIES, type Priority } from '../batches/batch.ts';
import type { SubmitRequest } from '../batches/views.ts';
import { QuireError } from '../errors.ts';
import { LinkListSchema, LinkObjectSchema, MAX_LINKS } from './schemas/batch.ts';
import { createCheck } from './validation.ts';

/** The options as query parameters. */
export interface SubmitQuery {
  priority?: Priority;
  maxAge?: number;
  webhook?: string;
}

interface LinkObject {
  urls: unknown[];
  priority?: Priority;
  maxAge?: number;
  webhook?: { url: string; secret?: string };
}

/** A submission, and the pointer to its list of links in the body. */
export interface ReadSubmission {
  request: SubmitRequest;
  listPointer: '' | '/urls';
  /** Which of the two names the webhook. */
  webhookFrom: 'body' | 'query';
}

const checkList = createCheck<unknown[]>(LinkListSchema);
const checkObject = createCheck<LinkObject>(LinkObjectSchema);

function refuse(detail: string): never {
  throw new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });
}

/** The lines of a text that hold anything. */
function linesOf(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length === 0) return refuse('The body holds no link: send one a line.');
  if (lines.length > MAX_LINKS) return refuse(`The body holds ${lines.length} links: send at most ${MAX_LINKS} at once.`);
  return lines;
}

function linksOf(body: unknown): LinkObject & { listPointer: '' | '/urls' } {
  if (typeof body === 'string') return { urls: linesOf(body), listPointer: '' };
  if (Array.isArray(body)) return { urls: checkList(body), listPointer: '' };
  if (typeof body === 'object' && body !== null) return { ...checkObject(body), listPointer: '/urls' };
  return refuse(
    body === undefined
      ? 'The body is empty: send a JSON array of links, or one link a line as text/plain.'
      : 'The body must be a JSON array of links or an object with urls.',
  );
}

/** Reads a submission; what the body says wins over the query string. Throws `invalid-request`. `text` tells a text body from a JSON string. */
export function readSubmission(body: unknown, query: SubmitQuery, text: boolean): ReadSubmission {
  const { urls, listPointer, ...options } = linksOf(typeof body === 'string' && !text ? null : body);
  const maxAge = options.maxAge ?? query.maxAge;
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
    },
    listPointer,
    webhookFrom: options.webhook ? 'body' : 'query',
  };
}
