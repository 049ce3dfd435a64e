/** Counts what the parser finds on every page, so that the operator sees a change of layout before users do. */
import type { Log } from '../domain/log.ts';
import type { ParsedBook } from '../domain/book.ts';
import { compareHealth, countsOfBook, type ParserCounts, type ParserHealth } from '../parser/drift.ts';
import { countsOfListing } from '../parser/listing/listing-drift.ts';
import type { AskedListing, ListingReading } from '../parser/listing/listing.ts';
import type { PageReading } from '../parser/read-page.ts';
import type { TallyStore } from '../storage/store.ts';
import { createTallyBuffer, hourOf } from '../storage/tally-buffer.ts';

const SERIES = 'parser';
const KEEP_HOURS = 15 * 24;
const RECENT_HOURS = 6;
const BEFORE_HOURS = 7 * 24;

export interface ParserWatch {
  /** Counts a page that was read; for a book, also whether the store kept it. */
  observe(kind: PageReading['kind'], book: ParsedBook | null, stored: 'stored' | 'older' | 'poorer' | null): void;
  /** Counts an answer to a request for a page that lists books. A page that is not recognised is logged. */
  observeListing(asked: AskedListing, reading: ListingReading): void;
  /** Compares the last 6 hours with the 7 days before. */
  health(): Promise<ParserHealth>;
  close(): Promise<void>;
}

export function createParserWatch(options: { tallies: TallyStore; log: Log; now?: () => number }): ParserWatch {
  const { now = Date.now } = options;
  const buffer = createTallyBuffer({ tallies: options.tallies, series: SERIES, keepHours: KEEP_HOURS, log: options.log, now });
  const total = (hours: { counts: ParserCounts }[]): ParserCounts => {
    const sums: ParserCounts = {};
    for (const { counts } of hours) for (const [name, n] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + n;
    return sums;
  };
  return {
    observe(kind, book, stored) {
      buffer.count(book ? countsOfBook(book) : { [`reading:${kind}`]: 1 });
      if (stored) buffer.count({ [`stored:${stored}`]: 1 });
    },
    observeListing({ family, id, page }, reading) {
      const counts = countsOfListing(family, reading);
      if (Object.keys(counts).length > 0) buffer.count(counts);
      if (reading.kind === 'unrecognised')
        options.log.warn({ family, id, page, reason: reading.reason }, 'a page that lists books was not recognised');
    },
    async health() {
      const to = hourOf(now());
      const hours = await buffer.read(to - RECENT_HOURS - BEFORE_HOURS, to);
      const recentFrom = to - RECENT_HOURS + 1;
      return compareHealth(total(hours.filter(({ hour }) => hour >= recentFrom)), total(hours.filter(({ hour }) => hour < recentFrom)));
    },
    close: () => buffer.flush(),
  };
}
