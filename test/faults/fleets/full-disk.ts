/** The fault that the disk of the embedded store is full for a while. */
import type { QuireProcess } from '../../../scripts/quire-process.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { lastFor, type Fault, type FleetOptions } from '../fleet.ts';

/** Until the first write is refused: what has room in files that exist is still taken. */
const REFUSED_MS = 30_000;
/** How long the disk stays full after that: long enough that opening the database again fails several times. */
const FULL_MS = 5_000;
/** Until a submission is taken again: the database is opened again at most 10 s after the last try. */
const BACK_MS = 30_000;

/** Says whether a submission is taken (2xx); rejects on any answer but that or 503. */
async function taken({ address }: QuireProcess, book: number): Promise<boolean> {
  const answer = await fetch(`${address}/parse-links?maxAge=0`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([`https://www.goodreads.com/book/show/${book}`]),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await answer.text();
  if (answer.ok || answer.status === 503) return answer.ok;
  throw new Error(`while the disk was full, a submission was answered with ${answer.status}: ${text}`);
}

/**
 * With nothing to spare, tables cannot grow, and their statements fail. With `spareBytes` less than a file of PostgreSQL's log has (4 MiB) they grow
 * until the log needs its next file: PostgreSQL panics then, and the database has to be opened again.
 */
export function fullDisk(
  spareBytes: number,
  quire: () => QuireProcess | null,
  disk: { fill(spareBytes: number): Promise<void>; free(): Promise<void> },
  moreLoad: FleetOptions['moreLoad'],
): Fault {
  let book = 1_900_000_000 + spareBytes;
  const isTaken = async (): Promise<boolean> => {
    const now = quire();
    return now !== null && taken(now, book++);
  };
  return {
    name: `the disk full${spareBytes > 0 ? ` but for ${spareBytes >> 10} KiB` : ''}, and freed again`,
    async run() {
      await disk.fill(spareBytes);
      try {
        await waitUntil('a submission to be refused', async () => !(await isTaken()), { timeoutMs: REFUSED_MS });
        await lastFor(FULL_MS);
      } finally {
        await disk.free();
      }
      await waitUntil('a submission to be taken again', isTaken, { timeoutMs: BACK_MS, everyMs: 100 });
      await moreLoad(1);
    },
  };
}
