/** A number and its slug, as Goodreads writes them: `2767052-the-hunger-games`, `1.Best_Books_Ever`. */

const MAX_DIGITS = 12;
/** The slug starts with `-` or `.` (also percent-encoded), may have letters of any script, and means nothing. */
const NUMBER_AND_SLUG = /^(\d+)(?:(?:[-.]|%2d|%2e).*)?$/i;

/** The number without leading zeros, or why the segment has none. `what` and `where` are words of the reason. */
export function numberOf(segment: string, what: string, where: string): { id: string } | { reason: string } {
  const digits = NUMBER_AND_SLUG.exec(segment)?.[1];
  if (digits === undefined) return { reason: `No ${what} number follows ${where}: send the link as the browser shows it.` };
  if (digits.length > MAX_DIGITS) return { reason: `The ${what} number is longer than ${MAX_DIGITS} digits: check it.` };
  const id = digits.replace(/^0+/, '');
  return id === '' ? { reason: `The ${what} number is 0: Goodreads starts at 1.` } : { id };
}
