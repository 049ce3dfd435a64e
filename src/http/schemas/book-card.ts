/** The card of a book in the OpenAPI document. */
import { Type } from 'typebox';
import { BookIdField, numberOrNull, text, textOrNull, time } from './fields.ts';

export const BookCardSchema = Type.Object(
  {
    id: BookIdField,
    title: text('The title of this edition.'),
    authors: Type.Array(Type.String(), { description: 'Names of the authors.' }),
    series: Type.Array(
      Type.Object({
        id: textOrNull("Goodreads' number of the series."),
        title: text('The name of the series.'),
        position: textOrNull('The place in the series: "1", "1.5", "1-3".'),
      }),
      { description: 'The series that the book belongs to.' },
    ),
    rating: numberOrNull('0 to 5; `null` while nobody has rated the book.'),
    ratingsCount: numberOrNull('Ratings, over all editions of the work.'),
    format: textOrNull('The binding, such as `Hardcover`.'),
    pages: numberOrNull('Pages of this edition.'),
    year: numberOrNull('When the work first appeared, or else this edition; negative before the common era.'),
    language: textOrNull('The language of this edition.'),
    coverUrl: textOrNull('The picture of the cover.'),
    fetchedAt: time('When the page was fetched, or sent by a user.'),
  },
  { title: 'BookCard' },
);
