/** The tables of the reference docs, made from the code. `npm run openapi` writes them too; a test compares. */
import { SETTINGS } from '../src/config.ts';
import { ERRORS } from '../src/errors.ts';
import { ADVICE } from '../src/http/error-advice.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Every setting: name, default, meaning. */
export function settingsTable(): string {
  const rows = Object.values(SETTINGS).map(
    ({ env, fallback, meaning }) => `| \`${env}\` | ${fallback === '' ? 'not set' : `\`${fallback}\``} | ${cell(meaning)} |`,
  );
  return ['| Setting | Default | Meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Every error: code, status, what a job does that meets it, title, what to do. */
export function errorsTable(): string {
  const rows = (Object.keys(ERRORS) as (keyof typeof ERRORS)[]).map((code) => {
    const { status, retry, title } = ERRORS[code];
    return `| \`${code}\` | ${status} | ${retry} | ${cell(title)}. ${cell(ADVICE[code])} |`;
  });
  return ['| Code | Status | Retry | Meaning, and what to do |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** Puts `table` in the place of the table in `document`: from the first line that starts with a bar to the last that follows it. */
export function withTable(document: string, table: string): string {
  const lines = document.split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  if (first < 0) return `${document.trimEnd()}\n\n${table}\n`;
  const after = lines.findIndex((line, at) => at > first && !line.startsWith('|'));
  return [...lines.slice(0, first), table, ...lines.slice(after < 0 ? lines.length : after)].join('\n');
}

/** The documents that hold such a table. */
export const REFERENCES = [
  { file: 'docs/configuration.md', table: settingsTable },
  { file: 'docs/errors.md', table: errorsTable },
] as const;
