/** What the target should hold when both stores have a record of one name. Nothing newer is ever written over. */
import { ALL_ITEM_STATES, PRIORITIES } from '../domain/batch.ts';
import type { KnownRecord, MovedBatch, MovedDocument, MovedJob, MovedPage, MovedTally } from '../storage/transfer.ts';

/** Returns what is to be written, or `null` when what the target holds is as good. */
export type Rule<Moved> = (given: Moved, held: Moved | undefined) => Moved | null;

/** Another name of a book, once known, stays one; a copy outlives "there is none"; of two copies the later counts. */
export const bookRule: Rule<KnownRecord> = (given, held) => {
  if (!held) return given;
  if (given.kind === 'alias') return held.kind === 'alias' && held.bookId === given.bookId ? null : given;
  if (held.kind === 'alias') return null;
  if (given.kind === 'not-found') return held.kind === 'not-found' && given.sinceMs > held.sinceMs ? given : null;
  if (held.kind === 'not-found') return given;
  const [ours, theirs] = [given.book, held.book];
  if (ours.fetchedAtMs !== theirs.fetchedAtMs) return ours.fetchedAtMs > theirs.fetchedAtMs ? given : null;
  return ours.body.equals(theirs.body) && ours.etag === theirs.etag && ours.freshUntilMs <= theirs.freshUntilMs ? null : given;
};

/** One live job for all who wait for it. */
function joined(given: MovedJob, held: MovedJob): MovedJob | null {
  const missing = given.waiting.filter((waiter) => !held.waiting.includes(waiter));
  const urgent = PRIORITIES.indexOf(given.priority) < PRIORITIES.indexOf(held.priority);
  if (missing.length === 0 && !urgent && (held.solo || !given.solo)) return null;
  return {
    ...held,
    priority: urgent ? given.priority : held.priority,
    solo: held.solo || given.solo,
    waiting: [...held.waiting, ...missing].sort(),
  };
}

/** Of one run the end counts. Of two runs the live one does, since somebody waits for it; else the later end. */
export const jobRule: Rule<MovedJob> = (given, held) => {
  if (!held) return given;
  if (given.state === 'live' && held.state === 'live') return joined(given, held);
  if (given.run === held.run) return held.state === 'live' ? given : null;
  if (held.state === 'live') return null;
  if (given.state === 'live') return given;
  return (given.settledAtMs ?? 0) > (held.settledAtMs ?? 0) ? given : null;
};

/** Whether a job needs nothing more: who waits for a live one is told by the items as well, where the store derives it from them. */
export const isJobThere = (given: MovedJob, held: MovedJob | undefined): boolean =>
  held !== undefined && (held.state === 'live' || jobRule(given, held) === null);

export const documentRule: Rule<MovedDocument> = (given, held) => (!held || held.version < given.version ? given : null);

/** The larger of two counters, since one that is moved twice must not count twice. */
export const tallyRule: Rule<MovedTally> = (given, held) => {
  if (!held) return given;
  const larger = Object.entries(given.counts).filter(([name, n]) => n > (held.counts[name] ?? 0));
  return larger.length === 0 ? null : { ...given, counts: { ...held.counts, ...Object.fromEntries(larger) } };
};

export const pageRule: Rule<MovedPage> = (given, held) => (!held || held.keptAtMs < given.keptAtMs ? given : null);

const settledOf = ({ total, counts }: MovedBatch): number => total - counts.queued - counts.expanding;

/** `ahead`: the target's has gone on since. `behind`: it is to be written anew. */
export function compareBatches(given: MovedBatch, held: MovedBatch | undefined): 'same' | 'ahead' | 'behind' {
  if (!held) return 'behind';
  if (settledOf(held) > settledOf(given)) return 'ahead';
  const facts = (batch: MovedBatch): string =>
    JSON.stringify([
      batch.total,
      ...ALL_ITEM_STATES.map((state) => batch.counts[state]),
      batch.itemCount,
      batch.logLength,
      batch.endedAtMs,
      batch.cancelledAtMs,
      batch.sealed,
      batch.open,
      batch.found,
      batch.stoppedAtMs,
    ]);
  return facts(held) === facts(given) && (held.announced || !given.announced) ? 'same' : 'behind';
}
