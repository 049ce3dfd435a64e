/** Classifies a page without a book, by status, headers and body together. The surest sign is checked first. */
import { decodeText } from './markup/markup.ts';
import { canonicalLink, decode, headOf } from './markup/page-bytes.ts';
import { collapse } from './markup/text.ts';

/** An answer of Goodreads, after redirects and decoded. */
export interface PageAnswer {
  status: number;
  /** Lower-case names, as Node gives them. */
  headers: Record<string, string | string[] | undefined>;
  /** The body, decompressed, at most 8 MiB. */
  body: Uint8Array;
  /** The address after redirects. */
  url: string;
}

/** What an answer without a book is. `reason` is a sentence for logs and callers. */
export interface NoBook {
  kind: 'missing' | 'blocked' | 'sign-in' | 'overloaded' | 'other-page' | 'unrecognised';
  reason: string;
}

/** What other files have found in the page. */
export interface PageSigns {
  /** The data of the page says that there is no such book. */
  saysMissing: boolean;
  /** The route of a page of the current layout. */
  route: string | null;
  /** The current layout without any data. */
  skeleton: boolean;
  /** What the reader looks for. Default: a book. */
  wanted?: Wanted;
}

/** What a reader looks for. */
export interface Wanted {
  /** The word that sentences use, without its article. */
  noun: string;
  /** Whether the path of a canonical link is that of such a page. */
  isWanted: (path: string) => boolean;
}

const BOOK: Wanted = { noun: 'book', isWanted: (path) => /^(?:\/[a-z-]{2,7})?\/book\/show\//i.test(path) };

export const BOOK_ROUTE = '/book/show/[book_id]';

/** Challenge and captcha pages are 2 kB. On pages larger than this, their marks mean nothing. */
const CHALLENGE = 16 * 1024;
const CHALLENGE_MARKS = [
  'window.gokuProps',
  'awsWafCookieDomainList',
  'id="challenge-container"',
  'id="captcha-container"',
  'AwsWafCaptcha',
  'AwsWafIntegration',
];
/** Goodreads' own notices that it is down are shorter than this. */
const NOTICE = 128 * 1024;
const BUSY_TITLE =
  /over capacity|down for maintenance|unexpected error|took too long|service unavailable|bad gateway|gateway time-?out|too many requests/i;
const BUSY_TEXT = [
  'Our website is currently unavailable while we make some improvements',
  'Goodreads is over capacity',
  'Goodreads request took too long',
];
const SIGN_IN_TITLE = /^(?:goodreads )?(?:sign[ -]?in|sign[ -]?up|log[ -]?in)\b/i;
const SIGN_IN_PATH = /^\/(?:user\/(?:sign_in|sign_up|login|new)|ap\/(?:signin|register))(?:[/?#]|$)/i;
const MISSING_TITLE = /^page not found\b/i;

function header(answer: PageAnswer, name: string): string | null {
  const value = answer.headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined || first === '' ? null : first;
}

/** A piece of what we were sent, short and harmless enough to stand in a sentence. */
function shown(text: string): string {
  return collapse(text.slice(0, 80));
}

/** The path of an absolute address, '' when it is none. */
function pathOf(url: string): string {
  return /^[a-z][a-z\d+.-]*:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
}

/** The page's `<title>` on one line; `null` where it has none. An empty title is ''. */
export function titleOf(page: Buffer): string | null {
  const head = headOf(page);
  const start = head.indexOf('<title');
  const open = start < 0 ? -1 : head.indexOf('>', start);
  const end = open < 0 ? -1 : head.indexOf('</title', open);
  return end < 0 || end - open > 4096 ? null : collapse(decodeText(decode(head, open + 1, end)));
}

/** Whether the page came whole. The old layout puts a long comment behind `</html>`, so that is not the very end. */
export function isWhole(page: Buffer): boolean {
  return page.lastIndexOf('</html>') >= 0;
}

/** Names what an answer is, given that no book could be read from it. */
export function classifyNoBook(answer: PageAnswer, page: Buffer, signs: PageSigns): NoBook {
  const { noun } = signs.wanted ?? BOOK;
  return blockedByAnswer(answer, noun) ?? busyByStatus(answer) ?? blockedByBody(answer, page, noun) ?? byPage(answer, page, signs);
}

function blockedByAnswer(answer: PageAnswer, noun: string): NoBook | null {
  const action = header(answer, 'x-amzn-waf-action');
  if (action !== null)
    return { kind: 'blocked', reason: `The firewall in front of Goodreads answered "${shown(action)}" (status ${answer.status}).` };
  if (answer.status === 202)
    return { kind: 'blocked', reason: `Goodreads answered with status 202 and no ${noun}, as for clients that it suspects.` };
  if (answer.status === 403 || answer.status === 405)
    return { kind: 'blocked', reason: `Goodreads refused the request (status ${answer.status}).` };
  return null;
}

function busyByStatus(answer: PageAnswer): NoBook | null {
  const { status } = answer;
  if (status === 429 || status === 408) return { kind: 'overloaded', reason: `Goodreads asked us to slow down (status ${status}).` };
  return status >= 500 ? { kind: 'overloaded', reason: `Goodreads answered with status ${status}.` } : null;
}

function blockedByBody(answer: PageAnswer, page: Buffer, noun: string): NoBook | null {
  const success = answer.status >= 200 && answer.status < 300;
  if (success && isBlank(page))
    return { kind: 'blocked', reason: 'The answer is empty although its status is a success: some clients get such a challenge.' };
  if (page.length > CHALLENGE) return null;
  return CHALLENGE_MARKS.some((mark) => page.includes(mark))
    ? { kind: 'blocked', reason: `The page is a challenge or captcha, not a ${noun}.` }
    : null;
}

/** Nothing but white space (a body of more than 1 kB always has something). */
function isBlank(page: Buffer): boolean {
  return page.length === 0 || (page.length < 1024 && page.toString('latin1').trim() === '');
}

function byPage(answer: PageAnswer, page: Buffer, signs: PageSigns): NoBook {
  const title = titleOf(page);
  const { wanted = BOOK } = signs;
  const location = header(answer, 'location') ?? '';
  if (
    answer.status === 401 ||
    SIGN_IN_PATH.test(pathOf(answer.url)) ||
    SIGN_IN_PATH.test(pathOf(location) || location) ||
    (title !== null && SIGN_IN_TITLE.test(title))
  ) {
    return { kind: 'sign-in', reason: 'Goodreads asks for a signed-in user.' };
  }
  const short = page.length < NOTICE;
  if (short && ((title !== null && BUSY_TITLE.test(title)) || BUSY_TEXT.some((text) => page.includes(text)))) {
    return { kind: 'overloaded', reason: 'Goodreads says that it is down or over capacity.' };
  }
  if (signs.skeleton) return { kind: 'overloaded', reason: 'Goodreads sent the page without its data ("Loading interface…").' };
  const missing = saysMissing(answer, page, title, signs);
  // A page that was cut off proves nothing.
  if (missing && isWhole(page)) return { kind: 'missing', reason: `Goodreads says that there is no such ${wanted.noun}.` };
  return otherPage(answer, page, title, signs) ?? unrecognised(answer, page);
}

function saysMissing(answer: PageAnswer, page: Buffer, title: string | null, signs: PageSigns): boolean {
  if (signs.saysMissing) return true;
  if (answer.status !== 200 && answer.status !== 404 && answer.status !== 410) return false;
  if (title !== null && MISSING_TITLE.test(title)) return true;
  if (page.length >= NOTICE) return false;
  if (page.includes('data-testid="errorText"') && page.includes('find the page you were looking for')) return true;
  return answer.status !== 200 && /not found|couldn.{1,8}t find|doesn.{1,8}t exist|no longer exists/i.test(decode(page, 0, 32 * 1024));
}

function otherPage(answer: PageAnswer, page: Buffer, title: string | null, { route, wanted = BOOK }: PageSigns): NoBook | null {
  if (answer.status < 200 || answer.status > 299) return null;
  if (route !== null && !route.endsWith(BOOK_ROUTE))
    return { kind: 'other-page', reason: `The page is of another kind (${shown(route)}).` };
  const canonical = canonicalLink(page);
  const path = canonical !== null && /^https?:\/\/(?:www\.)?goodreads\.com(?=\/|$)/i.test(canonical) ? pathOf(canonical) : null;
  if (path !== null && !wanted.isWanted(path))
    return { kind: 'other-page', reason: `The page is ${shown(path) || '/'}, not a ${wanted.noun}'s.` };
  if (title !== null && /^search results for\b/i.test(title))
    return { kind: 'other-page', reason: 'The page is a list of search results.' };
  return null;
}

function unrecognised(answer: PageAnswer, page: Buffer): NoBook {
  if (isBlank(page)) return { kind: 'unrecognised', reason: `The answer is empty (status ${answer.status}).` };
  if (!isWhole(page)) return { kind: 'unrecognised', reason: 'The page is cut off, or it is not a web page.' };
  return { kind: 'unrecognised', reason: `The page is none that we know (status ${answer.status}).` };
}
