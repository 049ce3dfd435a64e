/**
 * Waiters that one step of a settlement takes at most, on every store: some 40 ms of work, during which Redis serves nobody else, and which is far from
 * the deadline of a statement.
 */
export const MOST_WAITERS_A_STEP = 1_000;
