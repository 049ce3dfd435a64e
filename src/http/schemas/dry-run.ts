/** Dry runs in the OpenAPI document. */
import { Type } from 'typebox';
import { MOST_ASKED } from '../../app/dry-run/dry-run.ts';
import { MOST_WAIT_MS } from '../../app/look-ups/look-ups.ts';
import { COLLECTION_FAMILIES } from '../../domain/collection.ts';
import { ENTRY_KINDS } from '../../domain/entry.ts';
import { numberOrNull, orNull, text, whole } from './fields.ts';

const MEANING =
  '`true`: answers what the submission would bring, and makes none. Goodreads is asked for first pages of collections alone: ' +
  `${MOST_ASKED} at most, for ${MOST_WAIT_MS / 1000} s in all. \`offline\`: the same, and Goodreads is asked for nothing.`;

/** The option of a body. */
export const DRY_RUN_OPTION = {
  dryRun: Type.Optional(Type.Unsafe<boolean | 'offline'>({ enum: [true, false, 'offline'], default: false, description: MEANING })),
};
/** The same as a query parameter. */
export const DRY_RUN_PARAMETER = {
  dryRun: Type.Optional(Type.Enum(['true', 'false', 'offline'], { type: 'string', default: 'false', description: MEANING })),
};

const DryRunEntrySchema = Type.Object({
  input: text('What was sent, cut to 2,048 characters.'),
  kind: orNull(
    Type.Enum([...ENTRY_KINDS], { type: 'string' }),
    'How the entry was read; `null` when it names nothing, or a page that `robots.txt` forbids.',
  ),
  family: Type.Optional(Type.Enum([...COLLECTION_FAMILIES], { type: 'string', description: 'What kind of page a `collection` is.' })),
  books: numberOrNull('Books that the entry gives, within the limits of the request and of Goodreads; `null` while that is unknown.'),
  stored: whole('Of these, books with a copy. Of a collection only the books of its first page are looked up.'),
  fresh: whole('Of these, books that need no request: a fresh copy, or a remembered "not found".'),
  pages: numberOrNull('Requests to Goodreads that are left: pages of the collection, and books that are not fresh. `null` while unknown.'),
  seconds: numberOrNull('How long these take at the present rate, without what waits already; `null` without an estimate.'),
  source: Type.Optional(
    Type.Enum(['asked', 'cached', 'unknown', 'not-asked'], {
      type: 'string',
      description: 'How the first page of a collection was got: as `source` of `GET /find`.',
    }),
  ),
  reason: Type.Optional(text('Why the entry names nothing, or why its books are unknown.')),
  duplicates: Type.Optional(Type.Integer({ description: 'How often the entry came again in the same request.' })),
});

export const DryRunSchema = Type.Object(
  {
    entries: Type.Array(DryRunEntrySchema, {
      description: 'In the order of the request; equal entries are one. Of a long CSV file only collections, and rows that name no book.',
    }),
    totals: Type.Object(
      {
        entries: whole('All entries, each once.'),
        books: whole('Books of all entries. A book that two collections list counts twice.'),
        stored: whole('Books with a copy.'),
        fresh: whole('Books that need no request.'),
        pages: whole('Requests to Goodreads that are left.'),
        seconds: numberOrNull('How long these take at the present rate; `null` without an estimate.'),
        unknown: whole('Collections of which nobody knows how many books they give. They are in none of the sums.'),
      },
      { description: 'Sums of what is known.' },
    ),
  },
  {
    title: 'DryRun',
    examples: [
      {
        entries: [{ input: '2767052', kind: 'book', books: 1, stored: 0, fresh: 0, pages: 1, seconds: 1 }],
        totals: { entries: 1, books: 1, stored: 0, fresh: 0, pages: 1, seconds: 1, unknown: 0 },
      },
    ],
  },
);
