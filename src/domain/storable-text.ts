/** Text that every store can keep. PostgreSQL refuses NUL, and in JSON also half a surrogate pair. */

/** `text` with U+FFFD in place of each NUL and each half of a surrogate pair. */
export function storableText(text: string): string {
  return /[\0\ud800-\udfff]/.test(text) ? Buffer.from(text).toString().replaceAll('\0', '\u{fffd}') : text;
}

/** The first `most` UTF-16 units of `text`, or one less when the cut would split a surrogate pair. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  return text.slice(0, /[\ud800-\udbff]/.test(text.charAt(most - 1)) ? most - 1 : most);
}
