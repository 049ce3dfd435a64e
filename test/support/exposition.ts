/** Strict readers of the two text forms of metrics. They throw at the first line that is not of the form. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
  exemplar: { labels: Record<string, string>; value: number; atSeconds: number | null } | null;
}

export interface ReadFamily {
  type: string;
  unit: string | null;
  help: string;
  samples: Sample[];
}

const NAME = '[a-zA-Z_][a-zA-Z0-9_]*';
const LABELS = `(?:${NAME}="(?:[^"\\\\\\n]|\\\\["\\\\n])*"(?:,|(?=\\})))*`;
const NUMBER = String.raw`(?:[-+]?(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?|[-+]Inf|NaN)`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABELS})\\})? (${NUMBER})(?: # \\{(${LABELS})\\} (${NUMBER})(?: (${NUMBER}))?)?$`);
const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  info: ['_info'],
};

const numberOf = (text: string): number => Number(text.replace('Inf', 'Infinity'));

function labelsOf(text = ''): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(new RegExp(`(${NAME})="((?:[^"\\\\]|\\\\.)*)"`, 'g'))) {
    if (name in labels) throw new Error(`the label ${name} is there twice in ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one));
  }
  return labels;
}

function sampleOf(line: string): Sample {
  const [, name = '', labels, value = '', exemplar, worth = '', at] = SAMPLE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  return {
    name,
    labels: labelsOf(labels),
    value: numberOf(value),
    exemplar:
      exemplar === undefined
        ? null
        : { labels: labelsOf(exemplar), value: numberOf(worth), atSeconds: at === undefined ? null : Number(at) },
  };
}

/** Buckets count up, the last is `+Inf` and equals the count, and each bound is canonical. */
function checkHistogram(name: string, { samples }: ReadFamily): void {
  const groups = new Map<string, { last: number; bound: number; infinite: number | null; count: number | null }>();
  for (const { name: sample, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(rest);
    const group = groups.get(key) ?? { last: 0, bound: -Infinity, infinite: null, count: null };
    groups.set(key, group);
    if (sample === `${name}_count`) group.count = value;
    if (sample !== `${name}_bucket`) continue;
    if (le === undefined) throw new Error(`${sample} has a bucket without le`);
    const bound = numberOf(le);
    if (Number.isInteger(bound) && !le.includes('.')) throw new Error(`${sample}: le="${le}" is not canonical`);
    if (bound <= group.bound || value < group.last) throw new Error(`${sample}: buckets are out of order at le="${le}"`);
    Object.assign(group, { last: value, bound, infinite: bound === Infinity ? value : null });
  }
  for (const [key, { infinite, count }] of groups)
    if (infinite === null || infinite !== count) throw new Error(`${name}${key}: the bucket +Inf is ${infinite}, the count ${count}`);
}

/** Reads OpenMetrics 1.0. */
export function readOpenMetrics(text: string): Map<string, ReadFamily> {
  if (!text.endsWith('\n# EOF\n') && text !== '# EOF\n') throw new Error('the text does not end with # EOF');
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let name = '';
  let family: ReadFamily | null = null;
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const meta = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`).exec(line);
    if (!meta && line.startsWith('#')) throw new Error(`not metadata: ${line}`);
    if (meta) {
      const [, what, of = '', value = ''] = meta;
      if (of !== name) {
        if (families.has(of)) throw new Error(`${of} comes twice`);
        families.set((name = of), (family = { type: 'unknown', unit: null, help: '', samples: [] }));
      }
      if (!family || family.samples.length > 0) throw new Error(`metadata after samples: ${line}`);
      if (what === 'TYPE') family.type = value;
      if (what === 'HELP') family.help = value;
      if (what === 'UNIT') {
        if (!name.endsWith(`_${value}`)) throw new Error(`${name} does not end with its unit ${value}`);
        family.unit = value;
      }
      continue;
    }
    const sample = sampleOf(line);
    const suffixes = SUFFIXES[family?.type ?? ''];
    if (!family || !suffixes) throw new Error(`a sample of no known type: ${line}`);
    if (!suffixes.some((suffix) => sample.name === name + suffix)) throw new Error(`${line} is not of the ${family.type} ${name}`);
    const series = `${sample.name}${JSON.stringify(sample.labels, Object.keys(sample.labels).toSorted())}`;
    if (seen.has(series)) throw new Error(`twice: ${line}`);
    seen.add(series);
    if (family.type !== 'gauge' && sample.value < 0) throw new Error(`below 0: ${line}`);
    if (sample.exemplar && !/(_bucket|_total)$/.test(sample.name)) throw new Error(`no exemplar may be here: ${line}`);
    if (sample.exemplar && JSON.stringify(sample.exemplar.labels).length > 128) throw new Error(`too long an exemplar: ${line}`);
    family.samples.push(sample);
  }
  for (const [of, one] of families) if (one.type === 'histogram') checkHistogram(of, one);
  return families;
}

/** Reads the text format 0.0.4 into its samples, by name. */
export function readText(text: string): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (TYPE|HELP) /.test(line)) continue;
    const sample = sampleOf(line);
    if (sample.exemplar) throw new Error(`an exemplar in the text format: ${line}`);
    samples.set(sample.name, [...(samples.get(sample.name) ?? []), sample]);
  }
  return samples;
}

/** The value of one series; `undefined` when it is not there. Labels that are not named may be anything; then values are added up. */
export function valueOf(samples: readonly Sample[], labels: Record<string, string> = {}): number | undefined {
  const found = samples.filter((one) => Object.entries(labels).every(([name, value]) => one.labels[name] === value));
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
