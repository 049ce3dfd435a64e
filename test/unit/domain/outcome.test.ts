import { describe, expect, it } from 'vitest';
import { FAILURES, judge, MAX_FREE_STARTS, MAX_LOST_WORKERS, type FailureCause, type Verdict } from '../../../src/domain/outcome.ts';

const CAUSES = Object.keys(FAILURES) as FailureCause[];
const facts = { attempt: 1, maxAttempts: 3, times: 1 };

/** What each failure means the first time it happens to a fresh job. */
const FIRST: Record<FailureCause, Verdict> = {
  blocked: { next: 'wait-for-source', costsAttempt: false },
  'source-closed': { next: 'wait-for-source', costsAttempt: false },
  overloaded: { next: 'retry', costsAttempt: true },
  'fetch-failed': { next: 'retry', costsAttempt: true },
  missing: { next: 'look-again', costsAttempt: false },
  'not-named': { next: 'settle', costsAttempt: true },
  'not-recognised': { next: 'settle', costsAttempt: true },
  disallowed: { next: 'settle', costsAttempt: true },
  'store-away': { next: 'retry', costsAttempt: false },
  'worker-lost': { next: 'requeue', costsAttempt: false },
  'worker-stopped': { next: 'requeue', costsAttempt: false },
  unforeseen: { next: 'retry', costsAttempt: true },
};

describe('what a failure means', () => {
  it.each(CAUSES)('%s, the first time', (cause) => {
    expect(judge(cause, facts)).toEqual(FIRST[cause]);
  });

  it.each(['overloaded', 'fetch-failed', 'unforeseen'] as const)('%s ends the job at its last attempt', (cause) => {
    expect(judge(cause, { ...facts, attempt: 2 }).next).toBe('retry');
    expect(judge(cause, { ...facts, attempt: 3 })).toEqual({ next: 'settle', costsAttempt: true });
  });

  it('a second "not found" ends the job', () => {
    expect(judge('missing', { ...facts, times: 2 })).toEqual({ next: 'settle', costsAttempt: false });
  });

  it('a store that is away costs attempts once the job was started more than ten times', () => {
    expect(judge('store-away', { ...facts, times: MAX_FREE_STARTS }).costsAttempt).toBe(false);
    expect(judge('store-away', { ...facts, times: MAX_FREE_STARTS + 1 })).toEqual({ next: 'retry', costsAttempt: true });
    expect(judge('store-away', { attempt: 3, maxAttempts: 3, times: MAX_FREE_STARTS + 1 })).toEqual({ next: 'settle', costsAttempt: true });
  });

  it('a job that loses its third worker is settled', () => {
    expect(judge('worker-lost', { ...facts, times: MAX_LOST_WORKERS }).next).toBe('requeue');
    expect(judge('worker-lost', { ...facts, times: MAX_LOST_WORKERS + 1 })).toEqual({ next: 'settle', costsAttempt: false });
  });

  it.each(CAUSES.filter((cause) => !FIRST[cause].costsAttempt && FIRST[cause].next !== 'look-again'))(
    '%s never settles a job by its attempts',
    (cause) => {
      expect(judge(cause, { attempt: 99, maxAttempts: 3, times: 1 })).toEqual(FIRST[cause]);
    },
  );
});
