/** Books as an Atom feed (RFC 4287): an entry for each book, changed when its copy was fetched. */
import type { Book } from '../../domain/book.ts';
import { iso } from '../../domain/time/iso.ts';
import { listFormat, type BookFormat } from './book-format.ts';
import { namesOf, othersOf, seriesText } from './contributors.ts';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
/** What XML 1.0 does not allow (section 2.2): control characters, halves of characters, U+FFFE and U+FFFF. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Cs}/gu;

const escaped = (text: string): string =>
  text
    .replaceAll(FORBIDDEN, '\uFFFD')
    .replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
    .replaceAll('\r', '&#13;');

const element = (name: string, value: string | null): string => (value === null ? '' : `<${name}>${escaped(value)}</${name}>`);
const person = (name: string, people: readonly string[]): string =>
  people.map((one) => `<${name}>${element('name', one)}</${name}>`).join('');

function entry(book: Book): string {
  const authors = namesOf(book, 'author');
  return [
    '<entry>',
    element('id', book.url),
    element('title', book.title),
    element('updated', book.fetchedAt),
    // RFC 4287, 4.1.2: an entry has an author.
    person('author', authors.length > 0 ? authors : [book.author]),
    person('contributor', othersOf(book, ['author'])),
    `<link rel="alternate" href="${escaped(book.url)}"/>`,
    ...[...book.genres, ...book.series.map(seriesText)].map((term) => `<category term="${escaped(term)}"/>`),
    element('summary', book.description),
    '</entry>\n',
  ].join('');
}

export const ATOM: BookFormat = listFormat({
  mediaType: 'application/atom+xml',
  extension: 'atom',
  head: ({ title, url, atMs }) =>
    `<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">${element('id', url)}${element('title', title)}` +
    `${element('updated', iso(atMs))}<link rel="self" href="${escaped(url)}"/><generator>Quire</generator>\n`,
  book: entry,
  foot: () => '</feed>\n',
});
