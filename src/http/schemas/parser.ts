/** The parser's health in the OpenAPI document. */
import { Type } from 'typebox';
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
  },
  { title: 'ParserHealth' },
);
