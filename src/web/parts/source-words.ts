/** The state of the source in words that a person understands. */
import { count, duration } from '../format.ts';
import type { Source, Stats } from '../types.ts';

const inWords = (iso: string | null): string => {
  if (iso === null) return '';
  const seconds = (Date.parse(iso) - Date.now()) / 1000;
  return seconds <= 1 ? ' The next try is due now.' : ` Next try in ${duration(seconds)}.`;
};

const kept = (stats: Stats | null): string => {
  const waiting = (stats?.backlog.waiting ?? 0) + (stats?.backlog.delayed ?? 0);
  if (waiting === 0) return '';
  return waiting === 1 ? ' Your link is kept.' : ` Your ${count(waiting)} links are kept.`;
};

/** One to three sentences: what is the matter, what happens next, and that nothing is lost. */
export function sourceSentence(source: Source, stats: Stats | null): string {
  const next = inWords(source.nextProbeAt ?? source.retryAfterUntil);
  switch (source.state) {
    case 'open':
      return 'Goodreads answers. Pages are fetched at the full rate.';
    case 'slowed':
      return `Goodreads is busy, so pages are fetched more slowly.${kept(stats)}`;
    case 'blocked':
      return `Goodreads asked us to wait.${next}${kept(stats)}`;
    case 'unreachable':
      return `Goodreads cannot be reached from here.${next}${kept(stats)}`;
    case 'paused':
      return `No page is fetched now. ${source.reason ?? ''}${kept(stats)}`;
    default:
      return source.reason ?? '';
  }
}
