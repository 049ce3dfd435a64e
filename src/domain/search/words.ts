/**
 * The words of a text, as search compares them: without case and accents, in one spelling. Pure, and the same for books and for queries.
 *
 * Writing without spaces (Chinese, Japanese, Thai, …) has a word for each character. So any part of such a title is found.
 */
import { cutText } from '../storable-text.ts';

/** Of a longer word only so many UTF-16 units count. */
const MOST_UNITS = 64;

/** Accents and vowel points, and the Arabic tatweel. The voice marks of kana are letters' parts and stay. */
const IGNORED =
  /(?![\u3099\u309a])\p{Script=Inherited}|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u06d6-\u06ed]|\u0640/gu;

/** Letters that are no letter with an accent to Unicode, and letters that people write for one another. */
const SAME: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
  ħ: 'h',
  ς: 'σ',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
};
const SAME_LETTERS = new RegExp(`[${Object.keys(SAME).join('')}]`, 'gu');

/** Scripts without spaces between words. U+30FC makes the vowel before it long. */
const UNSPACED = String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`;
const WORD = new RegExp(String.raw`${UNSPACED}\p{M}*|(?:(?!${UNSPACED})[\p{L}\p{N}\p{M}])+`, 'gu');
const ONE_CHARACTER = new RegExp(String.raw`^${UNSPACED}`, 'u');

/** An apostrophe that Unicode counts as a letter. */
const LETTER_APOSTROPHE = /[\u02bb\u02bc]/g;
const APOSTROPHES = /(\p{L})['’‘\u02bb\u02bc\u05f3\u05f4](?=\p{L})/gu;

/** `text` without case and accents, in one spelling. */
export const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(IGNORED, '')
    .replaceAll(SAME_LETTERS, (letter) => SAME[letter] ?? letter)
    .normalize('NFC');

/** The words of `text` in order. Whatever is neither letter nor digit parts them: `don't` is two words. */
export function wordsOf(text: string): string[] {
  const found = plain(text.replaceAll(LETTER_APOSTROPHE, "'")).match(WORD) ?? [];
  return found.map((word) => cutText(word, MOST_UNITS));
}

/** What people write as one word where {@link wordsOf} finds several: `dont` for don't, `jk` for J. K. */
export function joinedWordsOf(text: string): string[] {
  const whole = wordsOf(text.replaceAll(APOSTROPHES, '$1'));
  const parts = new Set(wordsOf(text));
  const joined = whole.filter((word) => !parts.has(word));
  let initials = '';
  for (const word of [...whole, '  ']) {
    if (/^\p{L}$/u.test(word) && !ONE_CHARACTER.test(word)) initials += word;
    else {
      if (initials.length > 1) joined.push(initials);
      initials = '';
    }
  }
  return joined;
}

/** Whether a word is one character of a script without spaces. */
export const isOneCharacter = (word: string): boolean => ONE_CHARACTER.test(word);
