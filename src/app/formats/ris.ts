/** Books as RIS (Research Information Systems, the tags of RefMan and EndNote). A line that is no tag cannot be told from one, so text has one line. */
import type { Book } from '../../domain/book.ts';
import { listFormat, type BookFormat } from './book-format.ts';
import { namesOf, othersOf, splitName } from './contributors.ts';

/** Text on one line: what the text has of line breaks becomes one space, so that no text can begin a tag or end a record. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim();

/** RIS reads a comma as the end of the family name. A name that is not split must not have one. */
function nameText(name: string): string {
  const { family, given } = splitName(name);
  return family === null ? name.replaceAll(',', ' ') : `${family}, ${given}`;
}

/** `YYYY/MM/DD/`, with empty parts where the date is less precise. */
function dateText(date: string): string {
  const [year = '', month = '', day = ''] = date.replace(/^-/, '').split('-');
  return `${date.startsWith('-') ? '-' : ''}${year}/${month}/${day}/`;
}

function lines(book: Book): [tag: string, value: string | number | null][] {
  const many = (tag: string, values: readonly string[]): [string, string][] => values.map((value) => [tag, value]);
  const [series] = book.series;
  return [
    ['TY', 'BOOK'],
    ['ID', `goodreads${book.id}`],
    ['TI', book.title],
    ['ST', book.originalTitle === book.title ? null : book.originalTitle],
    ...many('AU', namesOf(book, 'author').map(nameText)),
    ...many('A2', namesOf(book, 'editor').map(nameText)),
    ...many('A4', namesOf(book, 'translator').map(nameText)),
    ['T2', series?.title ?? null],
    ['VL', series?.position ?? null],
    ['PB', book.publisher],
    ['PY', book.publishedDate?.replace(/^(-?\d+).*/, '$1') ?? null],
    ['DA', book.publishedDate === null ? null : dateText(book.publishedDate)],
    ['SN', book.isbn13 ?? book.isbn10],
    ['SP', book.pages],
    ['LA', book.language],
    ['UR', book.url],
    ...many('KW', book.genres),
    ['AB', book.description],
    ...many('N1', othersOf(book, ['author', 'editor', 'translator'])),
  ];
}

export const RIS: BookFormat = listFormat({
  mediaType: 'application/x-research-info-systems',
  extension: 'ris',
  head: () => '',
  book: (book) => {
    const text = lines(book).flatMap(([tag, value]) => (value === null || value === '' ? [] : [`${tag}  - ${oneLine(String(value))}\r\n`]));
    return `${text.join('')}ER  - \r\n\r\n`;
  },
  foot: () => '',
});
