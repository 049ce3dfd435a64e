/** The rows of a run as text: a table for the terminal, and one for docs/performance.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchRow } from './row.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'performance.md');
const [BEGIN, END] = ['<!-- figures: written by npm run bench -- --docs -->', '<!-- end of figures -->'];
const HEAD = ['what', 'store', 'ours', 'limit', 'ratio', 'target', ''];
const RIGHT = new Set([2, 3, 4]);

const figure = (value: number): string =>
  Number.isNaN(value) ? '-' : value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);

/** Whether a row is as good as it should be; `null` where no target is set. */
function meets({ ratio, target }: BenchRow): boolean | null {
  const [, sign, bound] = /^([≥≤]) ([\d.]+)$/.exec(target) ?? [];
  if (bound === undefined) return null;
  return sign === '≥' ? ratio >= Number(bound) : ratio <= Number(bound);
}

function cellsOf(row: BenchRow): string[] {
  const good = meets(row);
  return [
    row.name,
    row.store ?? '',
    `${figure(row.ours)} ${row.unit}`,
    figure(row.limit),
    figure(row.ratio),
    row.target,
    good === null ? '' : good ? 'ok' : 'MISSED',
  ];
}

/** A table with aligned columns. */
export function textTable(rows: BenchRow[]): string {
  const table = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    cells.map((cell, at) => (RIGHT.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ');
  return table.map((cells) => line(cells).trimEnd()).join('\n');
}

/** Puts the rows and the machine they were measured on into docs/performance.md, in place of those that are there. */
export async function writeDocs(machine: Record<string, unknown>, rows: BenchRow[]): Promise<void> {
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the figures: ${BEGIN} … ${END}`);
  const lines = [HEAD, HEAD.map((_, at) => (RIGHT.has(at) ? '--:' : '---')), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${String(value)}`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${facts.join(', ')}\n\n${lines.join('\n')}\n\n${END}${after}`);
}
