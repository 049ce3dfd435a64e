/** A book as a row of a catalogue: title, authors, series, and the figures at the side. */
import { html, type VNode } from '../preact.ts';
import { count, year } from '../format.ts';
import { addressOf } from '../routing.ts';
import { text } from '../text.ts';
import type { Book, BookCard } from '../types.ts';
import { icon } from './icons.ts';

export const rating = ({ rating: value, ratingsCount }: Pick<BookCard, 'rating' | 'ratingsCount'>): VNode | null =>
  value === null
    ? null
    : html`<span class="rating" title=${ratingsCount === null ? '' : text.book.ratings(ratingsCount)}
        >${icon('star')}<span>${value.toFixed(2)}</span></span
      >`;

/** `Quiet Rivers 1.5`. */
const seriesOf = (book: BookCard): string =>
  book.series.map(({ title, position }) => (position === null ? title : `${title} ${position}`)).join(', ');

/** The card of a whole book: the same that the server makes for lists. */
export const cardOf = (book: Book): BookCard => ({
  ...book,
  authors: book.authors.filter(({ role }) => role === null).map(({ name }) => name),
  year: book.originalPublishedYear ?? (book.publishedDate === null ? null : Number.parseInt(book.publishedDate, 10)),
});

export const bookLines = (book: BookCard): VNode =>
  html`<span class="lines">
    <a class="title" dir="auto" href=${addressOf(['books', book.id])}>${book.title}</a>
    <span class="by" dir="auto"
      >${book.authors.join(', ')}${book.series.length > 0 && html`<span class="series" dir="auto">${seriesOf(book)}</span>`}</span
    >
  </span>`;

export const bookFigures = (book: BookCard): VNode =>
  html`<span class="figures">
    ${rating(book)}
    <span>${book.format ?? ''}</span>
    <span>${book.pages === null ? '' : `${count(book.pages)} p.`}</span>
    <span>${book.year === null ? '' : year(book.year)}</span>
  </span>`;
