/** The part of vitest's JSON report that the closing line is counted from. */
export interface VitestReport {
  testResults: {
    /** The file. */
    name: string;
    status: string;
    /** Why the file failed as a whole. */
    message?: string;
    assertionResults: { status: string; fullName?: string; duration?: number | null; failureMessages?: string[] | null }[];
  }[];
}

/** How many tests passed, failed, and did not run. */
export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Counts the tests of a run. A file that failed as a whole, by an import or a hook, counts as one failed test although
 * none of its tests is marked so; and a run that ended badly without any failed test (an unhandled error, no test found,
 * a crash of vitest itself) counts as one failure too, so that the line can never call a bad run good.
 */
export function countTests(report: VitestReport | undefined, exitCode: number): TestCount {
  const count: TestCount = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report?.testResults ?? []) {
    const before = count.failed;
    for (const { status } of file.assertionResults) {
      if (status === 'passed') count.passed += 1;
      else if (status === 'failed') count.failed += 1;
      else count.skipped += 1;
    }
    if (file.status === 'failed' && count.failed === before) count.failed += 1;
  }
  if (count.failed === 0 && (exitCode !== 0 || count.passed === 0)) count.failed = 1;
  return count;
}

const firstLine = (text: string | undefined): string => (text ?? '').split('\n')[0]?.trim() || 'no message';

const shortName = (name: string, root: string): string => (name.startsWith(root) ? name.slice(root.length) : name);

/** One line for each test that failed, with its file and the first line of the reason: a long run is read from its end. */
export function failureLines(report: VitestReport | undefined, root: string): string[] {
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const file = shortName(name, root);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`failed: ${file}: ${firstLine(message)}`] : [];
    return failed.map(({ fullName, failureMessages }) => `failed: ${file} > ${fullName ?? '?'}: ${firstLine(failureMessages?.[0])}`);
  });
}

/** The tests that took longest, one line each: seconds, file, title. */
export function slowestLines(report: VitestReport | undefined, root: string, most: number): string[] {
  const tests = (report?.testResults ?? []).flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName = '?', duration }) => ({ file: shortName(name, root), fullName, seconds: (duration ?? 0) / 1_000 })),
  );
  const slowest = tests.toSorted((a, b) => b.seconds - a.seconds).slice(0, most);
  return slowest.map(({ file, fullName, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file} > ${fullName}`);
}
