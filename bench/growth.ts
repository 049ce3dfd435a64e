/** The same work on an empty store and on full ones: what becomes slower as books and waiting jobs gather. */
import { readFile } from 'node:fs/promises';
import { fillBooks, fillJobs, type Template } from './fill.ts';
import { measureFill, type FillFigures } from './growth-round.ts';
import { crawlOne, FIRST_ID, type Rig } from './rig.ts';
import type { BenchRow } from './row.ts';
import { inRounds, median, quantile } from './statistics.ts';
import { openPlace, type Place, type StoreKind } from './stores.ts';

const FIRST_STORED = 6_000_000_000;
const FIRST_JOB = 7_000_000_000;
/** What the book of the rig's pages takes in Redis, with room for what is measured on it. */
const BYTES_A_BOOK = 4_000;
const BYTES_A_JOB = 1_000;

interface Fill {
  books: number;
  jobs: number;
}

interface Plan {
  /** The first is what all others are measured by, the second what reads of many books are. */
  fills: [Fill, Fill, ...Fill[]];
  rounds: number;
}

/** More books than a process holds in memory when they are read in turn: see storage/read-cache.ts. */
const MANY_TO_READ = 10_000;

function planOf(rig: Rig, kind: StoreKind): Plan {
  const start: [Fill, Fill] = [
    { books: 1_000, jobs: 0 },
    { books: MANY_TO_READ, jobs: 0 },
  ];
  if (rig.quick) return { fills: [...start, { books: 20_000, jobs: 0 }, { books: 1_000, jobs: 10_000 }], rounds: 2 };
  const common = [...start, { books: 100_000, jobs: 0 }, { books: 1_000, jobs: 200_000 }] as Plan['fills'];
  const most = [
    { books: 1_000_000, jobs: 0 },
    { books: 1_000_000, jobs: 200_000 },
  ];
  return { fills: kind === 'redis' ? [...common, ...most] : common, rounds: kind === 'redis' ? 5 : 3 };
}

const nameOf = ({ books, jobs }: Fill): string =>
  `${books.toLocaleString('en')} books${jobs > 0 ? `, ${jobs.toLocaleString('en')} jobs` : ''}`;

/** Bytes that programs may still take on this machine. */
async function availableBytes(): Promise<number> {
  const memory = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  return Number(/^MemAvailable:\s+(\d+) kB/m.exec(memory)?.[1] ?? Number.NaN) * 1024;
}

/** The fills that the memory of this machine holds all at once; tells of those that are left out. */
async function fitting(fills: Fill[]): Promise<Fill[]> {
  let left = (await availableBytes()) * 0.8;
  return fills.filter((fill) => {
    const bytes = fill.books * BYTES_A_BOOK + fill.jobs * BYTES_A_JOB;
    const fits = !(bytes > left);
    if (fits) left -= bytes;
    else process.stderr.write(`growth: no memory for ${nameOf(fill)}\n`);
    return fits;
  });
}

/** The JSON of a real book. */
async function templateBook(rig: Rig): Promise<Template> {
  await rig.redis.flushall();
  await crawlOne(rig);
  const api = await rig.quire('api');
  const json = await (await fetch(`${api.address}/book-info?id=${FIRST_ID}`)).text();
  await api.stop();
  await rig.redis.flushall();
  return { json, number: String(FIRST_ID) };
}

interface Metric {
  name: string;
  unit: string;
  /** Of all rounds of one fill. */
  of: (rounds: FillFigures[]) => number;
  target: '≥ 0.77' | '≤ 1.3';
  /** It reads many books in turn, so that a store whose books all fit into the process's memory is no measure. */
  readsMany?: true;
}

const medianOf =
  (field: Exclude<keyof FillFigures, 'submitMs'>) =>
  (rounds: FillFigures[]): number =>
    median(rounds.map((one) => one[field]));

const METRICS: Metric[] = [
  { name: 'POST /parse-links, 1000 new links', unit: 'links/s', of: medianOf('linksPerSecond'), target: '≥ 0.77' },
  // A round has too few requests for a p99 of its own.
  {
    name: 'POST /parse-links, p99 over all rounds',
    unit: 'ms',
    of: (rounds) =>
      quantile(
        rounds.flatMap((one) => one.submitMs),
        0.99,
      ),
    target: '≤ 1.3',
  },
  { name: 'GET /book-info, 64 connections', unit: 'reads/s', of: medianOf('readsPerSecond'), target: '≥ 0.77', readsMany: true },
  { name: 'GET /book-info, p99', unit: 'ms', of: medianOf('readP99Ms'), target: '≤ 1.3', readsMany: true },
  { name: 'crawl, one worker', unit: 'books/s', of: medianOf('crawledPerSecond'), target: '≥ 0.77' },
  { name: 'GET /books, p50', unit: 'ms', of: medianOf('listMs'), target: '≤ 1.3' },
  { name: 'GET /books from 90 % on, p50', unit: 'ms', of: medianOf('deepListMs'), target: '≤ 1.3' },
  { name: 'GET /stats, p50', unit: 'ms', of: medianOf('statsMs'), target: '≤ 1.3' },
  { name: 'GET /metrics, p50', unit: 'ms', of: medianOf('metricsMs'), target: '≤ 1.3' },
];

function rowsOf(kind: StoreKind, fills: Fill[], figures: Record<string, FillFigures[]>): BenchRow[] {
  const [base, readBase, ...others] = fills as Plan['fills'];
  return METRICS.flatMap((metric) =>
    others.map((fill) => {
      const than = metric.readsMany && fill.books > MANY_TO_READ ? readBase : base;
      const ours = metric.of(figures[nameOf(fill)] ?? []);
      const limit = metric.of(figures[nameOf(than)] ?? []);
      const name = `${metric.name}: ${nameOf(fill)} (limit: ${nameOf(than)})`;
      return { name, store: kind, ours, limit, ratio: ours / limit, unit: metric.unit, target: metric.target };
    }),
  );
}

/** Fills a store for each level, all at once, and measures them in turn. */
export async function benchGrowth(rig: Rig, kind: StoreKind): Promise<BenchRow[]> {
  const { fills, rounds } = planOf(rig, kind);
  const template = await templateBook(rig);
  const chosen = await fitting(fills);
  const places: Place[] = [];
  try {
    const measures: Record<string, () => Promise<FillFigures>> = {};
    for (const fill of chosen) {
      const startedMs = performance.now();
      const place = await openPlace(rig, kind);
      places.push(place);
      await place.withStore((store) => fillBooks(store, template, FIRST_STORED, fill.books));
      if (fill.jobs > 0) await place.withApi((address) => fillJobs(address, FIRST_JOB, fill.jobs));
      await place.settle();
      measures[nameOf(fill)] = () => measureFill({ rig, place, stored: { first: FIRST_STORED, count: fill.books } });
      process.stderr.write(`growth, ${kind}: filled with ${nameOf(fill)} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
    }
    // The first time warms the processes up.
    for (const measure of Object.values(measures)) await measure();
    return rowsOf(kind, chosen, await inRounds(rounds, measures));
  } finally {
    for (const place of places) await place.stop();
  }
}
