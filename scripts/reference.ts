/** The tables of the reference docs, made from the code. `npm run openapi` writes them too; a test compares. */
import { SETTINGS } from '../src/config/config.ts';
import { ERRORS } from '../src/errors.ts';
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

/** Every error: code, status, what a job does that meets it, title, what to do. */
function errorsTable(): string {
  const rows = (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).map((code) => {
    const { status, retry, title } = ERRORS[code];
    return [`\`${code}\``, String(status), retry, `${cell(title)}. ${cell(ADVICE[code])}`];
  });
  return table(['Code', 'Status', 'Retry', 'Meaning, and what to do'], rows);
}

/** Puts the table `text` in the place of the table in `document`: from the first line that starts with a bar to the last that follows it. */
export function withTable(document: string, text: string): string {
  const lines = document.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  if (first < 0) return `${document.trimEnd()}\n\n${text}\n`;
  const after = lines.findIndex((line, at) => at > first && !line.startsWith('|'));
  return [...lines.slice(0, first), text, ...lines.slice(after < 0 ? lines.length : after)].join('\n');
}

/** The documents that hold such a table. */
export const REFERENCES = [
  { file: 'docs/configuration.md', table: settingsTable },
  { file: 'docs/errors.md', table: errorsTable },
] as const;
