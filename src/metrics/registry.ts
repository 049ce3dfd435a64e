/**
 * The instruments of one process and their two text forms, Prometheus' own and OpenMetrics. It is written here because prom-client serves
 * one form only, knows no units, and hashes an object of labels for each observation. An instrument here is a number in an object.
 */

/** The two forms. Prometheus asks for OpenMetrics, and takes exemplars from it alone. */
export type MetricsFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES: Record<MetricsFormat, string> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'info';

/** One metric, as a row of the table in `families.ts`. */
export interface FamilyRow<L extends readonly string[] = readonly string[]> {
  type: FamilyType;
  /** As Prometheus stores it; that of a counter ends in `_total`. */
  name: string;
  /** A sentence. */
  help: string;
  labels: L;
  /** Upper bounds of a histogram, in ascending order. */
  buckets?: readonly number[];
  /** Label values that are there from the start, so that the first count is an increase from 0. */
  zero?: readonly (readonly string[])[];
  /** `fleet`: every process that shows it shows the value of all processes, so queries take its `max`. */
  of: 'process' | 'fleet';
}

/** An example of what was counted: a trace, and the value that it gave. */
interface Exemplar {
  trace: string;
  value: number;
  atMs: number;
}

/** One series. What does not fit its type is not called: see {@link Instrument}. */
class Series {
  readonly labels: string;
  value = 0;
  counts: Float64Array | null = null;
  count = 0;
  exemplars: (Exemplar | null)[] = [];
  readonly #buckets: readonly number[];
  readonly #trace: () => string | null;

  constructor(labels: string, buckets: readonly number[], trace: () => string | null) {
    this.labels = labels;
    this.#buckets = buckets;
    this.#trace = trace;
    if (buckets.length > 0) this.counts = new Float64Array(buckets.length + 1);
  }

  add(n = 1): void {
    this.value += n;
    this.#note(0, n, this.#trace());
  }

  set(value: number): void {
    this.value = value;
  }

  observe(value: number, trace: string | null = this.#trace()): void {
    const buckets = this.#buckets;
    let at = 0;
    while (at < buckets.length && value > (buckets[at] ?? 0)) at += 1;
    if (this.counts) this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.value += value;
    this.count += 1;
    this.#note(at, value, trace);
  }

  #note(at: number, value: number, trace: string | null): void {
    if (trace !== null) this.exemplars[at] = { trace, value, atMs: Date.now() };
  }
}

/** What each type can do. `add` counts on; `set` replaces; `observe` takes one value. */
export interface Instrument {
  counter: { add(n?: number): void };
  gauge: { set(value: number): void };
  /** `trace` is the id of the trace that gave the value; default: the active one. */
  histogram: { observe(value: number, trace?: string | null): void };
  info: { set(value: number): void };
}

type Values<L extends readonly string[]> = { [K in keyof L]: string };

/** A metric: `of` returns the series of these label values, which a busy caller keeps. `clear` forgets all of them. */
export interface Family<T extends FamilyType, L extends readonly string[]> {
  of(...values: Values<L>): Instrument[T];
  clear(): void;
}

export type Families<Rows extends Record<string, FamilyRow>> = {
  [K in keyof Rows]: Family<Rows[K]['type'], Rows[K]['labels']>;
};

export interface Registry<Rows extends Record<string, FamilyRow>> {
  meters: Families<Rows>;
  /** All series that there are. */
  expose(format: MetricsFormat): string;
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };
const escaped = (text: string): string => text.replace(/[\\\n"]/g, (one) => ESCAPES[one] ?? one);

/** A number of a bucket in the form that OpenMetrics asks for: `1.0`, `0.25`, `+Inf`. */
const bound = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));
const shown = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';

/** The unit in a name, which OpenMetrics names beside it; `null` without one. */
export const unitOf = (name: string): string | null => /_(seconds|bytes|ratio)(?:_total)?$/.exec(name)?.[1] ?? null;

/** Makes the instruments of a table. `trace` returns the id of the trace that is active now, or `null`. */
export function createRegistry<Rows extends Record<string, FamilyRow>>(rows: Rows, trace: () => string | null): Registry<Rows> {
  const all: { row: FamilyRow; series: Map<string, Series> }[] = [];
  const meters: Record<string, Family<FamilyType, readonly string[]>> = {};
  for (const [name, row] of Object.entries(rows)) {
    const series = new Map<string, Series>();
    const of = (...values: string[]): Series => {
      const key = values.length === 1 ? (values[0] ?? '') : values.join('\n');
      let one = series.get(key);
      if (!one) {
        const pairs = row.labels.map((label, at) => `${label}="${escaped(values[at] ?? '')}"`);
        series.set(key, (one = new Series(pairs.join(','), row.buckets ?? [], row.type === 'gauge' ? () => null : trace)));
      }
      return one;
    };
    if (row.labels.length === 0 && row.type !== 'gauge') of();
    for (const values of row.zero ?? []) of(...values);
    all.push({ row, series });
    meters[name] = { of, clear: () => series.clear() };
  }
  return {
    meters: meters as Families<Rows>,
    expose(format) {
      const lines = all.flatMap(({ row, series }) => (series.size === 0 ? [] : linesOf(row, series.values(), format)));
      if (format === 'openmetrics') lines.push('# EOF');
      return `${lines.join('\n')}\n`;
    },
  };
}

/** The name before the last part that its type adds, as OpenMetrics calls the whole metric. */
function familyName({ name, type }: FamilyRow): string {
  if (type === 'counter') return name.replace(/_total$/, '');
  return type === 'info' ? name.replace(/_info$/, '') : name;
}

function linesOf(row: FamilyRow, series: Iterable<Series>, format: MetricsFormat): string[] {
  const open = format === 'openmetrics';
  const name = open ? familyName(row) : row.name;
  const unit = unitOf(row.name);
  const lines = [`# TYPE ${name} ${row.type === 'info' && !open ? 'gauge' : row.type}`];
  if (open && unit !== null) lines.push(`# UNIT ${name} ${unit}`);
  lines.push(`# HELP ${name} ${open ? escaped(row.help) : row.help.replace(/[\\\n]/g, (one) => ESCAPES[one] ?? one)}`);
  for (const one of series) {
    if (one.counts === null) lines.push(sample(row.name, one.labels, one.value, open ? one.exemplars[0] : null));
    else pushHistogram(lines, row, one, open);
  }
  return lines;
}

function pushHistogram(lines: string[], { name, buckets = [] }: FamilyRow, one: Series, open: boolean): void {
  let sum = 0;
  one.counts?.forEach((n, at) => {
    sum += n;
    const le = `le="${at < buckets.length ? bound(buckets[at] ?? 0) : '+Inf'}"`;
    lines.push(sample(`${name}_bucket`, one.labels === '' ? le : `${one.labels},${le}`, sum, open ? one.exemplars[at] : null));
  });
  lines.push(sample(`${name}_sum`, one.labels, one.value), sample(`${name}_count`, one.labels, one.count));
}

function sample(name: string, labels: string, value: number, exemplar: Exemplar | null = null): string {
  const line = `${name}${labels === '' ? '' : `{${labels}}`} ${shown(value)}`;
  if (exemplar === null) return line;
  return `${line} # {trace_id="${escaped(exemplar.trace)}"} ${shown(exemplar.value)} ${exemplar.atMs / 1000}`;
}
