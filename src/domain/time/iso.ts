/** Times as callers read them. */

/** A time in ISO 8601, in UTC, to the millisecond. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** As {@link iso}; `null` stays `null`. */
export const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
