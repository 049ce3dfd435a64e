/**
 * Waiters that one step of a settlement takes at most, on every store. That is some 40 ms of work. Redis serves nobody else meanwhile, and
 * the deadline of a statement is far away.
 */
export const MOST_WAITERS_A_STEP = 1_000;
