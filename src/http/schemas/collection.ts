/** Collections in the OpenAPI document: their limits, and what an item says of one. */
import { Type } from 'typebox';
import { DEFAULT_LIMITS } from '../../app/collections/take-page.ts';
import { COLLECTION_FAMILIES } from '../../domain/collection.ts';
import { numberOrNull, orNull, text, textOrNull, time, whole } from './fields.ts';

/** The largest `maxBooks`. */
const MAX_BOOKS = 100_000;

/** Options of a submission that limit each collection in it, in the body and in the query string. */
export const COLLECTION_OPTIONS = {
  maxBooks: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_BOOKS,
      default: DEFAULT_LIMITS.maxBooks,
      description: 'Books taken from one collection at most.',
    }),
  ),
  maxPages: Type.Optional(
    Type.Integer({ minimum: 1, maximum: MAX_BOOKS, description: 'Pages read of one collection at most; without it as many as there are.' }),
  ),
  deadline: Type.Optional(
    Type.String({
      maxLength: 40,
      description: 'No page of a collection is read after this time (RFC 3339). The books that were found stay in the batch.',
      examples: ['2030-01-31T12:00:00Z'],
    }),
  ),
  editions: Type.Optional(
    Type.Enum(['as-listed', 'one-per-work'], {
      type: 'string',
      default: DEFAULT_LIMITS.editions,
      description:
        '`one-per-work`: of the editions of one work in a collection, only the first is taken. Rows that do not name their work are all taken.',
    }),
  ),
};

export const FamilySchema = Type.Enum([...COLLECTION_FAMILIES], { type: 'string', description: 'What kind of page a `collection` is.' });

const TimelineSchema = Type.Array(
  Type.Object({ at: time('When it happened.'), event: text('What happened.'), detail: text('A sentence.') }),
  {
    description: 'What happened between two pages, oldest first: blocks, failed attempts, second looks. At most 20.',
  },
);

export const CollectionField = orNull(
  Type.Object({
    title: textOrNull('Its name; `null` before the first page.'),
    claimed: numberOrNull('How many books it says that it has; `null` when it does not say. Goodreads does not always count right.'),
    found: whole('Books on its pages, each once.'),
    taken: whole('Those of them that the limits let into the batch.'),
    pages: whole('Pages that were read.'),
    cutOff: textOrNull('Why it was not read whole: a limit of the request, or one of Goodreads. `null`: it was, or it is still read.'),
    timeline: TimelineSchema,
  }),
  'How far a collection is, and how it ended; `null` for all other items.',
);
