/** What a batch looks for: the first books that satisfy a condition end it. */

/** A condition on one field of a book. One comparison is given. */
export interface UntilCondition {
  /** The name of a field of the Book. */
  field: string;
  equals?: string | number | boolean | null;
  contains?: string;
  gte?: number | string;
  lte?: number | string;
  /** A regular expression. */
  matches?: string;
  /** How many books are enough, from 1. */
  count: number;
}
