/** How much an api process grows while it takes the largest library export. */
import { MAX_ROWS } from '../src/app/csv/read-csv.ts';
import { MAX_CSV_BYTES } from '../src/http/schemas/batch.ts';
import { peakMebibytes, residentMebibytes } from './process-figures.ts';
import type { Rig } from './rig.ts';
import type { BenchRow } from './row.ts';

const MOST_GROWTH_MEBIBYTES = 50;
const SMALLER_FILES = 4;
const SMALLER_ROWS = 10_000;
const HEADER = 'Book Id,Title,ISBN,ISBN13,My Rating,My Review\r\n';
/** Of the largest file: what its rows may have at most, so that all of them fit. */
const ROW_BYTES = Math.floor((MAX_CSV_BYTES - HEADER.length) / MAX_ROWS);

/** A file of so many rows, piece by piece, each row with a review in quotes. */
async function* rowsOf(firstId: number, rows: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(HEADER);
  const rowOf = (id: number): string => {
    const start = `${id},"A title","=""""","=""""",5,"`;
    return `${start}${'A ""quoted"" word, and\r\nlines. '.repeat(40).slice(0, ROW_BYTES - start.length - 3)}"\r\n`;
  };
  for (let from = 0; from < rows; from += 100)
    yield Buffer.from(Array.from({ length: Math.min(100, rows - from) }, (_, n) => rowOf(firstId + from + n)).join(''));
}

async function post(address: string, firstId: number, rows: number): Promise<void> {
  const answer = await fetch(`${address}/parse-links`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ReadableStream.from(rowsOf(firstId, rows)),
    duplex: 'half',
  });
  const { counts } = (await answer.json()) as { counts?: { total: number; queued: number } };
  if (counts?.queued !== rows) throw new Error(`the export was answered with ${answer.status}, ${JSON.stringify(counts)}`);
}

/**
 * The most that the process held at once, over what it held before. Files of 10,000 rows come first, so that V8's young generation, which
 * never shrinks again, has most of its size.
 */
export async function benchLibraryExport(rig: Rig): Promise<BenchRow> {
  const api = await rig.quire('api');
  for (let n = 0; n < SMALLER_FILES; n++) await post(api.address, 5_000_000_000 + n * SMALLER_ROWS, SMALLER_ROWS);
  const before = await residentMebibytes(api.pid);
  await post(api.address, 6_000_000_000, MAX_ROWS);
  const ours = (await peakMebibytes(api.pid)) - before;
  await api.stop();
  return {
    name: `growth of an api over a library export of ${MAX_ROWS.toLocaleString('en')} rows and ${Math.floor(MAX_CSV_BYTES / 2 ** 20)} MiB`,
    store: 'redis',
    ours,
    limit: MOST_GROWTH_MEBIBYTES,
    ratio: ours / MOST_GROWTH_MEBIBYTES,
    unit: 'MiB',
    target: '≤ 1',
  };
}
