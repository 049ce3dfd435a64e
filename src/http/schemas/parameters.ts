/** Parameters that several routes share. */
import { Type } from 'typebox';

export const PAGE_LIMIT = 200;
export const DEFAULT_PAGE_LIMIT = 50;

export const BookParams = Type.Object({ bookId: Type.String({ description: "Goodreads' book number.", examples: ['2767052'] }) });
export const JobParams = Type.Object({
  jobId: Type.String({ description: '`book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.', examples: ['book-2767052'] }),
});
export const BatchParams = Type.Object({
  batchId: Type.String({ description: 'As in the answer of `POST /parse-links`.', examples: ['01k9zq3v8e6m'] }),
});

export const Cursor = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before.',
  }),
);
export const Limit = Type.Optional(
  Type.Integer({ minimum: 1, maximum: PAGE_LIMIT, default: DEFAULT_PAGE_LIMIT, description: 'Most entries on a page.' }),
);

/** Response header of an answer that made or queued something. */
export const LOCATION = { Location: { type: 'string', required: true, description: 'Where to read what was made or queued.' } };

/** Response header of an answer that was waited for. */
export const PREFERENCE_APPLIED = { 'Preference-Applied': { type: 'string', description: '`wait=n`, when the wait was granted.' } };

/** Response headers of a page of a list. */
export const NEXT_LINK = {
  Link: {
    type: 'string',
    description: '`<…>; rel="next"` while there are more pages; `<…>; rel="related"` for the items that an answer leaves out.',
  },
};
