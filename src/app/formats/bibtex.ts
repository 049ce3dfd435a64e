/**
 * Books as BibTeX and as BibLaTeX, in UTF-8. BibTeX counts braces before it looks at backslashes, so braces of the text become commands.
 * Sources: "BibTeXing" (Patashnik, 1988), the manual of biblatex 3.20 (sections 2.1 and 2.2).
 */
import type { Book } from '../../domain/book.ts';
import { listFormat, type BookFormat } from './book-format.ts';
import { namesOf, othersOf, seriesText, splitName, type Role } from './contributors.ts';

const COMMANDS: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\textbraceleft{}',
  '}': '\\textbraceright{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

/** Text as TeX takes it for itself. An empty group parts signs that TeX would join: `--` is a dash to it, and two quotes are one sign. */
const escaped = (text: string): string =>
  text
    .replaceAll(/[\\{}~^]/g, (sign) => COMMANDS[sign] ?? sign)
    .replaceAll(/[%&#_$]/g, '\\$&')
    .replaceAll(/([-`'])(?=\1)|[?!](?=`)/g, '$&{}');

/** A name that BibTeX must not take apart stands in braces of its own. */
function nameText(name: string): string {
  const { family, given } = splitName(name);
  return family === null ? `{${escaped(name)}}` : `${escaped(family)}, ${escaped(given)}`;
}

const people = (names: readonly string[]): string | null => (names.length === 0 ? null : names.map(nameText).join(' and '));
/** Braces keep the case of titles, and the publisher `Little, Brown and Company` from becoming two. */
const whole = (text: string | null): string | null => (text === null ? null : `{${escaped(text)}}`);
const plain = (text: string | number | null): string | null => (text === null ? null : escaped(String(text)));
/** An address is taken letter by letter. Only these would end it, or begin a command. */
const address = (url: string): string => url.replaceAll(/[{}\\]/g, encodeURIComponent);
const joined = (texts: readonly string[], separator: string): string | null =>
  texts.length === 0 ? null : texts.map(escaped).join(separator);

type Fields = readonly (readonly [name: string, value: string | null])[];

function entry(book: Book, fields: Fields): string {
  const lines = fields.flatMap(([name, value]) => (value === null || value === '' ? [] : [`  ${name} = {${value}},\n`]));
  return `@book{goodreads${book.id},\n${lines.join('')}}\n\n`;
}

const SHARED = (book: Book): Fields => [
  ['title', whole(book.title)],
  ['author', people(namesOf(book, 'author'))],
  ['editor', people(namesOf(book, 'editor'))],
  ['publisher', whole(book.publisher)],
  [
    'series',
    joined(
      book.series.slice(0, 1).map((one) => one.title),
      '',
    ),
  ],
  [
    'number',
    joined(
      book.series.slice(0, 1).flatMap(({ position }) => position ?? []),
      '',
    ),
  ],
  ['isbn', plain(book.isbn13 ?? book.isbn10)],
  ['url', address(book.url)],
  ['keywords', joined(book.genres, ', ')],
  ['abstract', plain(book.description)],
];

/** What has no field of its own. */
function note(book: Book, told: readonly Role[]): string | null {
  return joined([...othersOf(book, told), ...book.series.slice(1).map(seriesText)], '; ');
}

const year = (date: string | null): string | null => date?.replace(/^(-?\d+).*/, '$1') ?? null;
const month = (date: string | null): string | null => /^-?\d+-(\d\d)/.exec(date ?? '')?.[1]?.replace(/^0/, '') ?? null;

export const BIBTEX: BookFormat = listFormat({
  mediaType: 'application/x-bibtex',
  extension: 'bib',
  head: () => '',
  book: (book) =>
    entry(book, [
      ...SHARED(book),
      ['year', year(book.publishedDate)],
      ['month', month(book.publishedDate)],
      ['language', plain(book.language)],
      ['numpages', plain(book.pages)],
      ['note', note(book, ['author', 'editor'])],
    ]),
  foot: () => '',
});

export const BIBLATEX: BookFormat = listFormat({
  mediaType: 'application/x-bibtex',
  extension: 'bib',
  head: () => '',
  book: (book) =>
    entry(book, [
      ...SHARED(book),
      ['translator', people(namesOf(book, 'translator'))],
      ['date', plain(book.publishedDate)],
      ['origdate', plain(book.originalPublishedYear)],
      ['origtitle', book.originalTitle === book.title ? null : whole(book.originalTitle)],
      ['language', plain(book.language)],
      ['pagetotal', plain(book.pages)],
      ['urldate', book.fetchedAt.slice(0, 10)],
      ['note', note(book, ['author', 'editor', 'translator'])],
    ]),
  foot: () => '',
});
