/** Turns dates as Goodreads writes them into ISO 8601, as precise as the page. */

const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const ENGLISH_DATE = /^(?:([A-Za-z]+)\s+)?(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(-?\d{1,6})$/;

/** ISO 8601 years have four digits. A year outside 1 to 9999 is a typing error ("October 3rd 20136"), or not the year of an edition. */
function isoDate(year: number, month?: number, day?: number): string | null {
  if (year < 1 || year > 9999) return null;
  const yyyy = String(year).padStart(4, '0');
  if (month === undefined) return yyyy;
  const mm = String(month).padStart(2, '0');
  if (day === undefined) return `${yyyy}-${mm}`;
  const days = new Date(Date.UTC(year < 100 ? year + 2000 : year, month, 0)).getUTCDate();
  return day >= 1 && day <= days ? `${yyyy}-${mm}-${String(day).padStart(2, '0')}` : null;
}

/** Year (negative before the common era), month and day of "November 15th 2012", "January 28, 1813", "January 1996", "2020" or "-600". */
export function parseEnglishDate(text: string): { year: number; iso: string | null } | null {
  const match = ENGLISH_DATE.exec(text.trim());
  if (match === null) return null;
  const [, monthName, day, yearText = ''] = match;
  const year = Number(yearText);
  if (monthName === undefined) return day === undefined ? { year, iso: isoDate(year) } : null;
  const month = MONTHS.indexOf(monthName.toLowerCase()) + 1;
  if (month === 0) return null;
  return { year, iso: isoDate(year, month, day === undefined ? undefined : Number(day)) };
}

/** The earliest and latest instants that a JavaScript date can hold, in milliseconds. */
const MAX_TIME = 8.64e15;

/**
 * `publicationTime` of `__NEXT_DATA__` is in milliseconds since 1970, at midnight Pacific time. That is 7 or 8 o'clock UTC on the same day,
 * so the UTC date is right. A date with only a year is stored as January 1, and looks like a real one.
 */
export function dateOfTime(time: unknown): string | null {
  if (typeof time !== 'number' || !Number.isFinite(time) || Math.abs(time) > MAX_TIME) return null;
  const date = new Date(time);
  return isoDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
}

/** The year of a `publicationTime`; negative before the common era, as Goodreads itself writes it ("first published -600"). */
export function yearOfTime(time: unknown): number | null {
  if (typeof time !== 'number' || !Number.isFinite(time) || Math.abs(time) > MAX_TIME) return null;
  return plausibleYear(new Date(time).getUTCFullYear());
}

/** A year in which a work can have first appeared: from -9999 to 9999, but not 0. */
export function plausibleYear(year: number): number | null {
  return Number.isInteger(year) && year !== 0 && year >= -9999 && year <= 9999 ? year : null;
}
