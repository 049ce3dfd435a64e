/** Submissions, batches and their items in the OpenAPI document. */
import { Type } from 'typebox';
import { PRIORITIES } from '../../domain/batch.ts';
import { Cursor, Limit } from './parameters.ts';

/** Links taken at once. */
export const MAX_LINKS = 10_000;
/** Bytes of a submission. */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** States an item is shown in, in the order an item goes through them. */
export const SHOWN_STATES = [
  'queued',
  'active',
  'delayed',
  'blocked',
  'parsed',
  'not-found',
  'failed',
  'cancelled',
  'cached',
  'invalid',
] as const;

export const PrioritySchema = Type.Enum([...PRIORITIES], {
  type: 'string',
  default: 'normal',
  description: '`interactive` overtakes `normal`, which overtakes `bulk`.',
});
const MaxAgeSchema = Type.Integer({
  minimum: 0,
  maximum: 315_360_000,
  description: 'Seconds: a stored copy that is older is fetched again; 0 forces it. Without it `BOOK_TTL` decides.',
});

const WebhookUrl = Type.String({ pattern: '^https?://[^\\s]+$', maxLength: 2048, description: 'Where to tell that the batch ended.' });

/** The links themselves are looked at one by one elsewhere: an entry that is no string is an `invalid` item. */
export const LinkListSchema = Type.Array(
  Type.Unknown({ description: 'A link to a Goodreads book. What names no book becomes an `invalid` item.' }),
  {
    minItems: 1,
    maxItems: MAX_LINKS,
    title: 'Links',
    examples: [['https://www.goodreads.com/book/show/2767052-the-hunger-games', 'https://www.goodreads.com/book/isbn/9780439023481']],
  },
);

export const LinkObjectSchema = Type.Object(
  {
    urls: LinkListSchema,
    priority: Type.Optional(PrioritySchema),
    maxAge: Type.Optional(MaxAgeSchema),
    webhook: Type.Optional(
      Type.Object(
        {
          url: WebhookUrl,
          secret: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Signs the calls (Standard Webhooks).' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  {
    additionalProperties: false,
    title: 'LinksWithOptions',
    examples: [{ urls: ['https://www.goodreads.com/book/show/2767052'], priority: 'interactive', maxAge: 0 }],
  },
);

export const LinkTextSchema = Type.String({
  description: 'A link a line; blank lines are ignored.',
  examples: ['https://www.goodreads.com/book/show/2767052\nhttps://www.goodreads.com/book/show/6148028'],
});

export const SubmitQuerySchema = Type.Object({
  priority: Type.Optional(PrioritySchema),
  maxAge: Type.Optional(MaxAgeSchema),
  webhook: Type.Optional(WebhookUrl),
});

const State = Type.Enum([...SHOWN_STATES], { type: 'string' });

const AnsweredItemSchema = Type.Object({
  input: Type.String({ description: 'What was sent, cut to 2,048 characters.' }),
  bookId: Type.Optional(Type.String()),
  url: Type.Optional(Type.String({ description: 'The canonical address of the book.' })),
  status: Type.Enum(['queued', 'joined', 'cached', 'invalid'], {
    type: 'string',
    description:
      '`queued`: a new job. `joined`: a live job for that book existed, and this batch waits for it too. `cached`: a fresh copy is stored, or it is remembered that Goodreads has no such book (`state` is `not-found` then). `invalid`: it names no book.',
  }),
  jobId: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String({ description: 'Why an `invalid` link is.' })),
  duplicates: Type.Optional(Type.Integer({ description: 'How often the link came again in the same request.' })),
  ageSeconds: Type.Optional(Type.Integer({ description: 'Age of a `cached` copy.' })),
  state: Type.Optional(
    Type.Enum([...SHOWN_STATES], {
      type: 'string',
      description: 'Where the item stands after `Prefer: wait`. Without it only `not-found`, on a `cached` item.',
    }),
  ),
});

export const SubmitAnswerSchema = Type.Object(
  {
    batchId: Type.String(),
    counts: Type.Object({
      total: Type.Integer(),
      queued: Type.Integer(),
      joined: Type.Integer(),
      cached: Type.Integer(),
      invalid: Type.Integer(),
    }),
    items: Type.Array(AnsweredItemSchema),
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
            bookId: '2767052',
            url: 'https://www.goodreads.com/book/show/2767052',
            status: 'queued',
            jobId: 'book-2767052',
          },
          {
            input: 'nonsense',
            status: 'invalid',
            reason: 'That is not an absolute web address: send a link such as https://www.goodreads.com/book/show/2767052.',
          },
        ],
      },
    ],
  },
);

export const BatchSchema = Type.Object(
  {
    batchId: Type.String(),
    state: Type.Enum(['running', 'completed', 'cancelled'], { type: 'string' }),
    total: Type.Integer(),
    counts: Type.Object(
      Object.fromEntries(SHOWN_STATES.map((state) => [state, Type.Integer({ minimum: 0 })])) as Record<
        (typeof SHOWN_STATES)[number],
        ReturnType<typeof Type.Integer>
      >,
      {
        description: 'Items by state; they add up to `total` at every instant.',
      },
    ),
    priority: PrioritySchema,
    createdAt: Type.String({ format: 'date-time' }),
    finishedAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    etaSeconds: Type.Union([Type.Number(), Type.Null()], {
      description: 'Seconds until it is likely done; `null` when nothing can be said.',
    }),
  },
  { title: 'Batch' },
);

export const BatchPageSchema = Type.Object(
  { batches: Type.Array(BatchSchema), cursor: Type.Union([Type.String(), Type.Null()]) },
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
    index: Type.Integer({ description: 'Position in the batch, from 0.' }),
    input: Type.String(),
    state: State,
    jobId: Type.Union([Type.String(), Type.Null()]),
    bookId: Type.Union([Type.String(), Type.Null()]),
    url: Type.Union([Type.String(), Type.Null()]),
    reason: Type.Union([Type.String(), Type.Null()]),
    duplicates: Type.Integer(),
  },
  { title: 'Item' },
);

export const ItemPageSchema = Type.Object(
  { items: Type.Array(ItemSchema), cursor: Type.Union([Type.String(), Type.Null()]) },
  { title: 'ItemPage' },
);

export const ItemQuerySchema = Type.Object({ state: Type.Optional(State), cursor: Cursor, limit: Limit });
