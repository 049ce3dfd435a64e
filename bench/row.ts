/** One line of a benchmark's table: ours against what it is measured by, and what it is meant to reach. */
export interface BenchRow {
  name: string;
  /** The store it ran on; `null` where none takes part. */
  store: string | null;
  /** Our own figure, in `unit`. */
  ours: number;
  /** The figure it is compared with, in `unit`. */
  limit: number;
  /** How many times better ours is than `limit` (or which part of it is used, where the target says so). */
  ratio: number;
  unit: string;
  /** What the ratio should be, in words: "≥ 20". */
  target: string;
}

/** A row that is only reported: nothing to compare with, and no target. On Redis. */
export const plain = (name: string, ours: number, unit: string): BenchRow => ({
  name,
  store: 'redis',
  ours,
  limit: Number.NaN,
  ratio: Number.NaN,
  unit,
  target: '',
});
