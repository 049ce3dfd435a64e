/** A client of Quire: every operation of openapi.yaml with its types, and batches as streams. */
export { createQuire, QuireError, type Quire, type QuireOptions, type SubmitOptions, type SettledItem } from './client.ts';
export { isFromQuire } from './webhook.ts';
export type { Batch, Book, Item, Problem } from './types.ts';
export type { paths } from './schema.ts';
