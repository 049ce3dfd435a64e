/** Compares what the parser says with what is true. */
export type Outcome = 'right' | 'wrong' | 'missing' | 'invented';
export type Tally = Record<Outcome, number>;

export interface Difference {
  file: string;
  field: string;
  outcome: Outcome;
  expected: string;
  got: string;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}

/** `missing`: there is a value, and the parser has none. `invented`: there is none, and the parser has one. */
export function judge(expected: unknown, got: unknown): Outcome {
  if (isNothing(expected)) return isNothing(got) ? 'right' : 'invented';
  if (isNothing(got)) return 'missing';
  return JSON.stringify(expected) === JSON.stringify(got) ? 'right' : 'wrong';
}
