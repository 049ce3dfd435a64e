/** Options of a submission that make a batch look for books, or take more links. */
import { Type } from 'typebox';
import { MAX_TEXT, MOST_FOUND, UNTIL_FIELDS } from '../../domain/until.ts';

const bound = (description: string) =>
  Type.Optional(Type.Union([Type.Number(), Type.String({ minLength: 4, maxLength: 10 })], { description }));

export const UntilSchema = Type.Object(
  {
    field: Type.Enum([...UNTIL_FIELDS], {
      type: 'string',
      description:
        'A field of the Book. A list is satisfied when one of its elements is; of `authors` the names are compared, of `series` the titles. A field that the book does not have satisfies only `equals: null`.',
    }),
    equals: Type.Optional(
      Type.Union([Type.String({ maxLength: MAX_TEXT }), Type.Number(), Type.Null()], {
        description: 'Text is compared without case and accents. `null`: the book does not have the field.',
      }),
    ),
    contains: Type.Optional(
      Type.String({ minLength: 1, maxLength: MAX_TEXT, description: 'A part of the text, compared without case and accents.' }),
    ),
    gte: bound('The least number, or the first date: `2008`, `2008-09` or `2008-09-14`.'),
    lte: bound('The greatest number, or the last date: every day of 2008 is `lte` `2008`.'),
    matches: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: MAX_TEXT,
        description:
          'A regular expression of RE2 that is found in the text as it stands; `(?i)` ignores case. At most the first 10,000 characters of the field are looked at.',
      }),
    ),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_FOUND, default: 1, description: 'How many books are enough.' })),
  },
  {
    additionalProperties: false,
    title: 'Until',
    description: 'Which books a batch looks for: a field and exactly one comparison. The batch ends with the last of them.',
    examples: [{ field: 'rating', gte: 4.5, count: 3 }],
  },
);

const Open = Type.Optional(
  Type.Boolean({
    description:
      'The batch takes more links with `POST /batches/{batchId}/links`, until `POST /batches/{batchId}/close` or 24 h after the last addition.',
  }),
);

/** In the body. */
export const BATCH_OPTIONS = { open: Open, until: Type.Optional(UntilSchema) };

/** As query parameters. */
export const BATCH_PARAMETERS = {
  open: Open,
  until: Type.Optional(
    Type.String({
      maxLength: 2_000,
      description: 'Which books the batch looks for: `until` of the body, as JSON.',
      examples: ['{"field":"rating","gte":4.5}'],
    }),
  ),
};
