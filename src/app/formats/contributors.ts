/** The people of a book, as bibliographies want them: by role, with the family name apart where that is certain. */
import type { Book } from '../../domain/book.ts';

export type Role = 'author' | 'translator' | 'editor' | 'illustrator' | 'narrator' | 'other';

export interface PersonName {
  /** `null` where nobody can know which part is the family name. Then `given` is the whole name. */
  family: string | null;
  given: string;
}

const ROLES: readonly (readonly [pattern: RegExp, role: Role])[] = [
  [/translat|ترجم/i, 'translator'],
  [/editor|edited/i, 'editor'],
  [/illustrat|artist|penciller|inker/i, 'illustrator'],
  [/narrat|reader/i, 'narrator'],
  [/author|writer|^with$/i, 'author'],
];

/** The role that a contributor has in bibliographies. */
const roleOf = (role: string | null): Role => (role === null ? 'author' : (ROLES.find(([pattern]) => pattern.test(role))?.[1] ?? 'other'));

/** The names of those who have one of `roles`, in their order. */
export const namesOf = ({ authors }: Pick<Book, 'authors'>, ...roles: Role[]): string[] =>
  authors.filter(({ role }) => roles.includes(roleOf(role))).map(({ name }) => name);

/** Those whose role has no field of its own in a format, as `name (role)`. */
export const othersOf = ({ authors }: Pick<Book, 'authors'>, told: readonly Role[]): string[] =>
  authors.filter(({ role }) => !told.includes(roleOf(role))).map(({ name, role }) => `${name} (${role ?? 'author'})`);

const INITIAL = /^(?:\p{Lu}\.)+(?:-\p{Lu}\.)*$/u;
const LATIN_WORD = /^[\p{Script=Latin}'’-]+$/u;
/** What follows or leads a family name, so that the last word alone is none. */
const PARTICLES = new Set([
  'jr',
  'sr',
  'phd',
  'md',
  'de',
  'da',
  'di',
  'del',
  'della',
  'van',
  'von',
  'der',
  'den',
  'la',
  'le',
  'al',
  'el',
  'bin',
  'ibn',
  'st',
]);

/**
 * Splits a name. Only two Latin words, or initials and a Latin word, have a family name that is certain: nobody can tell from its
 * letters what it is in `Gabriel García Márquez` or `村上 春樹`.
 */
export function splitName(name: string): PersonName {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const family = words.at(-1) ?? '';
  const given = words.slice(0, -1);
  const certain =
    given.length > 0 &&
    LATIN_WORD.test(family) &&
    !words.some((word) => PARTICLES.has(word.toLowerCase().replaceAll('.', ''))) &&
    (given.every((word) => INITIAL.test(word)) || (given.length === 1 && LATIN_WORD.test(given[0] ?? '')));
  return certain ? { family, given: given.join(' ') } : { family: null, given: name };
}

/** The parts of a date as precise as it is: `2008-09` gives 2008 and 9. */
export const dateParts = (date: string): number[] => {
  const sign = date.startsWith('-') ? -1 : 1;
  return date
    .replace(/^-/, '')
    .split('-')
    .map((part, at) => Number(part) * (at === 0 ? sign : 1));
};

export const seriesText = ({ title, position }: { title: string; position: string | null }): string =>
  position === null ? title : `${title} #${position}`;
