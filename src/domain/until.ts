/**
 * What a batch looks for: the first books that satisfy a condition end it. Pure.
 *
 * - A field that the page does not carry satisfies nothing but `equals: null`. A list satisfies what one of its elements does.
 * - `equals` and `contains` compare text without case and accents, as search does. `matches` sees the text as it stands.
 * - Dates are compared as far as both sides go: every day of 2008 is `lte` "2008", and "2008" is not `gte` "2008-09".
 */
import { RE2JS } from 're2js';
import type { Fault } from '../errors.ts';
import type { Book } from './book.ts';
import { plain } from './search/words.ts';
import { cutText } from './storable-text.ts';

/** A condition on one field of a book. One comparison is given. */
export interface UntilCondition {
  /** The name of a field of the Book. */
  field: string;
  equals?: string | number | boolean | null;
  contains?: string;
  gte?: number | string;
  lte?: number | string;
  /** A regular expression. */
  matches?: string;
  /** How many books are enough, from 1. */
  count: number;
}

type Comparison = 'equals' | 'contains' | 'gte' | 'lte' | 'matches';
const COMPARISONS = ['equals', 'contains', 'gte', 'lte', 'matches'] as const satisfies Comparison[];

/** The most books that a batch may look for. */
export const MOST_FOUND = 1_000;
/** Characters of a text that is compared, and of a pattern. */
export const MAX_TEXT = 200;

type Kind = 'text' | 'number' | 'date';

/** What each field holds, or each element of a list. Of `authors` the names count, of `series` the titles. */
const FIELDS = {
  title: 'text',
  author: 'text',
  rating: 'number',
  description: 'text',
  id: 'text',
  url: 'text',
  workId: 'text',
  originalTitle: 'text',
  authors: 'text',
  series: 'text',
  ratingsCount: 'number',
  reviewsCount: 'number',
  ratingsDistribution: 'number',
  format: 'text',
  pages: 'number',
  publisher: 'text',
  publishedDate: 'date',
  originalPublishedYear: 'number',
  language: 'text',
  isbn10: 'text',
  isbn13: 'text',
  asin: 'text',
  genres: 'text',
  coverUrl: 'text',
  awards: 'text',
  fetchedAt: 'date',
  via: 'text',
  layout: 'text',
} as const satisfies Record<Exclude<keyof Book, 'sources'>, Kind>;

/** The fields that a condition may name. */
export const UNTIL_FIELDS = Object.keys(FIELDS) as (keyof typeof FIELDS)[];

const TAKEN: Record<Kind, readonly Comparison[]> = {
  text: ['equals', 'contains', 'matches'],
  number: ['equals', 'gte', 'lte'],
  date: COMPARISONS,
};

const DATE = /^\d{4}(-\d\d(-\d\d)?)?$/;

/** Steps of a compiled pattern. With {@link MAX_SEEN} it bounds what one judgement costs: a quarter of a second at worst. */
const MAX_STEPS = 250;
/** Characters of a book's field that a pattern is tried on. */
const MAX_SEEN = 10_000;

const fault = (pointer: string, detail: string): Fault => ({ pointer, detail });

/** What is wrong with a condition, with a pointer into it; `null` for one that {@link compileUntil} takes. */
export function faultOfUntil(until: UntilCondition): Fault | null {
  const kind = (FIELDS as Record<string, Kind | undefined>)[until.field];
  if (!Object.hasOwn(FIELDS, until.field) || kind === undefined) return fault('/field', `must be one of ${UNTIL_FIELDS.join(', ')}`);
  const [comparison, ...others] = COMPARISONS.filter((name) => until[name] !== undefined);
  if (comparison === undefined || others.length > 0) return fault('', `must have exactly one of ${COMPARISONS.join(', ')}`);
  if (!TAKEN[kind].includes(comparison))
    return fault(`/${comparison}`, `does not apply to ${until.field}, which is a ${kind}: send one of ${TAKEN[kind].join(', ')}`);
  const said = faultOfOperand(kind, comparison, until[comparison] ?? null);
  return said === null ? null : fault(`/${comparison}`, said);
}

function faultOfOperand(kind: Kind, comparison: Comparison, operand: string | number | boolean | null): string | null {
  if (comparison === 'equals' && operand === null) return null;
  if (kind === 'number') return typeof operand === 'number' ? null : 'must be a number';
  if (typeof operand !== 'string') return 'must be text';
  if (operand.length > MAX_TEXT) return `must have at most ${MAX_TEXT} characters`;
  if (comparison === 'matches') return faultOfPattern(operand);
  if (comparison === 'gte' || comparison === 'lte') return DATE.test(operand) ? null : 'must be a date such as 2008, 2008-09 or 2008-09-14';
  return plain(operand) === '' ? 'must hold a character' : null;
}

function faultOfPattern(pattern: string): string | null {
  try {
    const steps = RE2JS.compile(pattern).programSize();
    return steps <= MAX_STEPS ? null : `is too large a pattern: it has ${steps} steps, and at most ${MAX_STEPS} are taken`;
  } catch (error) {
    const said = (error as Error).message.replace(/^error parsing regexp: /, '');
    return `is no regular expression of RE2: ${cutText(said, MAX_TEXT)}`;
  }
}

type Test = (value: string | number) => boolean;

/** Makes a condition that was checked into a test of books as they are served. Throws when a pattern is none. */
export function compileUntil(until: UntilCondition): (book: Readonly<Record<string, unknown>>) => boolean {
  const { field, equals } = until;
  if (equals === null) return (book) => valuesOf(book[field]).length === 0;
  if (until.matches !== undefined) {
    const pattern = RE2JS.compile(until.matches);
    return (book) => seen(valuesOf(book[field])).some((text) => pattern.test(text));
  }
  const test = testOf(until);
  return (book) => valuesOf(book[field]).some(test);
}

function testOf({ equals, contains, gte, lte }: UntilCondition): Test {
  if (typeof equals === 'string') {
    const wanted = plain(equals);
    return (value) => plain(String(value)) === wanted;
  }
  if (contains !== undefined) {
    const wanted = plain(contains);
    return (value) => plain(String(value)).includes(wanted);
  }
  if (gte !== undefined) return (value) => value >= gte;
  // "~" comes after every digit and dash, so a date that stops earlier is the later one.
  if (typeof lte === 'string') return (value) => `${value}~` <= `${lte}~`;
  if (lte !== undefined) return (value) => Number(value) <= lte;
  return (value) => value === equals;
}

/** What a field says: nothing, one value, or the elements of a list. Of an object its name or title. */
function valuesOf(value: unknown): (string | number)[] {
  if (Array.isArray(value)) return value.flatMap(valuesOf);
  if (typeof value === 'string' || typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const { name, title } = value as { name?: unknown; title?: unknown };
  return valuesOf(name ?? title);
}

/** As many texts as have {@link MAX_SEEN} characters together. */
function seen(values: readonly (string | number)[]): string[] {
  let left = MAX_SEEN;
  return values.flatMap((value) => {
    if (left <= 0) return [];
    const text = cutText(String(value), left);
    left -= text.length;
    return [text];
  });
}
