/** Numbers, times and durations in words. */
const whole = new Intl.NumberFormat('en');
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const clock = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export const count = (n: number): string => whole.format(n);

/** `3 books`, `1 book`. */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

export const dateTime = (iso: string): string => clock.format(new Date(iso));

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** `5 min. ago`, `in 2 hr.`. */
export function ago(iso: string, nowMs = Date.now()): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000;
  for (const [unit, length] of UNITS) if (Math.abs(seconds) >= length) return relative.format(Math.round(seconds / length), unit);
  return Math.abs(seconds) < 10 ? 'now' : relative.format(Math.round(seconds), 'second');
}

/** `4 min`, `2 h 10 min`, `3 days`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return minutes % 60 === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1440)} days`;
}

/** A rate of pages: `1 page a second`, `12 pages a minute`; `null` is unlimited. */
export function rate(pagesPerSecond: number | null): string {
  if (pagesPerSecond === null) return 'as fast as pages come';
  if (pagesPerSecond === 0) return 'no pages';
  if (pagesPerSecond >= 1) return `${plural(Math.round(pagesPerSecond * 10) / 10, 'page')} a second`;
  return `${plural(Math.max(1, Math.round(pagesPerSecond * 60)), 'page')} a minute`;
}

/** A year of the common era or before it. */
export const year = (n: number): string => (n < 0 ? `${-n} BCE` : String(n));

/** Without the scheme and `www.`, as people read an address. */
export const shortUrl = (url: string): string => url.replace(/^https?:\/\/(www\.)?/, '');
