/** The part of `npm run accuracy` about pages that list books, and pages that list none: `families.json` of a folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readAutocomplete } from '../src/parser/listing/autocomplete.ts';
import { readListing } from '../src/parser/listing/read-listing.ts';
import { judge, type Difference, type Tally } from './accuracy-judge.ts';

/** What is true of one page. Fields that are absent are not compared. */
export interface ExpectedFamily {
  family: string;
  id: string | null;
  page: number | null;
  totalBooks: number | null;
  title: string | null;
  next: boolean | null;
  books: string[];
  works?: (string | null)[];
  positions?: (string | null)[];
}

export interface FamiliesReport {
  pages: number;
  /** By family, as `families.json` names it. */
  tallies: Map<string, Tally & { pages: number }>;
  differences: Difference[];
  /** Right values over all values compared, 0 to 1. */
  rate: number;
}

const FIELDS = ['family', 'id', 'page', 'totalBooks', 'title', 'next', 'books', 'works', 'positions'] as const;

/** Reads every page that `families.json` in `dir` names, as a page of which nothing else is known. */
export async function measureFamilies(dir: string): Promise<FamiliesReport> {
  const truths = JSON.parse(await readFile(join(dir, 'families.json'), 'utf8')) as Record<string, ExpectedFamily>;
  const report: FamiliesReport = { pages: 0, tallies: new Map(), differences: [], rate: 0 };
  let right = 0;
  let compared = 0;
  for (const [file, expected] of Object.entries(truths)) {
    const got = read(expected, await readFile(join(dir, file)));
    const tally = report.tallies.get(expected.family) ?? { pages: 0, right: 0, wrong: 0, missing: 0, invented: 0 };
    report.tallies.set(expected.family, tally);
    report.pages += 1;
    tally.pages += 1;
    for (const field of FIELDS) {
      if (expected[field] === undefined) continue;
      const outcome = judge(expected[field], got[field]);
      tally[outcome] += 1;
      compared += 1;
      if (outcome === 'right') right += 1;
      else report.differences.push({ file, field, outcome, expected: shown(expected[field]), got: shown(got[field]) });
    }
  }
  report.rate = compared === 0 ? 0 : right / compared;
  return report;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 400);

const NOTHING = { id: null, page: null, totalBooks: null, title: null, next: null, books: [], works: [], positions: [] };

/** What the parser makes of a page, in the form of `families.json`. Pages without books are `none` or `other`, by what they are. */
function read(expected: ExpectedFamily, body: Buffer): Record<(typeof FIELDS)[number], unknown> {
  const answer = { status: 200, headers: {}, body, url: '' };
  if (expected.family === 'autocomplete') {
    const reading = readAutocomplete(answer);
    if (reading.kind !== 'suggestions') return { ...NOTHING, family: reading.kind };
    const { rows } = reading;
    // The question is not in the answer.
    const { id } = expected;
    return { ...NOTHING, family: 'autocomplete', id, books: rows.map(({ bookId }) => bookId), works: rows.map(({ workId }) => workId) };
  }
  const reading = readListing(answer, null);
  switch (reading.kind) {
    case 'listing':
      return reading;
    case 'missing':
    case 'sign-in':
    case 'blocked':
      return { ...NOTHING, family: 'none' };
    case 'other-page':
      return { ...NOTHING, family: 'other' };
    default:
      return { ...NOTHING, family: reading.kind };
  }
}

/** A line for each family, and one for all of them. */
export function formatFamilies({ pages, tallies, rate }: FamiliesReport): string[] {
  const names = ['pages', 'right', 'wrong', 'missing', 'invented'] as const;
  const lines = ['', `${'family'.padEnd(16)}${names.map((name) => name.padStart(9)).join('')}     rate`];
  for (const [family, tally] of tallies) {
    const all = tally.right + tally.wrong + tally.missing + tally.invented;
    const share = all === 0 ? 0 : tally.right / all;
    lines.push(`  ${family.padEnd(14)}${names.map((name) => String(tally[name]).padStart(9)).join('')}  ${share.toFixed(5)}`);
  }
  lines.push('', `${pages} pages of families, rate ${rate.toFixed(5)}`);
  return lines;
}
