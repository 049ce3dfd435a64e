import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../support/corpus.ts';
import { asked, faultsOf, read } from './reading.ts';

/** 20,000 cases by default, in all; `FUZZ_CASES=1000000` for a long run. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 20_000);
/** Milliseconds for one page of a few kilobytes: generous, since other tests run beside this one. */
const BOUND = 1_000;

const SEEDS = [
  ...(['7100001', '7100002', '7100003', '7100004'] as const).map((id) => ({ id, page: fixture('next', id) })),
  ...(['7200001', '7200002', '7200003', '7200004'] as const).map((id) => ({ id, page: fixture('legacy', id) })),
  ...(['missing', 'challenge', 'sign-in', 'skeleton', 'reviews', 'list'] as const).map((name) => ({
    id: '7100001',
    page: fixture('failure', name),
  })),
];

/** Pieces that mean something to one of the layers, so that mutations reach further than noise would. */
const PIECES = [
  '<',
  '>',
  '"',
  "'",
  '=',
  '&',
  '&amp;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '\u0000',
  '<!--',
  '-->',
  '</script>',
  '<script>',
  '<div>',
  '</div>',
  '<span>',
  '<br>',
  '{',
  '}',
  '[',
  ']',
  '\\',
  '\\"',
  '\\ud800',
  ':null',
  'null',
  '{"__ref":"',
  '"__ref"',
  ' id="bookTitle"',
  '<h1 id="bookTitle">',
  '<div id="bookAuthors">',
  '<a class="authorName">',
  'id="details"',
  'id="description"',
  '<div class="row">Published ',
  '(first published ',
  'infoBoxRowTitle',
  'renderRatingGraph([',
  '<script id="__NEXT_DATA__">',
  '"getBookByLegacyId(',
  '"page":"',
  'application/ld+json',
  'data-testid="bookTitle"',
  'al:ios:url',
  '</html>',
  '-1',
  '1e999',
  '99999999999999999999',
  'é',
  '\u200c',
  '\ud83d',
  ' '.repeat(50),
].map((piece) => Buffer.from(piece));

const HOLES = [0xff, 0xc3, 0xe2, 0xf0, 0x80, 0x00];

type Mutation = { at: number; kind: number; length: number; piece: number };

const mutation = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.nat(6),
  length: fc.nat(4000),
  piece: fc.nat(PIECES.length - 1),
});

function mutate(page: Buffer, { at, kind, length, piece }: Mutation): Buffer {
  const start = Math.floor(at * page.length);
  const end = Math.min(page.length, start + length);
  const insert = PIECES[piece] ?? Buffer.alloc(0);
  const head = page.subarray(0, start);
  switch (kind) {
    case 0: // cut off
      return head;
    case 1: // leave out
      return Buffer.concat([head, page.subarray(end)]);
    case 2: // put in
      return Buffer.concat([head, insert, page.subarray(start)]);
    case 3: // put over
      return Buffer.concat([head, insert, page.subarray(start + insert.length)]);
    case 4: // say twice
      return Buffer.concat([page.subarray(0, end), page.subarray(start)]);
    case 5: {
      // break bytes
      const broken = Buffer.from(page);
      for (let next = start; next < end; next += 97) broken[next] = HOLES[next % HOLES.length] ?? 0;
      return broken;
    }
    default: // swap with a place elsewhere
      return Buffer.concat([page.subarray(end), page.subarray(start, end), head]);
  }
}

describe('random pages', () => {
  it(
    `are read without a fault, ${CASES} of them`,
    () => {
      let slowest = 0;
      fc.assert(
        fc.property(
          fc.nat(SEEDS.length - 1),
          fc.array(mutation, { minLength: 1, maxLength: 6 }),
          fc.constantFrom(200, 200, 200, 202, 403, 404, 503),
          (which, mutations, status) => {
            const seed = SEEDS[which];
            if (seed === undefined) throw new Error('no seed');
            const page = mutations.reduce(mutate, seed.page);
            const before = process.cpuUsage();
            const reading = read(page, asked(seed.id), { status });
            const { user, system } = process.cpuUsage(before);
            slowest = Math.max(slowest, (user + system) / 1000);
            const faults = faultsOf(reading);
            if (faults.length > 0) throw new Error(faults.join(', '));
            // Whatever was done to a page, it never becomes another book than the one that was asked for.
            if (reading.kind === 'book' && reading.book.id !== seed.id) throw new Error(`became book ${reading.book.id}`);
            if (reading.kind === 'missing' && !page.includes('</html>')) throw new Error('missing, from half a page');
          },
        ),
        { numRuns: CASES },
      );
      expect(slowest).toBeLessThan(BOUND);
    },
    Math.max(60_000, CASES * 10),
  );
});
