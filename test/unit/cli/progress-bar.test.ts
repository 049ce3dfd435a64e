import { describe, expect, it } from 'vitest';
import { createProgressBar } from '../../../src/cli/progress-bar.ts';

function barOn(isTTY: boolean): { written: string[]; at: { ms: number }; bar: ReturnType<typeof createProgressBar> } {
  const written: string[] = [];
  const at = { ms: 0 };
  return { written, at, bar: createProgressBar({ isTTY, write: (text) => written.push(text) }, () => at.ms) };
}

describe('the progress of a migration', () => {
  it('is one changing line in a terminal', () => {
    const { written, at, bar } = barOn(true);
    bar.show({ step: 'copy', subject: 'books', done: 250, total: 1_000 });
    bar.show({ step: 'copy', subject: 'books', done: 300, total: 1_000 });
    at.ms = 100;
    bar.show({ step: 'copy', subject: 'books', done: 500, total: 1_000 });
    bar.show({ step: 'copy', subject: 'books', done: 1_200, total: 1_000 });
    bar.clear();
    expect(written).toEqual([
      `\r\u001b[K[${'#'.repeat(8)}${'.'.repeat(22)}]  25 %  copying books: 250 of 1,000`,
      `\r\u001b[K[${'#'.repeat(15)}${'.'.repeat(15)}]  50 %  copying books: 500 of 1,000`,
      `\r\u001b[K[${'#'.repeat(30)}] 100 %  copying books: 1,200 of 1,200`,
      '\r\u001b[K',
    ]);
  });

  it('is a line for each step and every ten seconds in a log', () => {
    const { written, at, bar } = barOn(false);
    for (const seconds of [0, 4, 11, 12]) {
      at.ms = seconds * 1_000;
      bar.show({ step: 'copy', subject: 'jobs', done: seconds * 100, total: 1_200 });
    }
    bar.show({ step: 'check', subject: 'pages', done: 0, total: 0 });
    bar.clear();
    expect(written).toEqual(['copying jobs: 0 of 1,200\n', 'copying jobs: 1,100 of 1,200\n', 'checking pages: 0 of 0\n']);
  });
});
