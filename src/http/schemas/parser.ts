/** The parser's health in the OpenAPI document. */
import { Type } from 'typebox';
import { COLLECTION_FAMILIES } from '../../domain/collection.ts';
import { orNull, text, textOrNull } from './fields.ts';

const share = (description: string) => orNull(Type.Number({ minimum: 0, maximum: 1 }), description);
const count = (description: string) => Type.Integer({ description });

const FieldHealth = Type.Object({
  field: text('A field of the Book.'),
  recent: share('Share of books that carried the field; `null` without books.'),
  before: share('The same share, in the days before.'),
  layer: textOrNull('The layer that gave the field most often.'),
  layerBefore: textOrNull('The layer that gave it most often in the days before.'),
  drifting: Type.Boolean({ description: 'Whether the share fell, or the layer changed.' }),
});

const FamilyHealth = Type.Object({
  family: Type.Enum([...COLLECTION_FAMILIES], { type: 'string', description: 'A family of pages that list books.' }),
  pages: Type.Object(
    { recent: count('In the last 6 hours.'), before: count('In the 7 days before.') },
    { description: 'Pages of the family that were read.' },
  ),
  unrecognised: Type.Object(
    { recent: share('In the last 6 hours.'), before: share('In the 7 days before.') },
    { description: 'Share of pages of the family that the parser did not recognise; `null` without pages.' },
  ),
  unreadRows: Type.Object(
    { recent: count('In the last 6 hours.'), before: count('In the 7 days before.') },
    { description: 'Rows without a readable book, on pages that were read.' },
  ),
  absent: Type.Array(Type.String(), { description: 'What fewer pages carry than before, such as `totalBooks` or `works`.' }),
  drifting: Type.Boolean({ description: 'Whether something is absent, or three or more pages were not recognised, more than before.' }),
});

export const ParserHealthSchema = Type.Object(
  {
    state: Type.Enum(['steady', 'drifting', 'unknown'], { type: 'string', description: '`unknown`: too few pages to tell.' }),
    pages: Type.Object(
      { recent: count('In the last 6 hours.'), before: count('In the 7 days before.') },
      { description: 'Books that were read.' },
    ),
    unrecognised: Type.Object(
      { recent: share('In the last 6 hours.'), before: share('In the 7 days before.') },
      { description: 'Share of pages that the parser did not recognise.' },
    ),
    poorer: Type.Object(
      { recent: count('In the last 6 hours.'), before: count('In the 7 days before.') },
      { description: 'Parses that did not replace a richer copy.' },
    ),
    fields: Type.Array(FieldHealth, { description: 'Each field of the Book.' }),
    families: Type.Array(FamilyHealth, { description: 'Pages that list books. Families without pages are left out.' }),
  },
  { title: 'ParserHealth' },
);
