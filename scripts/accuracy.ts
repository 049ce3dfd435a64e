/**
 * How right the parser is over a folder of pages with an `expected.json` (books), a `families.json` (pages that list books), or both:
 *
 *     npm run accuracy -- <dir> [--min 0.995] [--all]
 *
 * Prints right, wrong, missing and invented per layout and field, and per family; the first differences (all with `--all`) and the rates.
 * Exit code 1 when a rate is below `--min`, a page is not read as a book, or a page of a family has anything invented; 2 when the folder
 * cannot be used.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readArguments } from './arguments.ts';
import type { ParsedBook } from '../src/domain/book.ts';
import { bookReference, parseBookId } from '../src/domain/identity.ts';
import { readPage } from '../src/parser/read-page.ts';
import { formatFamilies, measureFamilies, type FamiliesReport } from './accuracy-families.ts';
import { judge, type Difference, type Tally } from './accuracy-judge.ts';

/** One page's true values, as `expected.json` holds them. Fields that are absent are not compared. */
export interface ExpectedPage {
  bookId: string;
  layout: string;
  title?: string | null;
  authors?: { name: string; role?: string | null }[];
  rating?: number | null;
  ratingsCount?: number | null;
  reviewsCount?: number | null;
  description?: string | null;
  series?: { title: string; position?: string | null }[];
  isbn?: string | null;
  isbn10?: string | null;
  isbn13?: string | null;
  asin?: string | null;
  format?: string | null;
  pages?: number | null;
  publisher?: string | null;
  publishedDate?: string | null;
  language?: string | null;
  genres?: string[];
  coverUrl?: string | null;
  url?: string | null;
  extra?: unknown;
}

export interface AccuracyReport {
  pages: number;
  /** Pages that did not even read as a book, each with the reason. */
  unread: { file: string; reason: string }[];
  /** By layout, then by field. */
  tallies: Map<string, Map<string, Tally>>;
  differences: Difference[];
  /** Right values over all values compared, 0 to 1. */
  rate: number;
}

const DESCRIPTION_LENGTH = 200;

/** Both sides are compared with white space collapsed, since that is how the true values were written down. */
function flat(text: string | null | undefined): string | null {
  const one = (text ?? '').replace(/\s+/g, ' ').trim();
  return one === '' ? null : one;
}

/** The check digit and prefix of an ISBN-13, worked out on its own here: a test of the parser should not lean on the parser. */
function isIsbn13(text: string): boolean {
  if (!/^97[89]\d{10}$/.test(text)) return false;
  const sum = Array.from(text).reduce((total, digit, at) => total + Number(digit) * (at % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

function prefix(text: string | null | undefined): string | null {
  const one = flat(text);
  return one === null ? null : flat(Array.from(one).slice(0, DESCRIPTION_LENGTH).join(''));
}

function people(list: { name: string; role?: string | null }[]): string[] {
  return list.map(({ name, role }) => `${flat(name) ?? ''}${flat(role) === null ? '' : ` (${flat(role) ?? ''})`}`);
}

function parts(list: { title: string; position?: string | null }[]): string[] {
  return list.map(({ title, position }) => `${flat(title) ?? ''}${flat(position) === null ? '' : ` #${flat(position) ?? ''}`}`);
}

/** A value on both sides for every field that the expectation holds, in the Book's conventions. */
function comparisons(expected: ExpectedPage, book: ParsedBook): [field: string, expected: unknown, got: unknown][] {
  const pairs: [string, unknown, unknown][] = [
    ['bookId', expected.bookId, book.id],
    ['layout', expected.layout, book.layout],
  ];
  const add = (field: string, present: unknown, want: unknown, got: unknown): void => {
    if (present !== undefined) pairs.push([field, want, got]);
  };
  add('title', expected.title, flat(expected.title), flat(book.title));
  add('author', expected.authors, flat(expected.authors?.[0]?.name), flat(book.author));
  add('authors', expected.authors, people(expected.authors ?? []), people(book.authors));
  // 0 of 0 ratings is how the page writes "none"; the Book says null.
  add('rating', expected.rating, expected.rating === 0 && expected.ratingsCount === 0 ? null : expected.rating, book.rating);
  add('ratingsCount', expected.ratingsCount, expected.ratingsCount, book.ratingsCount);
  add('reviewsCount', expected.reviewsCount, expected.reviewsCount, book.reviewsCount);
  add('description', expected.description, prefix(expected.description), prefix(book.description));
  add('series', expected.series, parts(expected.series ?? []), parts(book.series));
  const isbn10 = expected.isbn10 === undefined ? expected.isbn : expected.isbn10;
  add('isbn10', isbn10, flat(isbn10), book.isbn10);
  const isbn13 = flat(expected.isbn13);
  add('isbn13', expected.isbn13, isbn13 !== null && isIsbn13(isbn13) ? isbn13 : null, book.isbn13);
  add('asin', expected.asin, flat(expected.asin), flat(book.asin));
  add('format', expected.format, flat(expected.format), flat(book.format));
  add('pages', expected.pages, expected.pages, book.pages);
  add('publisher', expected.publisher, flat(expected.publisher), flat(book.publisher));
  add('publishedDate', expected.publishedDate, expected.publishedDate, book.publishedDate);
  add('language', expected.language, flat(expected.language), flat(book.language));
  add('genres', expected.genres, expected.genres?.map(flat), book.genres.map(flat));
  add('coverUrl', expected.coverUrl, expected.coverUrl, book.coverUrl);
  add('url', expected.url, expected.url, book.url);
  return pairs;
}

/** Runs the parser over every page that `expected.json` in `dir` names. Throws when the folder or the file cannot be read. */
export async function measureAccuracy(dir: string): Promise<AccuracyReport> {
  const truths = join(dir, 'expected.json');
  const bare = !existsSync(truths) && existsSync(join(dir, 'families.json'));
  const expectations = bare ? {} : (JSON.parse(await readFile(truths, 'utf8')) as Record<string, ExpectedPage>);
  const report: AccuracyReport = { pages: 0, unread: [], tallies: new Map(), differences: [], rate: 0 };
  // The project's own fixtures keep their pages one folder down.
  const pagesDir = existsSync(join(dir, 'pages')) ? join(dir, 'pages') : dir;
  let right = 0;
  let compared = 0;
  for (const [file, expected] of Object.entries(expectations)) {
    report.pages += 1;
    const bookId = parseBookId(expected.bookId);
    if (bookId === null) throw new Error(`${file}: expected.json gives no book number`);
    const reference = bookReference(bookId);
    const reading = readPage({ status: 200, headers: {}, body: await readFile(join(pagesDir, file)), url: reference.url }, reference);
    const fields = report.tallies.get(expected.layout) ?? new Map<string, Tally>();
    report.tallies.set(expected.layout, fields);
    if (reading.kind !== 'book') report.unread.push({ file, reason: `${reading.kind}: ${reading.reason}` });
    // A page that is not read at all misses everything that it is known to carry.
    const pairs = reading.kind === 'book' ? comparisons(expected, reading.book) : comparisons(expected, NOTHING);
    for (const [field, want, got] of pairs) {
      const outcome = judge(want, got);
      const tally = fields.get(field) ?? { right: 0, wrong: 0, missing: 0, invented: 0 };
      fields.set(field, tally);
      tally[outcome] += 1;
      compared += 1;
      if (outcome === 'right') right += 1;
      else
        report.differences.push({
          file,
          field,
          outcome,
          expected: JSON.stringify(want) ?? 'nothing',
          got: JSON.stringify(got) ?? 'nothing',
        });
    }
  }
  report.rate = compared === 0 ? 0 : right / compared;
  return report;
}

/** Stands in for the book of a page that could not be read. Its empty texts count as nothing. */
const NOTHING = {
  id: null,
  layout: null,
  title: null,
  author: null,
  authors: [],
  rating: null,
  ratingsCount: null,
  reviewsCount: null,
  description: null,
  series: [],
  isbn10: null,
  isbn13: null,
  asin: null,
  format: null,
  pages: null,
  publisher: null,
  publishedDate: null,
  language: null,
  genres: [],
  coverUrl: null,
  url: null,
} as unknown as ParsedBook;

/** The report as lines of text: a table per layout, a line per family, then the first `shown` differences, then the rates. */
export function formatReport(report: AccuracyReport, families: FamiliesReport | null, shown: number): string {
  const lines: string[] = [];
  for (const [layout, fields] of report.tallies) {
    lines.push('', `${layout.padEnd(16)}${['right', 'wrong', 'missing', 'invented'].map((name) => name.padStart(9)).join('')}`);
    for (const [field, tally] of fields) {
      lines.push(
        `  ${field.padEnd(14)}${[tally.right, tally.wrong, tally.missing, tally.invented].map((n) => String(n).padStart(9)).join('')}`,
      );
    }
  }
  for (const { file, reason } of report.unread) lines.push('', `not a book: ${file}`, `  ${reason}`);
  if (families !== null) lines.push(...formatFamilies(families));
  const differences = [...report.differences, ...(families?.differences ?? [])];
  if (differences.length > 0) lines.push('', `differences (${Math.min(shown, differences.length)} of ${differences.length}):`);
  for (const { file, field, outcome, expected, got } of differences.slice(0, shown)) {
    lines.push(`  ${outcome} ${field} in ${file}`, `    expected ${expected}`, `    got      ${got}`);
  }
  lines.push('', `${report.pages} pages, rate ${report.rate.toFixed(5)}`);
  return lines.join('\n');
}

/** The command: takes its arguments, writes the report with `write`, answers the exit code. */
export async function accuracy(args: string[], write: (text: string) => void): Promise<number> {
  const { values, positionals } = readArguments({
    args,
    allowPositionals: true,
    options: { min: { type: 'string', default: '0.995' }, all: { type: 'boolean', default: false } },
  });
  const min = Number(values.min);
  const [dir] = positionals;
  if (dir === undefined || !(min >= 0 && min <= 1)) {
    write('usage: npm run accuracy -- <dir> [--min 0.995] [--all]\n');
    return 2;
  }
  const report = await measureAccuracy(dir);
  const families = existsSync(join(dir, 'families.json')) ? await measureFamilies(dir) : null;
  write(`${formatReport(report, families, values.all ? Number.POSITIVE_INFINITY : 20)}\n`);
  if (report.pages === 0 && (families?.pages ?? 0) === 0) return 2;
  const booksGood = report.pages === 0 || (report.rate >= min && report.unread.length === 0);
  const invented = families?.differences.some(({ outcome }) => outcome === 'invented') ?? false;
  const good = booksGood && !invented && (families === null || families.pages === 0 || families.rate >= min);
  write(good ? `at or above the ${min} asked for\n` : `below the ${min} asked for, a page was not read, or something was invented\n`);
  return good ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = await accuracy(process.argv.slice(2), (text) => process.stdout.write(text)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  });
}
