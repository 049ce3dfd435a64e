/**
 * Whether every stored book is as new as its newest parse, and shows the page as it was when its time says, or later.
 *
 * The stand-in for Goodreads writes the number of each serving into the page of a made-up book (its count of text reviews) and tells when that was, on
 * the clock of this machine, which all processes share (and which a fault may put wrong by an hour). That a copy's own time is when its page was asked for makes the check exact:
 * - the page was served after the copy's time; otherwise an older page passes for a newer one, and may have taken the place of a newer one;
 * - copy and page are younger than the newest run that ended as parsed: every page that this run was given was served after it was submitted.
 * Among the servings of one run no more can be told, since the page of a worker that was given up may be served before or after that of its successor.
 */
import { createHash } from 'node:crypto';
import type { Serving } from '../../scripts/goodreads-stand-in.ts';
import type { Contents } from './leftovers/contents.ts';

const FIRST_SERVING = 1_000_000_000;

const HOUR_MS = 3_600_000;
/** A time of a process whose clock was put an hour ahead or behind, by the right clock: all else happens within minutes of `nearMs`. */
const putRight = (ms: number, nearMs: number): number =>
  Number.isFinite(nearMs) ? ms - Math.round((ms - nearMs) / HOUR_MS) * HOUR_MS : ms;

/** The servings that the stand-in at `origin` remembers. */
export async function servingsOf(origin: string): Promise<Serving[]> {
  const answer = await fetch(`${origin}/__servings`, { signal: AbortSignal.timeout(10_000) });
  return (await answer.json()) as Serving[];
}

/** A remark for every copy that is older than it may be, or that is not what it says of itself. */
export function findStale({ names, jobs }: Contents, servings: readonly Serving[]): string[] {
  const remarks: string[] = [];
  const served = new Map(servings.map((serving) => [serving.reviews, serving]));
  /** When the page of each copy was served. */
  const copies = new Map<string, { fetchedAtMs: number; servedAtMs: number }>();
  for (const { name, copy } of names) {
    if (!copy) continue;
    const { fetchedAtMs, freshUntilMs, etag, body } = copy;
    const book = JSON.parse(body) as { id: string; reviewsCount: number | null; fetchedAt: string };
    if (name !== `book-${book.id}`) remarks.push(`${name} holds a copy of book ${book.id}`);
    if (Date.parse(book.fetchedAt) !== fetchedAtMs || freshUntilMs <= fetchedAtMs)
      remarks.push(`${name} was fetched at ${fetchedAtMs}, fresh until ${freshUntilMs}, and says it was fetched at ${book.fetchedAt}`);
    if (createHash('sha1').update(body).digest('base64url').slice(0, 16) !== etag) remarks.push(`${name} has the etag of other bytes`);
    const serving = served.get(book.reviewsCount ?? 0);
    copies.set(book.id, { fetchedAtMs, servedAtMs: serving?.atMs ?? Infinity });
    // Pages that are not made up tell no number.
    if (Number(book.id) < FIRST_SERVING) continue;
    if (serving?.id !== book.id) remarks.push(`${name} shows serving ${book.reviewsCount}, which was not of this book`);
    else if (serving.atMs < putRight(fetchedAtMs, serving.atMs))
      remarks.push(`${name} shows a page that was served ${fetchedAtMs - serving.atMs} ms before the time at which it says it was fetched`);
  }
  for (const { jobId, bookId, state, createdAtMs, settledAtMs } of jobs) {
    if (state !== 'p') continue;
    const copy = copies.get(bookId ?? '');
    if (!copy) remarks.push(`job ${jobId} parsed book ${bookId}, of which there is no copy`);
    // By its own clock, a process that is behind is right not to replace a copy from what it takes for the future: docs/operations.md names that limit.
    else if (settledAtMs !== null && copy.fetchedAtMs > settledAtMs) continue;
    else if (Math.min(putRight(copy.fetchedAtMs, copy.servedAtMs), copy.servedAtMs) < putRight(createdAtMs, copy.servedAtMs))
      remarks.push(
        `the copy of book ${bookId} was fetched at ${copy.fetchedAtMs} and served at ${copy.servedAtMs}; its newest parse was submitted at ${createdAtMs}`,
      );
  }
  return remarks;
}
