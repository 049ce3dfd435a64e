import { describe, expect, it } from 'vitest';
import { FAILURES, judge, MAX_FREE_STARTS, MAX_LOST_WORKERS, type FailureCause, type Verdict } from '../../../src/domain/outcome.ts';

const CAUSES = Object.keys(FAILURES) as FailureCause[];
const facts = { attempt: 1, maxAttempts: 3, times: 1 };

/** What each failure means the first time it happens to a fresh job. */
const FIRST: Record<FailureCause, Omit<Verdict, 'cause'>> = {
  blocked: { next: 'wait-for-source', costsAttempt: false },
  'source-closed': { next: 'wait-for-source', costsAttempt: false },
  overloaded: { next: 'retry', costsAttempt: true },
  unreachable: { next: 'wait-for-source', costsAttempt: false },
  'fetch-failed': { next: 'retry', costsAttempt: true },
  missing: { next: 'look-again', costsAttempt: false },
  'not-named': { next: 'settle', costsAttempt: true },
  'not-recognised': { next: 'settle', costsAttempt: true },
  'cut-off': { next: 'retry', costsAttempt: true },
  disallowed: { next: 'settle', costsAttempt: true },
  'store-away': { next: 'retry', costsAttempt: false },
  'worker-lost': { next: 'requeue', costsAttempt: false },
  'worker-stopped': { next: 'requeue', costsAttempt: false },
  unforeseen: { next: 'retry', costsAttempt: true },
};

describe('what a failure means', () => {
  it.each(CAUSES)('%s, the first time', (cause) => {
    expect(judge(cause, facts)).toEqual({ cause, ...FIRST[cause] });
  });

  it.each(['overloaded', 'fetch-failed', 'cut-off', 'unforeseen'] as const)('%s ends the job at its last attempt', (cause) => {
    expect(judge(cause, { ...facts, attempt: 2 }).next).toBe('retry');
    expect(judge(cause, { ...facts, attempt: 3 })).toEqual({ cause, next: 'settle', costsAttempt: true });
  });

  it('a second "not found" ends the job', () => {
    expect(judge('missing', { ...facts, times: 2 })).toEqual({ cause: 'missing', next: 'settle', costsAttempt: false });
  });

  it.each([
    ['a store that is away', 'store-away', 'unforeseen'],
    ['a connection that does not come about while others do', 'unreachable', 'fetch-failed'],
  ] as const)('%s costs attempts once the job was started more than ten times', (_what, given, cause) => {
    expect(judge(given, { ...facts, times: MAX_FREE_STARTS })).toMatchObject({ cause: given, costsAttempt: false });
    const more = { ...facts, times: MAX_FREE_STARTS + 1 };
    expect(judge(given, more)).toEqual({ cause, next: 'retry', costsAttempt: true });
    expect(judge(given, { ...more, attempt: 3 })).toEqual({ cause, next: 'settle', costsAttempt: true });
  });

  it('a job that loses its third worker is settled', () => {
    expect(judge('worker-lost', { ...facts, times: MAX_LOST_WORKERS }).next).toBe('requeue');
    expect(judge('worker-lost', { ...facts, times: MAX_LOST_WORKERS + 1 })).toEqual({
      cause: 'worker-lost',
      next: 'settle',
      costsAttempt: false,
    });
  });

  it.each(CAUSES.filter((cause) => !FIRST[cause].costsAttempt && FIRST[cause].next !== 'look-again'))(
    '%s never settles a job by its attempts',
    (cause) => {
      expect(judge(cause, { attempt: 99, maxAttempts: 3, times: 1 })).toEqual({ cause, ...FIRST[cause] });
    },
  );
});
