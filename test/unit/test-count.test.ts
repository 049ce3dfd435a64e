import { describe, expect, it } from 'vitest';
import { countTests, failureLines, slowestLines } from '../../scripts/test-count.ts';

const file = (status: string, ...tests: string[]) => ({
  name: 'a.test.ts',
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

describe('the closing line of npm test', () => {
  it('counts what passed, failed and did not run', () => {
    const report = { testResults: [file('passed', 'passed', 'passed', 'pending', 'todo'), file('failed', 'passed', 'failed')] };
    expect(countTests(report, 1)).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it('counts a file that failed as a whole as one failure', () => {
    expect(countTests({ testResults: [file('passed', 'passed'), file('failed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(countTests({ testResults: [file('failed', 'skipped', 'skipped')] }, 1)).toEqual({ passed: 0, failed: 1, skipped: 2 });
  });

  it('never calls a bad run good: unhandled errors, a crash, no test at all', () => {
    expect(countTests({ testResults: [file('passed', 'passed')] }, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
    expect(countTests(undefined, 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(countTests({ testResults: [] }, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it('is all good when vitest says so', () => {
    expect(countTests({ testResults: [file('passed', 'passed', 'passed')] }, 0)).toEqual({ passed: 2, failed: 0, skipped: 0 });
  });
});

describe('the lines that name what failed', () => {
  it('have the file, the test and the first line of the reason', () => {
    const failed = { status: 'failed', fullName: 'a thing works', failureMessages: ['AssertionError: 1 is not 2\n    at x'] };
    const report = {
      testResults: [
        { name: '/here/test/a.test.ts', status: 'failed', assertionResults: [{ status: 'passed' }, failed] },
        { name: '/here/test/b.test.ts', status: 'failed', message: 'no such module\nat y', assertionResults: [{ status: 'skipped' }] },
        file('passed', 'passed', 'pending'),
      ],
    };
    expect(failureLines(report, '/here/')).toEqual([
      'failed: test/a.test.ts > a thing works: AssertionError: 1 is not 2',
      'failed: test/b.test.ts: no such module',
    ]);
    expect(failureLines(undefined, '/here/')).toEqual([]);
  });
});

describe('the lines that name what was slow', () => {
  it('have the seconds, the file and the test, the slowest first', () => {
    const timed = (fullName: string, duration?: number) => ({
      status: 'passed',
      fullName,
      ...(duration === undefined ? {} : { duration }),
    });
    const report = {
      testResults: [
        { name: '/here/test/a.test.ts', status: 'passed', assertionResults: [timed('quick', 20), timed('slow', 12_340), timed('untimed')] },
        { name: '/here/test/b.test.ts', status: 'passed', assertionResults: [timed('slower', 98_760)] },
      ],
    };
    expect(slowestLines(report, '/here/', 3)).toEqual([
      '   98.8 s  test/b.test.ts > slower',
      '   12.3 s  test/a.test.ts > slow',
      '    0.0 s  test/a.test.ts > quick',
    ]);
    expect(slowestLines(undefined, '/here/', 3)).toEqual([]);
  });
});
