/** Every format of books, read back by other programs: Python's own readers and citation.js. Nothing is lost, nothing is forged. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { FormatName } from '../../../src/app/formats/book-format.ts';
import { FORMATS } from '../../../src/app/formats/formats.ts';
import type { Book } from '../../../src/domain/book.ts';
import { corpusDir, FIXTURES, truePages } from '../../support/corpus.ts';
import { bookOf, read } from '../../unit/parser/reading.ts';

/** The library has no types. Its two plugins make themselves known to it. */
const load = createRequire(import.meta.url);
const { Cite } = load('@citation-js/core') as { Cite: new (text: string, options?: object) => { data: CslItem[] } };
for (const plugin of ['@citation-js/plugin-bibtex', '@citation-js/plugin-ris']) load(plugin);

type CslItem = Record<string, unknown> & { author?: { family?: string; given?: string; literal?: string }[] };

const made = (id: number, more: Partial<Book>): Book => ({
  ...bookOf(read(truePages(FIXTURES)[0]?.body ?? Buffer.alloc(0), truePages(FIXTURES)[0]?.expected.bookId ?? '')),
  id: String(id),
  url: `https://www.goodreads.com/book/show/${id}`,
  fetchedAt: '2026-01-31T12:00:00.000Z',
  via: 'crawl',
  ...more,
});

const author = (name: string, role: string | null = null): Book['authors'][number] => ({ id: null, name, role, url: null });

/** Texts that end a record, a field or a document where a writer is careless. */
const HOSTILE = [
  'ER  - \r\n\r\nTY  - BOOK\r\nTI  - forged',
  'ER  - \u2028TY  - BOOK\u2028TI  - forged\u0085AU  - forged',
  'a } , author = {forged}, b = {',
  '}\n@book{forged, title = {forged}}',
  '</title></entry><entry><title>forged</title>',
  ']]><!-- & &amp; &#x41; "\'',
  '=HYPERLINK("http://x","forged"),"a""b";c\td',
  "\\end{document} \\textbackslash{} \\{ \\} % # $ _ & ~ ^ -- --- `` '' ?` !`",
  '日本語 עברית العربية é e\u0301 𝒜 😀 <i>i</i>',
  '{"@context":"x"},\n{"forged":true}',
];
const hostile = HOSTILE.map((text, n) =>
  made(9_000_000 + n, {
    title: text.replaceAll(/\s+/g, ' ').trim(),
    description: `${text}\n\n${text}`,
    publisher: text.replaceAll(/\s+/g, ' ').trim(),
    series: [{ id: '1', title: 'A series', position: '1-3' }],
    authors: [
      author('Smith and Sons, Ltd.'),
      author('Gabriel García Márquez'),
      author('Suzanne Collins'),
      author('Ann Other', 'Translator'),
    ],
  }),
);

function allBooks(): Book[] {
  const corpus = corpusDir('formats of books on real pages');
  const pages = [...truePages(FIXTURES), ...(corpus === null ? [] : truePages(corpus))];
  const books = pages.map(({ body, expected }): Book => {
    const parsed = bookOf(read(body, expected.bookId));
    return Object.assign(parsed, { fetchedAt: '2026-01-31T12:00:00.000Z', via: 'crawl' as const });
  });
  return [...books, ...hostile];
}

const books = allBooks();
const list = { title: 'Books & "more" <all>', url: 'http://localhost/books/export?a=1&format=atom', atMs: 1_800_000_000_000 };

function written(format: FormatName): string {
  const { head, book, foot } = FORMATS[format];
  return head(list) + books.map((one, n) => book(one, n === 0)).join('') + foot();
}

/** What a program in Python makes of a text. */
function python(program: string, text: string): unknown {
  const { stdout, stderr, status } = spawnSync(
    process.env['PYTHON'] ?? 'python3',
    ['-c', `import sys, json, csv, io\nsys.stdin.reconfigure(newline='')\ntext = sys.stdin.read()\n${program}`],
    {
      input: text,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', PYTHONIOENCODING: 'utf-8' },
      maxBuffer: 256 * 1024 * 1024,
      timeout: 60_000,
    },
  );
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const flat = (text: unknown): string | null => (typeof text === 'string' ? text.replaceAll(/\s+/g, ' ').trim() : null);
/** Words as RIS keeps them: control characters and separators are spaces there. */
const words = (text: string | null): string | null => (text === null ? null : text.replaceAll(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim());
const nameOf = ({ given = '', family = '', literal = '' }: { family?: string; given?: string; literal?: string }): string =>
  literal !== '' ? literal : `${given} ${family}`.trim();

describe('books written for other programs', () => {
  it('are many, real and hostile', () => {
    expect(books.length).toBeGreaterThan(HOSTILE.length + 3);
  });

  it.each(['json', 'jsonl'] as const)('%s says all of each book', (format) => {
    const program =
      format === 'json'
        ? 'print(json.dumps(json.loads(text)))'
        : 'print(json.dumps([json.loads(line) for line in text.split("\\n") if line]))';
    expect(python(program, written(format))).toEqual(JSON.parse(JSON.stringify(books)));
    expect(JSON.parse(FORMATS[format].one(books[0] as Book, list))).toEqual(JSON.parse(JSON.stringify(books[0])));
  });

  it('csv keeps cells in their columns', () => {
    const rows = python('print(json.dumps(list(csv.DictReader(io.StringIO(text, newline="")))))', written('csv')) as Record<
      string,
      string
    >[];
    expect(
      rows.map((row) => [row['Book Id'], row['Publisher']?.replaceAll("'", ''), row['ISBN13'], row['Description']?.replaceAll("'", '')]),
    ).toEqual(
      books.map((one) => [
        one.id,
        (one.publisher ?? '').replaceAll("'", ''),
        one.isbn13 ?? '',
        (one.description ?? '').replaceAll("'", ''),
      ]),
    );
  });

  it('jsonld names each book, its people, its series and its rating', () => {
    const graph = (python('print(json.dumps(json.loads(text)))', written('jsonld')) as { '@graph': Record<string, unknown>[] })['@graph'];
    expect(graph.map((node) => [node['@id'], node['name'], node['description'] ?? null, node['isbn'] ?? null])).toEqual(
      books.map((one) => [one.url, one.title, one.description, one.isbn13 ?? one.isbn10]),
    );
    expect(graph.map((node) => ((node['isPartOf'] ?? []) as { name: string }[]).map(({ name }) => name))).toEqual(
      books.map((one) => one.series.map(({ title }) => title)),
    );
    expect(JSON.parse(FORMATS.jsonld.one(books[0] as Book, list))).toMatchObject({ '@context': 'https://schema.org', '@type': 'Book' });
  });

  it('atom is XML with an entry for each book', () => {
    const program = `import xml.etree.ElementTree as xml
atom = "{http://www.w3.org/2005/Atom}"
feed = xml.fromstring(text.encode())
print(json.dumps([[feed.findtext(atom + "id"), feed.findtext(atom + "title")]] + [
  [one.findtext(atom + "id"), one.findtext(atom + "title"), one.findtext(atom + "summary"), [name.text for name in one.findall(atom + "author/" + atom + "name")]]
  for one in feed.findall(atom + "entry")]))`;
    // oxlint-disable-next-line no-control-regex -- they are what XML does not allow
    const allowed = (text: string | null): string | null => text?.replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, '\uFFFD') ?? null;
    const authors = (one: Book): string[] => one.authors.filter(({ role }) => role === null).map(({ name }) => name);
    const [head, ...entries] = python(program, written('atom')) as [string, string, string | null, string[]][];
    expect(head).toEqual([list.url, list.title]);
    expect(entries.map(([id, title, summary]) => [id, title, summary])).toEqual(
      books.map((one) => [one.url, allowed(one.title), allowed(one.description)]),
    );
    for (const [n, entry] of entries.entries()) expect(entry[3]).toEqual(expect.arrayContaining(authors(books[n] as Book)));
  });

  it('csl is an array of items that a citation processor takes', () => {
    const { data } = new Cite(written('csl'));
    expect(data.map((item) => [item['id'], item['title'], item['abstract'] ?? null, item['ISBN'] ?? null])).toEqual(
      books.map((one) => [`goodreads${one.id}`, one.title, one.description, one.isbn13 ?? one.isbn10]),
    );
  });

  it.each(['bibtex', 'biblatex'] as const)('%s keeps titles, people, publishers and descriptions', (format) => {
    const { data } = new Cite(written(format));
    expect(data.map((item) => item['id'])).toEqual(books.map((one) => `goodreads${one.id}`));
    expect(data.map((item) => [flat(item['title']), flat(item['publisher']), flat(item['abstract']), item['URL']])).toEqual(
      books.map((one) => [flat(one.title), flat(one.publisher), flat(one.description), one.url]),
    );
    expect(data.slice(-HOSTILE.length).map((item) => item.author?.map(nameOf))).toEqual(
      hostile.map(() => ['Smith and Sons, Ltd.', 'Gabriel García Márquez', 'Suzanne Collins']),
    );
  });

  it('ris has one record for each book', () => {
    // The library takes a record without newer tags for the older RIS, where AB is a note.
    const { data } = new Cite(written('ris'), { forceType: '@ris/file' });
    const said = (item: CslItem, { description }: Book): unknown => (description === null ? null : (item['abstract'] ?? item['note']));
    expect(data.map((item, n) => [item['id'], item['title'], item['publisher'] ?? null, said(item, books[n] as Book)])).toEqual(
      books.map((one) => [`goodreads${one.id}`, words(one.title), words(one.publisher), words(one.description)]),
    );
    expect(data.slice(-HOSTILE.length).map((item) => item.author?.map(nameOf))).toEqual(
      hostile.map(() => ['Smith and Sons Ltd.', 'Gabriel García Márquez', 'Suzanne Collins']),
    );
  });
});
