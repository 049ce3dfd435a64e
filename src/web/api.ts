/** Requests of the page. All go to the Quire that served it. */
import { createValue } from './values.ts';
import { text } from './text.ts';
import type { Session } from './types.ts';

/** The address below which the API is: this file lies in `assets/<digest>/`. */
const BASE = new URL('../../', import.meta.url);

export const addressIn = (path: string): string => new URL(path.replace(/^\//, ''), BASE).href;

/** What the API says about a request that failed. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
  }
}

/** A request that a person caused, for the view that shows how a program makes it. */
export interface Made {
  method: string;
  path: string;
  /** JSON or text; `null` without a body, `undefined` for files. */
  body: unknown;
  type: string | null;
  /** What it did, in a few words. */
  did: string;
  at: number;
}

/** The latest requests, newest first. */
export const made = createValue<readonly Made[]>([]);
const MOST_MADE = 12;

/** Whether the API asks for a key: `ended` when there was one that counts no longer. */
export const session = createValue<'open' | 'needed' | 'ended'>('open');
/** Whether the server answers at all. */
export const reachable = createValue(true);

interface Options {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  /** The media type of `body`; JSON when it is left out. */
  type?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Says what the request does: it then appears among the latest requests. */
  did?: string;
}

interface ProblemBody {
  type?: string;
  title?: string;
  detail?: string;
}

/** Whose session it is; `null` without keys. */
export const signedInAs = createValue<string | null>(null);
let wasSignedIn = false;

/** Asks who this browser is to the server, which needs no key. A server that is away is told by the banner. */
export async function lookAtSession(): Promise<void> {
  const found = await ask<Session>('/session').catch(() => null);
  if (found === null) return;
  signedInAs.set(found.keysRequired ? found.name : null);
  if (found.keysRequired && found.via === 'none') session.set(wasSignedIn ? 'ended' : 'needed');
  else {
    wasSignedIn = true;
    session.set('open');
  }
}

/** Ends the session of this browser. */
export async function signOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' });
  wasSignedIn = false;
  await lookAtSession();
}

async function problemOf(answer: Response): Promise<Problem> {
  const body = (await answer.json().catch(() => ({}))) as ProblemBody;
  const code = body.type?.split('/').at(-1) ?? '';
  return new Problem(answer.status, code, body.detail ?? body.title ?? text.errors.status(answer.status));
}

function note({ method = 'GET', body, type, did }: Options, path: string): void {
  if (did === undefined) return;
  const sent = body instanceof Blob || body instanceof FormData ? undefined : (body ?? null);
  made.set([{ method, path, body: sent, type: type ?? null, did, at: Date.now() }, ...made.get()].slice(0, MOST_MADE));
}

/** Sends a request and reads the JSON of its answer; `null` for an answer without a body. Throws a {@link Problem}. */
export async function ask<T>(path: string, options: Options = {}): Promise<T> {
  const { method = 'GET', body, type, headers, signal } = options;
  note(options, path);
  const asIs = typeof body === 'string' || body instanceof Blob || body instanceof FormData;
  const contentType = body instanceof FormData ? {} : { 'content-type': type ?? 'application/json' };
  let answer: Response;
  try {
    answer = await fetch(addressIn(path), {
      method,
      headers: { accept: 'application/json', ...(body === undefined ? {} : contentType), ...headers },
      ...(body === undefined ? {} : { body: asIs ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
      credentials: 'same-origin',
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    reachable.set(false);
    throw new Problem(0, 'unreachable', text.errors.unreachable);
  }
  reachable.set(true);
  // The form for the key has its own words for a key that is refused.
  if (answer.status === 401 && path !== '/session') session.set(wasSignedIn ? 'ended' : 'needed');
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === 204) return null as T;
  return (await answer.json()) as T;
}

/** The sentence for a person about whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
