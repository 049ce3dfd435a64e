/** The tables of the reference docs, made from the code. `npm run openapi` writes them too; a test compares. */
import { FAILURES, judge, type FailureCause, type FailureRule, type NextStep } from '../src/domain/outcome.ts';
import { SETTINGS } from '../src/config/config.ts';
import { ERRORS } from '../src/errors.ts';
import { FAMILIES } from '../src/metrics/families.ts';
import type { FamilyRow } from '../src/metrics/registry.ts';
import { ADVICE } from '../src/http/answers/error-advice.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** A Markdown table, padded the way the formatter pads it. */
function table(head: string[], rows: string[][]): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[], filler = ' '): string =>
    `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`;
  const rule = line(
    head.map(() => ''),
    '-',
  );
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n');
}

/** Every setting: name, default, meaning. */
function settingsTable(): string {
  const rows = Object.values(SETTINGS).map(({ env, fallback, meaning }) => [
    `\`${env}\``,
    fallback === '' ? 'not set' : `\`${fallback}\``,
    cell(meaning),
  ]);
  return table(['Setting', 'Default', 'Meaning'], rows);
}

/** Every error: code, status, title, what to do. */
function errorsTable(): string {
  const rows = (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).map((code) => {
    const { status, title } = ERRORS[code];
    return [`\`${code}\``, String(status), `${cell(title)}. ${cell(ADVICE[code])}`];
  });
  return table(['Code', 'Status', 'Meaning, and what to do'], rows);
}

/** Every metric of one scope: name, type, labels, meaning. */
const metricsTable =
  (of: FamilyRow['of'], title: string): (() => string) =>
  () => {
    const rows = Object.values<FamilyRow>(FAMILIES)
      .filter((row) => row.of === of)
      .map(({ name, type, labels, help }) => [
        `\`${name}\``,
        type,
        labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(', '),
        cell(help),
      ]);
    return table([title, 'Type', 'Labels', 'Meaning'], rows);
  };

const NEXT: Record<NextStep, string> = {
  retry: 'runs again after a backoff',
  'wait-for-source': 'waits until the source opens',
  'look-again': 'runs once more after `NOT_FOUND_RECHECK`',
  requeue: 'goes back to the queue at once',
  settle: 'ends',
};

/** Whether a failure can end a job: by the table's own rule, with all attempts used and after any number of times. */
const endsJob = (cause: FailureCause): boolean => judge(cause, { attempt: Infinity, maxAttempts: 1, times: Infinity }).next === 'settle';

/** Whether a failure uses an attempt, and how often it may happen before another rule applies. */
function attemptOf({ costsAttempt, free }: FailureRule): string {
  if (!free) return costsAttempt ? 'yes' : 'no';
  const beyond = free.beyond === 'settle' ? 'the job ends' : `as \`${free.beyond}\``;
  return `no, ${free.most} times; then ${beyond}`;
}

/** Every failure of a job: what happens, what it costs, what follows. */
function failuresTable(): string {
  const rows = Object.entries<FailureRule>(FAILURES).map(([cause, rule]) => {
    const ends = endsJob(cause as FailureCause);
    return [
      `\`${cause}\``,
      cell(rule.when),
      attemptOf(rule),
      NEXT[rule.next],
      rule.source,
      ends ? rule.outcome : 'never',
      `\`${rule.code}\``,
    ];
  });
  return table(['Failure', 'What happens', 'Uses an attempt', 'The job', 'The source', 'Ends as', 'Code'], rows);
}

/** The name of a table's first column. */
const nameOf = (row: string): string => row.split('|')[1]?.trim() ?? '';

/** Puts the table `text` in the place of the table in `document` whose first column has the same name; at the end when there is none. */
function withTable(document: string, text: string): string {
  const lines = document.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|') && nameOf(line) === nameOf(text));
  if (first < 0) return `${document.trimEnd()}\n\n${text}\n`;
  const after = lines.findIndex((line, at) => at > first && !line.startsWith('|'));
  return [...lines.slice(0, first), text, ...lines.slice(after < 0 ? lines.length : after)].join('\n');
}

/** The documents that hold such a table, with all their tables. */
export const REFERENCES = [
  { file: 'docs/configuration.md', tables: [settingsTable] },
  { file: 'docs/metrics.md', tables: [metricsTable('process', 'Metric of a process'), metricsTable('fleet', 'Metric of the fleet')] },
  { file: 'docs/errors.md', tables: [failuresTable, errorsTable] },
] as const;

/** A document with its tables as the code makes them. */
export const withTables = (document: string, tables: readonly (() => string)[]): string =>
  tables.reduce((text, make) => withTable(text, make()), document);
