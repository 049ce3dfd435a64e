/** Small questions to Goodreads that a caller waits for: what its search box proposes, and what the first page of a collection says. */
import { createHash } from 'node:crypto';
import { COLLECTION_FAMILIES, collectionPath, collectionReference, type CollectionFamily } from '../../domain/collection.ts';
import { parseIsbn } from '../../domain/identity.ts';
import { storableText } from '../../domain/storable-text.ts';

export type Question =
  /** What `/book/auto_complete` answers to a title, an author, an ISBN or an ASIN. */
  { kind: 'find'; q: string } | { kind: 'first-page'; family: CollectionFamily; id: string };

/** What is asked for `Accept`: suggestions are JSON. */
export const ACCEPT_SUGGESTIONS = 'application/json,*/*;q=0.5';

/** The question that a text asks. Spaces around and between the words do not matter, and an ISBN is always asked for by its 13 digits. */
export function findQuestion(text: string): Question & { kind: 'find' } {
  const plain = storableText(text).normalize('NFC').trim().replaceAll(/\s+/g, ' ');
  return { kind: 'find', q: parseIsbn(plain) ?? plain };
}

export function firstPageQuestion(family: CollectionFamily, id: string): Question & { kind: 'first-page' } {
  return { kind: 'first-page', family, id };
}

/** The name of a question. Equal questions have the same one, in every process; upper and lower case are equal. */
export function idOfQuestion(question: Question): string {
  if (question.kind === 'first-page') return `first-page-${question.family}-${encodeURIComponent(question.id)}`;
  return `find-${createHash('sha256').update(question.q.toLowerCase()).digest('hex').slice(0, 32)}`;
}

/** The path that the crawler requests. No user text is in it unencoded. */
export function pathOfQuestion(question: Question): string {
  if (question.kind === 'first-page') return collectionPath(question, 1);
  return `/book/auto_complete?format=json&q=${encodeURIComponent(question.q)}`;
}

/** Reads a question that was kept as JSON, `null` when it is none. An id is checked again before a path is built of it. */
export function readQuestion(value: unknown): Question | null {
  if (typeof value !== 'object' || value === null) return null;
  const { kind, q, family, id } = value as Record<string, unknown>;
  if (kind === 'find' && typeof q === 'string' && q !== '') return findQuestion(q);
  if (kind !== 'first-page' || typeof family !== 'string' || typeof id !== 'string') return null;
  const known = COLLECTION_FAMILIES.find((one) => one === family);
  const reference = known === undefined ? null : collectionReference(known, id);
  return reference === null ? null : firstPageQuestion(reference.family, reference.id);
}
