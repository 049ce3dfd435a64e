/**
 * An entry that was refused where it was read, such as a row of a file: what is shown of it, and why it names nothing. Nothing else of it is
 * kept. JSON cannot make one, because its mark is a symbol.
 */
const REASON = Symbol('why an entry was refused');

export interface RefusedEntry {
  readonly [REASON]: string;
  /** What is shown as the item's `input`. */
  readonly input: string;
}

export const refusedEntry = (input: string, reason: string): RefusedEntry => ({ [REASON]: reason, input });

export const isRefused = (entry: unknown): entry is RefusedEntry => typeof entry === 'object' && entry !== null && REASON in entry;

export const reasonOfRefusal = (entry: RefusedEntry): string => entry[REASON];
