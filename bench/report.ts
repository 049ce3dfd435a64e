/** The rows of runs as text: a table for the terminal, and one a part for docs/performance.md. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchRow } from './row.ts';

const PAGE = join(import.meta.dirname, '..', 'docs', 'performance.md');
const RESULTS = join(import.meta.dirname, 'results.json');
const [BEGIN, END] = ['<!-- figures: written by npm run bench -- --docs -->', '<!-- end of figures -->'];
const HEAD = ['what', 'store', 'ours', 'limit', 'ratio', 'target', ''];
const RIGHT = new Set([2, 3, 4]);

/** What a part measured, and where. */
export interface PartResult {
  machine: Record<string, unknown>;
  rows: BenchRow[];
}

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
    `${figure(row.ours)} ${row.unit}`.trim(),
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

/** Writes the parts into bench/results.json, in place of what is there of them; the results of other parts stay. */
export async function writeResults(results: ReadonlyMap<string, PartResult>): Promise<void> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '{}');
  const { parts = {} } = JSON.parse(text) as { parts?: Record<string, PartResult> };
  await writeFile(RESULTS, `${JSON.stringify({ parts: { ...parts, ...Object.fromEntries(results) } }, null, 2)}\n`);
}

/** A part's place on the page: its heading, what it was measured on, its rows. */
function section(name: string, { machine, rows }: PartResult): string {
  const lines = [HEAD, HEAD.map((_, at) => (RIGHT.has(at) ? '--:' : '---')), ...rows.map(cellsOf)].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const facts = Object.entries(machine).map(([fact, value]) => `${fact} ${String(value)}`);
  return `### ${name}\n\n${facts.join(', ')}\n\n${lines.join('\n')}`;
}

/**
 * The page with the parts' figures in place of those that are there; those of other parts stay as they are, each under the machine it was measured
 * on. The parts come in the given order.
 */
export function mergeFigures(page: string, results: ReadonlyMap<string, PartResult>, order: readonly string[]): string {
  const [before, rest] = page.split(BEGIN);
  const [figures, after] = rest?.split(END) ?? [];
  if (before === undefined || figures === undefined || after === undefined)
    throw new Error(`the page has no place for the figures: ${BEGIN} … ${END}`);
  const sections = new Map<string, string>();
  for (const text of figures.split(/^### /m).slice(1)) sections.set(text.slice(0, text.indexOf('\n')).trim(), `### ${text.trim()}`);
  for (const [name, result] of results) sections.set(name, section(name, result));
  const placed = order.flatMap((name) => sections.get(name) ?? []);
  return `${before}${BEGIN}\n\n${placed.join('\n\n')}\n\n${END}${after}`;
}

/** Puts the figures of these parts into docs/performance.md. */
export async function writeDocs(results: ReadonlyMap<string, PartResult>, order: readonly string[]): Promise<void> {
  await writeFile(PAGE, mergeFigures(await readFile(PAGE, 'utf8'), results, order));
}
