/** Submissions, batches and their items in the OpenAPI document. */
import { Type, type TSchema } from 'typebox';
import { PRIORITIES } from '../../domain/batch.ts';
import { ENTRY_KINDS } from '../../domain/entry.ts';
import {
  BatchIdField,
  BookIdField,
  BookIdOrNullField,
  NextCursorField,
  numberOrNull,
  orNull,
  text,
  textOrNull,
  time,
  timeOrNull,
  whole,
} from './fields.ts';
import { DRY_RUN_OPTION, DRY_RUN_PARAMETER } from './dry-run.ts';
import { BookCardSchema } from './book-card.ts';
import { COLLECTION_OPTIONS, CollectionField, FamilySchema } from './collection.ts';
import { BATCH_OPTIONS, BATCH_PARAMETERS, UntilSchema } from './batch-options.ts';
import { Cursor, Limit } from './parameters.ts';

/** Links taken at once. */
export const MAX_LINKS = 10_000;
/** Bytes of a submission. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Bytes of a CSV file, decompressed. */
export const MAX_CSV_BYTES = 32 * 1024 * 1024;
/** Rows of a CSV file whose items are all told in the answer. Of a longer file only those that name no book are. */
export const MAX_ROWS_TOLD = 1_000;

/** States an item is shown in, in the order an item goes through them. */
export const SHOWN_STATES = [
  'queued',
  'active',
  'delayed',
  'blocked',
  'expanding',
  'parsed',
  'not-found',
  'failed',
  'cancelled',
  'cached',
  'invalid',
  'expanded',
  'disallowed',
  'skipped',
  'expired',
] as const;

export const PrioritySchema = Type.Enum([...PRIORITIES], {
  type: 'string',
  title: 'Priority',
  default: 'normal',
  description: '`interactive` overtakes `normal`, which overtakes `bulk`.',
});
const MaxAgeSchema = Type.Integer({
  minimum: 0,
  maximum: 315_360_000,
  description: 'Seconds: a stored copy that is older is fetched again; 0 forces it. Without it `BOOK_TTL` decides.',
});

const WebhookUrl = Type.String({ pattern: '^https?://[^\\s]+$', maxLength: 2048, description: 'Where to tell that the batch ended.' });

const LINKS = {
  minItems: 1,
  maxItems: MAX_LINKS,
  title: 'Links',
  description: 'Links to books and collections of books, in any form that Goodreads uses; bare book numbers, ISBNs and ASINs.',
  examples: [['https://www.goodreads.com/book/show/2767052-the-hunger-games', 'https://www.goodreads.com/book/isbn/9780439023481']],
};

/** The list as it is checked: each entry is looked at by itself elsewhere, and one that is no string is an `invalid` item. */
export const LinkListSchema = Type.Array(Type.Unknown(), LINKS);
/** The list as it is documented. */
export const DocumentedLinkListSchema = Type.Array(
  Type.String({
    description:
      'A link to a Goodreads book or to a collection of books, with or without scheme; a book number, an ISBN or an ASIN. What names no book becomes an `invalid` item.',
  }),
  LINKS,
);

const linkObject = <T extends TSchema>(urls: T) =>
  Type.Object(
    {
      urls,
      priority: Type.Optional(PrioritySchema),
      maxAge: Type.Optional(MaxAgeSchema),
      webhook: Type.Optional(
        Type.Object(
          {
            url: WebhookUrl,
            secret: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Signs the calls (Standard Webhooks).' })),
          },
          { additionalProperties: false, description: 'Who is told when the batch has ended.' },
        ),
      ),
      ...DRY_RUN_OPTION,
      ...COLLECTION_OPTIONS,
      ...BATCH_OPTIONS,
    },
    {
      additionalProperties: false,
      title: 'LinksWithOptions',
      examples: [{ urls: ['https://www.goodreads.com/book/show/2767052'], priority: 'interactive', maxAge: 0 }],
    },
  );
export const LinkObjectSchema = linkObject(LinkListSchema);
export const DocumentedLinkObjectSchema = linkObject(DocumentedLinkListSchema);

const LinkTextSchema = Type.String({
  description: 'A link a line; blank lines are ignored.',
  examples: ['https://www.goodreads.com/book/show/2767052\nhttps://www.goodreads.com/book/show/6148028'],
});

const LibraryExportSchema = Type.String({
  description:
    'The library export of Goodreads or StoryGraph, or any CSV file with a column Book Id, ISBN13, ISBN, ISBN/UID, url or id. Only that column is kept.',
  examples: ['Book Id,Title,ISBN,ISBN13\r\n2767052,"The Hunger Games","=""0439023483""","=""9780439023481"""\r\n'],
});

/** Bodies of links that are not JSON. */
export const LINK_BODIES = { 'text/plain': { schema: LinkTextSchema }, 'text/csv': { schema: LibraryExportSchema } };

export const SubmitQuerySchema = Type.Object({
  priority: Type.Optional(PrioritySchema),
  maxAge: Type.Optional(MaxAgeSchema),
  webhook: Type.Optional(WebhookUrl),
  ...DRY_RUN_PARAMETER,
  ...COLLECTION_OPTIONS,
  ...BATCH_PARAMETERS,
});

const ItemState = Type.Enum([...SHOWN_STATES], {
  type: 'string',
  title: 'ItemState',
  description:
    'State of an item. `delayed`: it waits for the next attempt. `blocked`: it waits until Goodreads answers again, or can be reached again.',
});

/** What the counts of a batch count. */
const COUNTED: Record<(typeof SHOWN_STATES)[number], string> = {
  queued: 'Items whose job waits.',
  active: 'Items whose page is being fetched.',
  delayed: 'Items that wait for the next attempt.',
  blocked: 'Items that wait until Goodreads answers again, or can be reached again.',
  expanding: 'Collections whose pages are being read.',
  parsed: 'Items whose book was fetched and stored.',
  'not-found': 'Items whose book Goodreads does not have.',
  failed: 'Items whose job failed.',
  cancelled: 'Items that were cancelled.',
  cached: 'Items that a stored copy settled at once.',
  invalid: 'Items that name no book.',
  expanded: 'Collections whose books are in the batch.',
  disallowed: 'Items whose page `robots.txt` forbids.',
  skipped: 'Items that were not needed any more: the batch found what it looks for.',
  expired: 'Items whose time was over.',
};

export const BatchSchema = Type.Object(
  {
    batchId: BatchIdField,
    state: Type.Enum(['running', 'completed', 'cancelled'], {
      type: 'string',
      description: '`running` until the last item is settled, then `completed`, or `cancelled` if it was cancelled before.',
    }),
    total: whole('All items.'),
    counts: Type.Object(
      Object.fromEntries(SHOWN_STATES.map((state) => [state, whole(COUNTED[state])])) as Record<
        (typeof SHOWN_STATES)[number],
        ReturnType<typeof Type.Integer>
      >,
      { description: 'Items by state; they add up to `total` at every instant.' },
    ),
    priority: PrioritySchema,
    createdAt: time('When the batch was submitted.'),
    finishedAt: timeOrNull('When the last item was settled; `null` before.'),
    open: Type.Boolean({ description: 'Whether the batch takes more items. An open batch ends only after it is closed.' }),
    until: orNull(UntilSchema, 'Which books the batch looks for; `null` when it looks for none.'),
    found: Type.Array(BookIdField, { description: 'Books that satisfy `until`, in the order in which they were found.' }),
    etaSeconds: numberOrNull('Seconds until the batch likely ends; `null` when nothing can be said.'),
  },
  { title: 'Batch' },
);

export const CancelledBatchSchema = Type.Object({ batchId: BatchIdField, cancelled: whole('Items that this request cancelled.') });

export const BatchPageSchema = Type.Object(
  { batches: Type.Array(BatchSchema, { description: 'The batches of this page.' }), cursor: NextCursorField },
  { title: 'BatchPage' },
);

export const BatchListQuerySchema = Type.Object({
  state: Type.Optional(
    Type.Enum(['open', 'ended'], { type: 'string', description: '`open`: items are not settled yet. Without it all are listed.' }),
  ),
  cursor: Cursor,
  limit: Limit,
});

const ItemSchema = Type.Object(
  {
    index: whole('Position in the batch, from 0.'),
    input: text('What was sent, cut to 2,048 characters; the canonical address of a book that a collection brought.'),
    kind: orNull(
      Type.Enum([...ENTRY_KINDS], { type: 'string' }),
      'How the entry was read; `null` when it is `invalid`, or when `robots.txt` forbids the page.',
    ),
    family: orNull(FamilySchema, 'What kind of page a `collection` is; `null` for all other items.'),
    collection: CollectionField,
    state: ItemState,
    jobId: textOrNull('The job that gets the book; `null` for an `invalid` item and for a collection.'),
    bookId: BookIdOrNullField,
    url: textOrNull('The canonical address of the book or the collection; `null` while no book is known.'),
    reason: textOrNull('Why the item is `invalid` or failed, or why a collection was not read whole.'),
    duplicates: whole('How often the book came again: in the same request, or from another source of the batch.'),
    via: numberOrNull('Index of the collection item that brought this one; `null` when it was sent.'),
    book: Type.Optional(orNull(BookCardSchema, 'The stored book in short; `null` without a copy. Only with `books=true`.')),
    pageKept: Type.Optional(
      Type.Boolean({ description: 'Whether `GET /jobs/{jobId}/page` has the page that the job failed on. Only with `books=true`.' }),
    ),
  },
  { title: 'Item' },
);

export const ItemPageSchema = Type.Object(
  { items: Type.Array(ItemSchema, { description: 'The items of this page.' }), cursor: NextCursorField },
  { title: 'ItemPage' },
);

export const ItemQuerySchema = Type.Object({
  state: Type.Optional(ItemState),
  books: Type.Optional(Type.Boolean({ default: false, description: 'Tells of each item its stored book too, in short.' })),
  cursor: Cursor,
  limit: Limit,
});
