import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCsvReader, MAX_ROWS, type CsvEntries } from '../../../src/app/csv/read-csv.ts';
import { inputOf } from '../../../src/domain/batch.ts';
import { parseEntry } from '../../../src/domain/entry.ts';
import { QuireError } from '../../../src/errors.ts';
import { csvFile, GOODREADS_COLUMNS, isbnCell, STORYGRAPH_COLUMNS } from '../../support/library-exports.ts';

async function readBytes(bytes: Buffer, pieceBytes = bytes.length || 1): Promise<CsvEntries> {
  const reader = createCsvReader();
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.take(bytes.subarray(at, at + pieceBytes));
  return reader.end();
}

/** The job of each row, or why there is none. */
async function jobsOf(file: string | Buffer, pieceBytes?: number): Promise<string[]> {
  const { links } = await readBytes(Buffer.from(file as string), pieceBytes);
  return links.map((link) => {
    const entry = parseEntry(link);
    return entry.ok !== true ? entry.reason : entry.reference.kind === 'collection' ? entry.reference.url : entry.reference.jobId;
  });
}

const faultOf = async (file: string | Buffer): Promise<{ code: string; message: string; pointer: string | undefined }> => {
  const error = await readBytes(Buffer.from(file as string)).then(
    () => null,
    (caught: unknown) => caught,
  );
  if (!(error instanceof QuireError)) throw new Error(`no error for ${String(file).slice(0, 60)}`);
  return { code: error.code, message: error.message, pointer: error.errors?.[0]?.pointer };
};

const REVIEW = 'First line, with a comma\r\n\r\n"Quoted" third line\nand a fourth';

describe("Goodreads' library export", () => {
  it.each([23, 24, 31] as const)('with %i columns gives the Book Ids', async (count) => {
    const columns = GOODREADS_COLUMNS[count];
    expect(columns).toHaveLength(count);
    const file = csvFile(columns, [
      { 'Book Id': '2767052', Title: 'The Hunger Games (#1)', ISBN: isbnCell('0439023483'), ISBN13: isbnCell('9780439023481') },
      { 'Book Id': '6148028', Title: 'Catching Fire, "2"', ISBN: isbnCell(''), ISBN13: isbnCell(''), 'My Review': REVIEW },
      { 'Book Id': '', ISBN: isbnCell('0439023483'), ISBN13: isbnCell('9780439023481'), 'Private Notes': REVIEW },
      { 'Book Id': '', ISBN: isbnCell('155404295X'), ISBN13: isbnCell('') },
      { 'Book Id': '', Title: '1984', ISBN: isbnCell(''), ISBN13: isbnCell('') },
    ]);
    const expected = [
      'book-2767052',
      'book-6148028',
      'isbn-9780439023481',
      'isbn-9781554042951',
      expect.stringMatching(/^Line 12 has neither a Book Id nor an ISBN/),
    ];
    expect(await jobsOf(file)).toEqual(expected);
    expect(await jobsOf(`\ufeff${file}`)).toEqual(expected);
    expect(await jobsOf(file.replaceAll('\r\n', '\n'))).toEqual(expected);
    expect(await jobsOf(file.replaceAll(/="(\w*)"/g, '"=""$1"""'))).toEqual(expected);
    expect(await jobsOf(file, 1)).toEqual(expected);
  });

  it('takes columns by their names, in any order and case', async () => {
    expect(await jobsOf('TITLE,book id\nX,5\n')).toEqual(['book-5']);
    expect(await jobsOf('ISBN13,Book Id\n9780439023481,5\n')).toEqual(['book-5']);
  });

  it('takes a Book Id that has the check digit of an ISBN as a Book Id', async () => {
    expect(await jobsOf('Book Id\n0439023483\n1439023486\n')).toEqual(['book-439023483', 'book-1439023486']);
  });
});

describe('other files', () => {
  it("takes StoryGraph's export", async () => {
    const file = csvFile(STORYGRAPH_COLUMNS, [
      { Title: 'A', 'ISBN/UID': '9780439023481', Review: REVIEW },
      { Title: 'B', 'ISBN/UID': 'd0b5a2c1-uid' },
      { Title: 'C', 'ISBN/UID': 'B00ABCDEFG' },
      { Title: 'D' },
    ]);
    expect(await jobsOf(file)).toEqual([
      'isbn-9780439023481',
      expect.stringMatching(/^Line 6: the ISBN is not valid/),
      'asin-B00ABCDEFG',
      expect.stringMatching(/^Line 8 has neither/),
    ]);
  });

  it.each([
    ['isbn\n9780439023481', ['isbn-9780439023481']],
    ['isbn\n\n\n0-439-02348-3\n\n', ['isbn-9780439023481']],
    ['url\nhttps://www.goodreads.com/book/show/5-x?secret=1', ['book-5']],
    ['URL\ngoodreads.com/list/show/1.x', ['https://www.goodreads.com/list/show/1']],
    ['url\nhttps://www.goodreads.com/book/isbn/0439023483', ['isbn-9780439023481']],
    ['id\n5', ['book-5']],
    ['id,isbn\n5,9780439023481', ['isbn-9780439023481']],
    ['title;isbn\n"A; B";9780439023481', ['isbn-9780439023481']],
    ['title\tisbn\nA, B\t9780439023481', ['isbn-9780439023481']],
    ['isbn\r9780439023481\r0439023483\r', ['isbn-9780439023481', 'isbn-9780439023481']],
    ['isbn,title\r\n9780439023481,"a\r\nb"\n0439023483,c\n', ['isbn-9780439023481', 'isbn-9780439023481']],
    ['isbn,title,\n9780439023481,A,\n', ['isbn-9780439023481']],
    ['isbn,title\n9780439023481,A,,\n', ['isbn-9780439023481']],
    ['isbn,title\n9780439023481,A,B\n', ['Line 2 has 3 cells and the header 2: check the quotes around the cells.']],
    ['isbn,title\n9780439023481\n', ['Line 2 has 1 cells and the header 2: check the quotes around the cells.']],
    ['isbn\n9.78E+12', ['Line 2: the ISBN is not valid: it needs 10 or 13 digits and the right check digit.']],
    ['book id,isbn\nx,9780439023481', ['isbn-9780439023481']],
    ['book id\n0', ['Line 2: the Book Id is not a number of 1 to 12 digits.']],
  ])('%j', async (file, jobs) => {
    expect(await jobsOf(file)).toEqual(jobs);
  });

  it('tells two rows that name nothing apart, and shows nothing of them but their line', async () => {
    const { links, lines } = await readBytes(Buffer.from('isbn,notes\n,"a\nsecret"\nsecret,secret\n'));
    expect(links.map(inputOf)).toEqual(['line 2', 'line 4']);
    expect(lines).toEqual([1, 3]);
    expect(JSON.stringify(links)).not.toContain('secret');
  });
});

describe('files that cannot be read', () => {
  it.each(
    [
      ['', /is empty/, '/0'],
      ['\n\n', /is empty/, '/0'],
      ['isbn', /no rows/, '/0'],
      ['isbn\n', /no rows/, '/0'],
      ['title,author\nA,B\n', /names no column.*Book Id/, '/0'],
      ['9780439023481\n0439023483\n', /names no column/, '/0'],
      ['isbn|title\n9780439023481|A\n', /names no column/, '/0'],
      ['isbn,title\n9780439023481,"secret\n0439023483,B\n', /quote that begins in line 2 or later does not end/, '/1'],
      ['isbn,title\n1,"a\nb"\n\n9780439023481,"secret\n', /quote that begins in line 5 or later/, '/4'],
      [`isbn,title\n9780439023481,"${'secret '.repeat(200_000)}"\n`, /quote that begins in line 2/, '/1'],
      [`isbn,${'x'.repeat(70_000)}`, /first line is longer/, '/0'],
      [`isbn\n${'5\n'.repeat(MAX_ROWS + 1)}`, /more than 50000 rows/, `/${MAX_ROWS + 1}`],
    ].map(
      ([file = '', reason, pointer]) => [String(file).slice(0, 40), { file: String(file), reason: reason as RegExp, pointer }] as const,
    ),
  )('%j', async (_start, { file, reason, pointer }) => {
    const fault = await faultOf(file);
    expect(fault).toEqual({ code: 'invalid-request', message: expect.stringMatching(reason), pointer });
    expect(fault.message).not.toContain('secret');
  });

  it('a file in UTF-16 is refused by name', async () => {
    for (const mark of [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])])
      expect(await faultOf(Buffer.concat([mark, Buffer.from('isbn\n5\n', 'utf16le')]))).toMatchObject({
        message: expect.stringMatching(/UTF-16/),
      });
  });

  it('takes 50,000 rows', async () => {
    expect((await readBytes(Buffer.from(`id\n${'5\n'.repeat(MAX_ROWS)}`), 64 * 1024)).links).toHaveLength(MAX_ROWS);
  });
});

describe('any library export', () => {
  const text = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', ';', '\t', '=', ' ', 'a', '9', 'é', '😀'), maxLength: 12 });
  const row = fc.record({
    id: fc.option(fc.integer({ min: 1, max: 999_999_999_999 }).map(String), { nil: '' }),
    isbn: fc.constantFrom('', '9780439023481', '9781554042951'),
    review: text,
    title: text,
    tail: text,
  });

  it('gives the ids of its rows, in their lines, whatever the other cells and the pieces are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\r\n', '\n'),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        async (rows, end, pieceBytes, withBom) => {
          const columns = ['My Review', 'Title', 'Book Id', 'ISBN13', 'Private Notes'];
          const file = csvFile(columns, rows.map(rowOf), end);
          const { links, lines } = await readBytes(Buffer.from((withBom ? '\ufeff' : '') + file), pieceBytes);
          const got = links.map((link) => {
            const entry = parseEntry(link);
            return entry.ok === true && entry.reference.kind !== 'collection' ? entry.reference.jobId : null;
          });
          expect(got).toEqual(rows.map(({ id, isbn }) => (id !== '' ? `book-${id}` : isbn !== '' ? `isbn-${isbn}` : null)));
          // A row begins on the line after all line breaks before it. A cell of a lone CR is one break as well.
          let before = '';
          const starts = rows.map((one, at) => {
            const part = csvFile(columns, [rowOf(one)], end);
            if (at === 0) before = part.slice(0, part.indexOf(end) + end.length);
            const start = before.split(/\r\n|\n|\r/).length - 1;
            before += part.slice(part.indexOf(end) + end.length);
            return start;
          });
          expect(lines).toEqual(starts);
        },
      ),
      { numRuns: 300 },
    );
  });

  const rowOf = ({ id, isbn, review, title, tail }: { id: string; isbn: string; review: string; title: string; tail: string }) => ({
    'My Review': `_${review}`,
    Title: title.startsWith('="') ? '' : title,
    'Book Id': id,
    ISBN13: isbnCell(isbn),
    'Private Notes': tail.startsWith('="') ? '' : tail,
  });
});
