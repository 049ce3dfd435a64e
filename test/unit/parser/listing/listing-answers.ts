/** Answers with pages that list books, and what every reading of one keeps. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AskedListing, Listing, ListingReading } from '../../../../src/parser/listing/listing.ts';
import { readListing } from '../../../../src/parser/listing/read-listing.ts';
import type { PageAnswer } from '../../../../src/parser/no-book.ts';
import { FIRST_DECOY, makeListing, type ListingRequest } from '../../../../scripts/goodreads-listings.ts';
import { FIXTURES } from '../../../support/corpus.ts';

export const listingFixture = (name: string): string => readFileSync(join(FIXTURES, 'listings', `${name}.html`), 'utf8');

export function readBody(body: string | Uint8Array, asked: AskedListing | null = null, more: Partial<PageAnswer> = {}): ListingReading {
  return readListing({ status: 200, headers: {}, body: typeof body === 'string' ? Buffer.from(body) : body, url: '', ...more }, asked);
}

/** Makes a page and reads it as the crawler does. */
export function readMade(request: ListingRequest, change: (html: string) => string = (html) => html): ListingReading {
  const { family, id, page } = request;
  return readBody(change(makeListing(request).html), { family, id, page });
}

/** The listing of a reading, or a failed test that tells the reason. */
export function listingOf(reading: ListingReading): Listing {
  if (reading.kind !== 'listing') throw new Error(`${reading.kind}: ${reading.reason}`);
  return reading;
}

/** What holds for every reading, whatever the bytes. `mostDecoys`: of the stand-in's decoys, how many may be taken for books. */
export function expectValidListing(reading: ListingReading, mostDecoys = 0): void {
  if (reading.kind !== 'listing') {
    expect(reading.reason).toMatch(/\.$/);
    expect(reading.reason.length).toBeLessThan(400);
    return;
  }
  const { books, works, positions, titles, authors, page, totalBooks } = reading;
  expect(new Set(books).size).toBe(books.length);
  for (const id of [...books, ...works.filter((work) => work !== null)]) expect(id).toMatch(/^[1-9]\d{0,11}$/);
  for (const list of [works, positions, titles, authors]) expect(list).toHaveLength(books.length);
  for (const count of [page, totalBooks]) expect(count === null || (Number.isSafeInteger(count) && count >= 0)).toBe(true);
  const decoys = books.filter((id) => Number(id) >= FIRST_DECOY && Number(id) < FIRST_DECOY + 1_000);
  expect(decoys.length, decoys.join(' ')).toBeLessThanOrEqual(mostDecoys);
}
