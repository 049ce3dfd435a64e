/**
 * What a collection item keeps of its progress, as JSON in its record: see `BatchStore.add`. A process that dies goes on from here, and
 * reads no page twice that is recorded.
 */
import type { CollectionFamily, CollectionReference } from '../../domain/collection.ts';
import type { BookId } from '../../domain/identity.ts';
import type { TimelineEntry } from '../../domain/job.ts';
import { timelineEntry } from '../../domain/timeline.ts';
import type { CollectionEnd } from '../../storage/store.ts';

const MOST_TIMELINE_ENTRIES = 20;

export interface CollectionProgress {
  /** `null` for a page that robots.txt forbids: it is never asked for. */
  family: CollectionFamily | null;
  id: string;
  /** Of a list: what Goodreads adds to its number. With it, no page is redirected. */
  slug: string | null;
  /** Pages that were read and recorded. */
  pages: number;
  title: string | null;
  /** How many books the collection says that it has. */
  claimed: number | null;
  /** Books on the pages, each once. */
  found: number;
  /** Those of them that the limits let into the batch. */
  taken: number;
  /** Books of the last page that are taken, and wait for room in the queue. */
  pending: BookId[];
  /** Works that have a book in the batch. Empty unless each work is taken once. */
  works: string[];
  /** Failed attempts at the next page. */
  attempts: number;
  /** When Goodreads first said that the next page does not exist. */
  missingAtMs: number | null;
  /** How it ends, once nothing is pending. */
  end: CollectionEnd | null;
  /** What happened between two pages, oldest first. */
  timeline: TimelineEntry[];
}

const START: Omit<CollectionProgress, 'family' | 'id'> = {
  slug: null,
  pages: 0,
  title: null,
  claimed: null,
  found: 0,
  taken: 0,
  pending: [],
  works: [],
  attempts: 0,
  missingAtMs: null,
  end: null,
  timeline: [],
};

/** The first record of a collection. */
export const firstRecord = ({ family, id }: CollectionReference): string => writeProgress({ ...START, family, id });

/** The record of a page that robots.txt forbids. It ends without a request. */
export const disallowedRecord = (reason: string): string =>
  writeProgress({ ...START, family: null, id: '', end: { state: 'disallowed', reason } });

/** Writes what differs from the start: a batch may have 10,000 collections. */
export function writeProgress(progress: CollectionProgress): string {
  const { family, id, ...rest } = progress;
  const start = START as Record<string, unknown>;
  const changed = Object.entries(rest).filter(([name, value]) => (Array.isArray(value) ? value.length > 0 : value !== start[name]));
  return JSON.stringify({ family, id, ...Object.fromEntries(changed) });
}

/** Reads a record that {@link writeProgress} wrote. */
export const readProgress = (json: string): CollectionProgress => ({ ...START, ...(JSON.parse(json) as CollectionProgress) });

/** Adds an entry to the timeline; the oldest go. */
export function note(progress: CollectionProgress, entry: TimelineEntry): CollectionProgress {
  return { ...progress, timeline: [...progress.timeline, timelineEntry(entry)].slice(-MOST_TIMELINE_ENTRIES) };
}
