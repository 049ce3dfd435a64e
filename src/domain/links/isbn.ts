/**
 * ISBN arithmetic. Users type the ISBN fields of Goodreads, so the fields contain anything: ASINs, shop numbers, incomplete numbers. A text
 * counts as an ISBN only when its check digit is right.
 */

const SEPARATORS = /[- ]/g;
const TEN = /^\d{9}[\dXx]$/;
const THIRTEEN = /^97[89]\d{10}$/;
const ZERO = 48;

/** The check digit for the first twelve digits of an ISBN-13: weights 1 and 3 in turn, modulo 10. */
function checkDigit13(digits: string): number {
  let sum = 0;
  for (let at = 0; at < 12; at += 1) sum += (digits.charCodeAt(at) - ZERO) * (at % 2 === 0 ? 1 : 3);
  return (10 - (sum % 10)) % 10;
}

/** Weights 10 down to 1; the last place may be `X` for ten; the sum must divide by 11. */
function isTen(text: string): boolean {
  if (!TEN.test(text)) return false;
  let sum = 0;
  for (let at = 0; at < 9; at += 1) sum += (text.charCodeAt(at) - ZERO) * (10 - at);
  const last = text.charCodeAt(9);
  return (sum + (last === 88 || last === 120 ? 10 : last - ZERO)) % 11 === 0;
}

/**
 * The 13 digits of an ISBN-13 whose prefix (978 or 979) and check digit are right, else `null`.
 * Hyphens and spaces between the digits are allowed.
 */
export function validIsbn13(text: string): string | null {
  const digits = text.replace(SEPARATORS, '');
  return THIRTEEN.test(digits) && checkDigit13(digits) === digits.charCodeAt(12) - ZERO ? digits : null;
}

/** The 10 characters of an ISBN-10 whose check digit is right (a final `x` becomes `X`), else `null`. */
export function validIsbn10(text: string): string | null {
  const digits = text.replace(SEPARATORS, '');
  return isTen(digits) ? digits.toUpperCase() : null;
}

/** The ISBN-13 of the same edition as a verified ISBN-10: 978, its first nine digits and a new check digit. */
export function isbn13FromIsbn10(isbn10: string): string {
  const body = `978${isbn10.slice(0, 9)}`;
  return `${body}${checkDigit13(body)}`;
}
