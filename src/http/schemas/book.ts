/** The Book in the OpenAPI document: the shape of `Book` in domain/book.ts, with what each field means. */
import { Type } from 'typebox';
import type { Book } from '../../domain/book.ts';
import { orNull, time } from './fields.ts';

const text = (description: string) => orNull(Type.String({ minLength: 1 }), description);
const count = (description: string) => orNull(Type.Integer({ minimum: 0 }), description);

const Layers = ['next-data', 'json-ld', 'test-id', 'legacy', 'open-graph'] as const;

/** An invented book, for the examples. */
const EXAMPLE: Book = {
  title: 'The Cartographer of Quiet Rivers',
  author: 'Mara Ellwood',
  rating: 4.12,
  description: 'A mapmaker follows a river that no map shows.\n\nThe first volume of the Quiet Rivers.',
  id: '2767052',
  url: 'https://www.goodreads.com/book/show/2767052',
  workId: '4001',
  originalTitle: null,
  authors: [
    { id: '9001', name: 'Mara Ellwood', role: null, url: 'https://www.goodreads.com/author/show/9001' },
    { id: '9002', name: 'Tomas Reyl', role: 'Illustrator', url: 'https://www.goodreads.com/author/show/9002' },
  ],
  series: [{ id: '501', title: 'Quiet Rivers', position: '1' }],
  ratingsCount: 15321,
  reviewsCount: 1204,
  ratingsDistribution: [120, 340, 2100, 6200, 6561],
  format: 'Hardcover',
  pages: 374,
  publisher: 'Lantern House',
  publishedDate: '2008-09-14',
  originalPublishedYear: 2008,
  language: 'English',
  isbn10: '0439023483',
  isbn13: '9780439023481',
  asin: null,
  genres: ['Fantasy', 'Young Adult'],
  coverUrl: null,
  awards: [],
  layout: 'next',
  sources: { title: 'next-data', author: 'next-data' },
  fetchedAt: '2026-03-01T12:00:00.000Z',
  via: 'crawl',
};

/** Registered as the component `Book`. Every field is always there; what the page does not carry is `null` or `[]`. */
export const BookSchema = Type.Object(
  {
    title: Type.String({ minLength: 1, description: 'The title of this edition.' }),
    author: Type.String({ minLength: 1, description: "The first author's name." }),
    rating: orNull(Type.Number({ minimum: 0, maximum: 5 }), '`null` while nobody has rated the book.'),
    description: text('Plain text; paragraphs are set apart by an empty line.'),
    id: Type.String({ pattern: '^[1-9][0-9]{0,11}$', description: "Goodreads' book number." }),
    url: Type.String({ format: 'uri', description: 'The page of the book at Goodreads.' }),
    workId: text("Goodreads' number of the work this book is an edition of."),
    originalTitle: text('The title under which the work first appeared.'),
    authors: Type.Array(
      Type.Object({
        id: text("Goodreads' number of the author."),
        name: Type.String({ minLength: 1, description: 'The name, as the page has it.' }),
        role: text("`null` for an author, else the page's own word."),
        url: text("The author's page."),
      }),
      { description: 'Authors first, then translators, illustrators and others, in the order of the page.' },
    ),
    series: Type.Array(
      Type.Object({
        id: text("Goodreads' number of the series."),
        title: Type.String({ minLength: 1, description: 'The name of the series.' }),
        position: text('The place in the series: "1", "1.5", "1-3".'),
      }),
      { description: 'The series that the book belongs to.' },
    ),
    ratingsCount: count('Ratings, over all editions of the work.'),
    reviewsCount: count('Reviews, over all editions of the work.'),
    ratingsDistribution: Type.Array(Type.Integer({ minimum: 0 }), {
      maxItems: 5,
      description: 'How many gave one to five stars, in that order; `[]` where the page does not say.',
    }),
    format: text('The binding, such as `Hardcover`.'),
    pages: count('Pages of this edition.'),
    publisher: text('The publisher of this edition.'),
    publishedDate: text('When this edition appeared, as precise as the page: `2008`, `2008-09`, `2008-09-14`.'),
    originalPublishedYear: orNull(Type.Integer(), 'When the work first appeared; negative before the common era.'),
    language: text('The language of this edition, as the page names it.'),
    isbn10: text('ISBN-10, without hyphens.'),
    isbn13: text('ISBN-13, without hyphens.'),
    asin: text("Amazon's number of a Kindle edition."),
    genres: Type.Array(Type.String({ minLength: 1 }), { description: 'Genres, in the order of the page.' }),
    coverUrl: text('The picture of the cover.'),
    awards: Type.Array(Type.String({ minLength: 1 }), { description: 'Awards of the work.' }),
    fetchedAt: time('When the page was fetched, or sent by a user.'),
    via: Type.Enum(['crawl', 'upload'], {
      type: 'string',
      description: '`crawl`: Quire fetched the page. `upload`: a user saved the page and sent it.',
    }),
    layout: Type.Enum(['legacy', 'next'], {
      type: 'string',
      description: 'The generation of the Goodreads page that the book was read from.',
    }),
    sources: Type.Record(Type.String(), Type.Enum([...Layers], { type: 'string' }), {
      description: 'For each field that was found, the layer of the page that gave it.',
    }),
  },
  {
    $id: 'Book',
    title: 'Book',
    description: 'What a book page tells. A field the page does not carry is `null` or `[]`, never an empty string, `0` or a guess.',
    examples: [EXAMPLE],
  },
);
