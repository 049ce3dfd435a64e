/** Progress on the error output: one changing line in a terminal, a line now and then in a log. */
import type { MigrationProgress } from '../migrate/migrate.ts';

const WIDTH = 30;
/** How often the line changes in a terminal, in milliseconds. */
const REDRAW_MS = 80;
const LINE_EVERY_MS = 10_000;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const WORDS = { copy: 'copying', enqueue: 'enqueuing', check: 'checking' } as const;
const number = (n: number): string => n.toLocaleString('en');

export interface ProgressBar {
  show(progress: MigrationProgress): void;
  /** Makes room for other output. */
  clear(): void;
}

export function createProgressBar(output: ProgressOutput, now: () => number = Date.now): ProgressBar {
  let step = '';
  let shownAtMs = 0;

  const line = ({ step: word, subject, done, total }: MigrationProgress): string => {
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const filled = Math.round(share * WIDTH);
    const text = `${WORDS[word]} ${subject}: ${number(done)} of ${number(Math.max(done, total))}`;
    return output.isTTY
      ? `\r\x1b[K[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %  ${text}`
      : `${text}\n`;
  };

  return {
    show(progress) {
      const begins = step !== `${progress.step} ${progress.subject}`;
      const ends = progress.done >= progress.total;
      if (!begins && !(ends && output.isTTY) && now() - shownAtMs < (output.isTTY ? REDRAW_MS : LINE_EVERY_MS)) return;
      step = `${progress.step} ${progress.subject}`;
      shownAtMs = now();
      output.write(line(progress));
    },
    clear() {
      if (output.isTTY) output.write('\r\x1b[K');
    },
  };
}
