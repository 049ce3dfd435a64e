/**
 * From a page's bytes to the book, against `cheerio.load` of the same pages in the same run: what everybody else pays
 * before reading the first field.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'cheerio';
import { bookReference, parseBookId, type BookReference } from '../src/domain/identity.ts';
import { readPage } from '../src/parser/read-page.ts';
import type { BenchRow } from './row.ts';

interface Page {
  body: Buffer;
  reference: BookReference;
}

const TARGET = '≥ 20';
const PAGES = join(import.meta.dirname, '..', '..', 'shared', 'pages');
const FIXTURES = join(import.meta.dirname, '..', 'test', 'fixtures');

/** Where the pages of the benchmark are: the real ones beside this repository, else our own small ones (whose ratios say little). */
export function defaultPagesDir(): string {
  return existsSync(join(PAGES, 'expected.json')) ? PAGES : FIXTURES;
}

/** The pages that `expected.json` names, by layout. */
async function loadPages(dir: string): Promise<Map<string, Page[]>> {
  const expected = JSON.parse(await readFile(join(dir, 'expected.json'), 'utf8')) as Record<string, { bookId: string; layout: string }>;
  const pagesDir = existsSync(join(dir, 'pages')) ? join(dir, 'pages') : dir;
  const byLayout = new Map<string, Page[]>();
  for (const [file, { bookId, layout }] of Object.entries(expected)) {
    const id = parseBookId(bookId);
    if (id === null) continue;
    const pages = byLayout.get(layout) ?? [];
    byLayout.set(layout, pages);
    pages.push({ body: await readFile(join(pagesDir, file)), reference: bookReference(id) });
  }
  return byLayout;
}

function median(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Milliseconds for one call on each page, `rounds` times over. */
function timings(pages: Page[], rounds: number, work: (page: Page) => unknown): number[] {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const page of pages) {
      const start = performance.now();
      work(page);
      times.push(performance.now() - start);
    }
  }
  return times;
}

function parse({ body, reference }: Page): unknown {
  const reading = readPage({ status: 200, headers: {}, body, url: reference.url }, reference);
  if (reading.kind !== 'book') throw new Error(`${reference.jobId}: ${reading.reason}`);
  return reading;
}

/**
 * The median milliseconds per page of each layout, ours (classification, decoding and every field) and `cheerio.load` alone.
 * `quick` takes one round of cheerio over a part of the pages. Throws when a page is not read as a book.
 */
export async function benchParse(opts: { pagesDir: string; quick: boolean }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [layout, pages] of await loadPages(opts.pagesDir)) {
    const some = opts.quick ? pages.filter((_, at) => at % 4 === 0) : pages;
    // A worker is warm after a few pages and stays so for days: a few rounds go by before the clock counts.
    timings(pages, 3, parse);
    timings(some.slice(0, 3), 1, ({ body }) => load(body.toString('utf8')));
    const ours = median(timings(some, opts.quick ? 5 : 10, parse));
    const limit = median(timings(some, 1, ({ body }) => load(body.toString('utf8'))));
    rows.push({
      name: `parse a ${layout} page (${some.length} pages)`,
      store: null,
      ours,
      limit,
      ratio: limit / ours,
      unit: 'ms',
      target: TARGET,
    });
  }
  return rows;
}

if (process.argv[1] === import.meta.filename) {
  const pagesDir = defaultPagesDir();
  process.stdout.write(`pages: ${pagesDir === PAGES ? '../shared/pages' : 'test/fixtures (our own: small, so the ratio says little)'}\n`);
  for (const row of await benchParse({ pagesDir, quick: process.argv.includes('--quick') })) {
    process.stdout.write(
      `${row.name}: ${row.ours.toFixed(3)} ms, cheerio.load ${row.limit.toFixed(1)} ms, ${row.ratio.toFixed(0)} times (${row.target})\n`,
    );
  }
}
