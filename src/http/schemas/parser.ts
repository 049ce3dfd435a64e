/** The parser's health in the OpenAPI document. */
import { Type } from 'typebox';

const share = (description: string) => Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], { description });
const counts = (item: ReturnType<typeof Type.Integer>) => Type.Object({ recent: item, before: item });

export const ParserHealthSchema = Type.Object(
  {
    state: Type.Enum(['steady', 'drifting', 'unknown'], { type: 'string', description: '`unknown`: too few pages to tell.' }),
    pages: counts(Type.Integer({ description: 'Books that were read.' })),
    unrecognised: Type.Object({ recent: share('Share of pages nobody recognised.'), before: share('The same, before.') }),
    poorer: counts(Type.Integer({ description: 'Parses that did not replace a richer copy.' })),
    fields: Type.Array(
      Type.Object({
        field: Type.String(),
        recent: share('Share of books that carried the field; `null` without books.'),
        before: share('The same, before.'),
        layer: Type.Union([Type.String(), Type.Null()], { description: 'The layer that gave it most often.' }),
        layerBefore: Type.Union([Type.String(), Type.Null()]),
        drifting: Type.Boolean(),
      }),
    ),
  },
  { title: 'ParserHealth' },
);
