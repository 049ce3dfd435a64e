/** What submissions, and additions to open batches, are answered with, in the OpenAPI document. */
import { Type } from 'typebox';
import { ENTRY_KINDS } from '../../domain/entry.ts';
import { DocumentedLinkListSchema, MAX_ROWS_TOLD, SHOWN_STATES } from './batch.ts';
import { FamilySchema } from './collection.ts';
import { BatchIdField, BookIdField, BookUrlField, JobIdField, whole } from './fields.ts';

const AnsweredItemSchema = Type.Object({
  index: Type.Optional(whole('Position in the batch, from 0; told of additions alone.')),
  input: Type.String({ description: 'What was sent, cut to 2,048 characters.' }),
  kind: Type.Optional(
    Type.Enum([...ENTRY_KINDS], {
      type: 'string',
      description:
        'How the entry was read; absent when it is `invalid`. A bare number with the check digit of an ISBN is an `isbn`, any other a `book`.',
    }),
  ),
  family: Type.Optional(FamilySchema),
  bookId: Type.Optional(BookIdField),
  url: Type.Optional(BookUrlField),
  status: Type.Enum(['queued', 'joined', 'cached', 'invalid', 'expanding', 'disallowed', 'duplicate'], {
    type: 'string',
    description:
      '`queued`: a new job. `joined`: a live job for that book existed, and this batch waits for it too. `cached`: a fresh copy is stored, it is remembered that Goodreads has no such book (`state` is `not-found` then), or the batch has found what it looks for (`skipped`). `invalid`: it names no book. `expanding`: a collection; its books join the batch while its pages are read. `disallowed`: `robots.txt` forbids the page. `duplicate`: the batch that it was added to has the book already, at `index`.',
  }),
  jobId: Type.Optional(JobIdField),
  reason: Type.Optional(Type.String({ description: 'Why the link is `invalid` or `disallowed`.' })),
  duplicates: Type.Optional(Type.Integer({ description: 'How often the link came again in the same request.' })),
  ageSeconds: Type.Optional(Type.Integer({ description: 'Age of a `cached` copy.' })),
  state: Type.Optional(
    Type.Enum([...SHOWN_STATES], {
      type: 'string',
      description: 'Where the item stands after `Prefer: wait`. Without it only `not-found` or `skipped`, on a `cached` item.',
    }),
  ),
});

export const SubmitAnswerSchema = Type.Object(
  {
    batchId: BatchIdField,
    counts: Type.Object(
      {
        total: whole('All items.'),
        queued: whole('Items with a new job.'),
        joined: whole('Items that wait for a job that existed.'),
        cached: whole('Items that are settled already.'),
        invalid: whole('Items that name no book.'),
        expanding: Type.Optional(whole('Collections whose pages are read now; absent when there is none.')),
        disallowed: Type.Optional(whole('Items whose page `robots.txt` forbids; absent when there is none.')),
        duplicate: Type.Optional(whole('Books that the batch has already; told of additions alone.')),
      },
      { description: 'Items by `status`.' },
    ),
    items: Type.Array(AnsweredItemSchema, {
      description: `In the order of the request; equal links are one item. Of a CSV file with more than ${MAX_ROWS_TOLD.toLocaleString('en')} rows only the items that name no book.`,
    }),
    itemsUrl: Type.Optional(Type.String({ description: 'Where all items are, when `items` does not have them; also in `Link`.' })),
  },
  {
    title: 'SubmitAnswer',
    examples: [
      {
        batchId: '01k9zq3v8e6m',
        counts: { total: 2, queued: 1, joined: 0, cached: 0, invalid: 1 },
        items: [
          {
            input: 'https://www.goodreads.com/book/show/2767052-the-hunger-games',
            kind: 'book',
            bookId: '2767052',
            url: 'https://www.goodreads.com/book/show/2767052',
            status: 'queued',
            jobId: 'book-2767052',
          },
          {
            input: 'nonsense',
            status: 'invalid',
            reason: 'That is no web address, book number, ISBN or ASIN: send a link such as https://www.goodreads.com/book/show/2767052.',
          },
        ],
      },
    ],
  },
);

export const AddedLinksSchema = Type.Union([
  DocumentedLinkListSchema,
  Type.Object({ urls: DocumentedLinkListSchema }, { additionalProperties: false, title: 'AddedLinks' }),
]);
