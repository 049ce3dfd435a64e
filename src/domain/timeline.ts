import type { TimelineEntry } from './job.ts';
import { cutText, storableText } from './storable-text.ts';

const MOST_DETAIL = 500;

/** An entry of a job's timeline as a store keeps it. */
export const timelineEntry = (entry: TimelineEntry): TimelineEntry => ({
  ...entry,
  detail: storableText(cutText(entry.detail, MOST_DETAIL)),
});
