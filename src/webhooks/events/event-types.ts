/** What each event tells: the list of `GET /events/types`, with a JSON Schema of its `data`. Tests hold real events to it. */
import { Type, type TSchema } from 'typebox';
import { PRIORITIES } from '../../domain/batch.ts';
import type { EventType } from './event.ts';

const orNull = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const text = (description: string): TSchema => Type.String({ description });
const textOrNull = (description: string): TSchema => orNull(text(description));
const time = (description: string): TSchema => Type.String({ format: 'date-time', description });
const count = (description: string): TSchema => Type.Integer({ minimum: 0, description });

const BOOK_ID = 'The number of the book; `null` while only another name is known.';

export interface EventDescription {
  /** A sentence: when it happens. */
  description: string;
  data: TSchema;
}

export const EVENTS: Record<EventType, EventDescription> = {
  'batch.completed': {
    description: 'All items of a batch are settled, or it was cancelled.',
    data: Type.Object({
      batchId: text('The batch.'),
      state: Type.Enum(['completed', 'cancelled'], { type: 'string' }),
      total: count('Its items.'),
      counts: Type.Record(Type.String(), count('Items in this state.')),
      createdAt: time('When it was submitted.'),
      finishedAt: time('When it ended.'),
      url: text('Where it is: a path, or an address when PUBLIC_URL is set.'),
      found: Type.Optional(Type.Array(Type.String(), { description: 'The books that it found. Only a batch with `until` has it.' })),
    }),
  },
  'book.parsed': {
    description: 'A job gave a book, or a page that was put did.',
    data: Type.Object({
      bookId: textOrNull(BOOK_ID),
      jobId: text('The job.'),
      url: text('The page of the book.'),
      title: textOrNull('The title.'),
      author: textOrNull('The first author.'),
      rating: orNull(Type.Number({ description: '0 to 5.' })),
      isbn13: textOrNull('The ISBN.'),
      fetchedAt: time('When the page was fetched.'),
    }),
  },
  'book.failed': {
    description: 'A job failed, and no attempt follows.',
    data: Type.Object({
      bookId: textOrNull(BOOK_ID),
      jobId: text('The job, for `POST /jobs/{id}/retry`.'),
      url: textOrNull('The page of the book.'),
      reason: text('The code of the error, as in docs/errors.md.'),
      detail: text('A sentence.'),
      attempts: count('Attempts that were used.'),
      priority: Type.Enum([...PRIORITIES], { type: 'string' }),
    }),
  },
  'parser.drift': {
    description: 'Pages of Goodreads changed: fields are found less often, or from another place, or pages are no longer recognised.',
    data: Type.Object({
      since: time('When it was noticed.'),
      fields: Type.Array(Type.String(), { description: 'Fields of books that drift.' }),
      families: Type.Array(Type.String(), { description: 'Families of collections whose pages are not recognised.' }),
      unrecognised: orNull(Type.Number({ description: 'The part of the pages that was not recognised, 0 to 1.' })),
      pages: count('Pages of books that were read in the last 6 hours.'),
    }),
  },
  'source.blocked': {
    description: 'Goodreads turns Quire away, or no request reaches it. Jobs wait, and single probes are sent.',
    data: Type.Object({
      state: Type.Enum(['blocked', 'unreachable'], { type: 'string' }),
      reason: textOrNull('A sentence.'),
      since: time('Since when.'),
      nextProbeAt: orNull(time('When the next probe is sent.')),
    }),
  },
  'source.opened': {
    description: 'Goodreads answers again after it was blocked or unreachable. Jobs go on.',
    data: Type.Object({
      state: Type.Enum(['open', 'slowed'], { type: 'string' }),
      before: Type.Enum(['blocked', 'unreachable'], { type: 'string' }),
      since: time('Since when.'),
      closedSeconds: count('How long jobs waited for it.'),
    }),
  },
  'store.nearly-full': {
    description: 'The store has used 90 % of its place.',
    data: Type.Object({
      since: time('When it was noticed.'),
      what: text('What fills up.'),
      percent: count('How much of it is used.'),
    }),
  },
};
