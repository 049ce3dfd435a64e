/** When a caller should come back. Spread, so that callers who were turned away together do not return together. */

/** `seconds`, lengthened by a random part of a quarter of it (at least 2 s, at most 30 s); whole and at least 1. Never shorter than asked. */
export function jitteredSeconds(seconds: number, random: () => number = Math.random): number {
  const least = Math.max(1, Math.ceil(seconds));
  const spread = Math.min(30, Math.max(2, least / 4));
  return least + Math.floor(random() * (spread + 1));
}
