/** Reads a CSV file of books piece by piece. Of each row only its entry is kept, so memory does not grow with the reviews in the file. */
import { createHash } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { parse, type Parser } from 'csv-parse';
import { QuireError } from '../../errors.ts';
import { columnsOf, entryOfRow, type Columns } from './columns.ts';

/** Rows of one file. */
export const MAX_ROWS = 50_000;
/** Characters of one row. Goodreads' reviews have at most 20,000. */
const MAX_ROW_LENGTH = 1024 * 1024;
/** Bytes within which the first line ends. */
const MAX_HEADER_BYTES = 16 * 1024;

/** What a file names. */
export interface CsvEntries {
  /** An entry for each row, in the order of the file: text, or a row that was refused. */
  links: unknown[];
  /** The physical line that each row begins on, from 0. */
  lines: number[];
  /** SHA-256 of the bytes, in base64url. */
  digest: string;
}

export interface CsvReader {
  /** Takes the next bytes. Throws `invalid-request` that says what is wrong, in which line, and what to do. */
  take(piece: Buffer): void;
  /** The entries, once all bytes were taken. Rejects as `take` throws. */
  end(): Promise<CsvEntries>;
}

function refuse(detail: string, line = 1): QuireError {
  return new QuireError('invalid-request', detail, { errors: [{ pointer: `/${line - 1}`, detail }] });
}

const NO_COLUMN =
  'Line 1 names no column that Quire reads: it needs Book Id, ISBN13, ISBN, ISBN/UID, url or id, with commas, semicolons or tabs between the names.';

/** What is between the names of the header: what occurs most outside of quotes. */
function delimiterOf(line: string): string {
  const unquoted = line.replace(/"[^"]*"/g, '');
  const count = (sign: string): number => unquoted.split(sign).length - 1;
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

const breaksIn = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => (/[\r\n]/.test(cell) ? sum + cell.split(/\r\n|\n|\r/).length - 1 : sum), 0);

export function createCsvReader(): CsvReader {
  const hash = createHash('sha256');
  const found: Omit<CsvEntries, 'digest'> = { links: [], lines: [] };
  let head = Buffer.alloc(0);
  let parser: Parser | null = null;
  let columns: Columns | null = null;
  /** The line that the next row begins on, empty lines apart. The library counts a CRLF inside of quotes twice. */
  let line = 1;
  let emptyLines = 0;
  let failure: QuireError | null = null;

  const readRow = (cells: string[], { empty_lines: empty }: { empty_lines: number }): null => {
    const at = line + empty - emptyLines;
    emptyLines = empty;
    line = at + 1 + breaksIn(cells);
    if (columns === null) {
      columns = columnsOf(cells);
      if (columns === null) throw refuse(NO_COLUMN);
      return null;
    }
    if (found.links.length === MAX_ROWS)
      throw refuse(`The file has more than ${MAX_ROWS} rows: send it in parts, each with the header.`, at);
    found.links.push(entryOfRow(cells, columns, at));
    found.lines.push(at - 1);
    return null;
  };

  const begin = (): Parser => {
    const started = parse({
      bom: true,
      delimiter: delimiterOf(
        head
          .toString('utf8')
          .trimStart()
          .split(/[\r\n]/, 1)[0] ?? '',
      ),
      record_delimiter: ['\r\n', '\n', '\r'],
      // Goodreads writes ="9780439023481" without quotes around the cell.
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_ROW_LENGTH,
      on_record: readRow,
    });
    // What the library says of an error quotes the file.
    started.on('error', (error) => {
      const at = line + started.info.empty_lines - emptyLines;
      failure ??=
        error instanceof QuireError ? error : refuse(`A quote that begins in line ${at} or later does not end: check the quotes.`, at);
    });
    return started.resume();
  };

  /** Holds back the first line until it is complete, for the delimiter in it. */
  const takeHead = (piece: Buffer): void => {
    head = Buffer.concat([head, piece]);
    if (head[0] === 0xff || head[0] === 0xfe) throw refuse('The file is UTF-16: save it as CSV in UTF-8.');
    if (/[\r\n]/.test(head.toString('latin1').trimStart())) write();
    else if (head.length > MAX_HEADER_BYTES) throw refuse('The first line is longer than 16 KiB: is this a CSV file?');
  };
  const write = (): void => {
    parser = begin();
    parser.write(head);
  };

  return {
    take(piece) {
      if (failure) throw failure;
      hash.update(piece);
      if (parser === null) takeHead(piece);
      else parser.write(piece);
    },
    async end() {
      if (parser === null) write();
      const ended = parser ?? begin();
      if (!failure) await finished(ended.end()).catch(() => undefined);
      if (failure) throw failure;
      if (columns === null) throw refuse('The file is empty: its first line must name the columns.');
      if (found.links.length === 0) throw refuse('The file has a header and no rows.');
      return { ...found, digest: hash.digest('base64url') };
    },
  };
}
