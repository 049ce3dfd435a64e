/**
 * Compares this build with another one, in turn, so that a change on a noisy machine is measured and not the machine.
 *
 *   npx tsx bench/pairs.ts [--store redis] [--rows submit,scan,hot,crawl] [--rounds 5] [--other dist/main.js,…] [--node='--option --option']
 *
 * `--other` names the `main.js` of one or more other builds. `--node` are options of Node for those alone. Each build has its own processes
 * and its own names in the store, and stays warm. The ratio of each round is that of two measurements side by side.
 */
import { join, resolve } from 'node:path';
import { Agent } from 'undici';
import { readArguments, refuse } from '../scripts/arguments.ts';
import { startPostgres } from '../test/support/postgres-server.ts';
import { crawlAll } from './embedded.ts';
import { measureLoad, type LoadOptions } from './load.ts';
import { cpuSeconds, peakMebibytes } from './process-figures.ts';
import { FIRST_ID, linksFrom, openRig, type Rig } from './rig.ts';
import { inRounds, median } from './statistics.ts';
import { postLinks } from './submit.ts';

const { values } = readArguments({
  options: {
    store: { type: 'string', default: 'redis' },
    rows: { type: 'string', default: 'submit,scan,hot,crawl' },
    rounds: { type: 'string', default: '5' },
    other: { type: 'string', default: 'dist/main.js' },
    node: { type: 'string', default: '' },
  },
});

/** Stored books that a scan reads in turn. */
const SCANNED = 1_000;
const CONNECTIONS = 64;
const LOAD_SECONDS = 1;
const CRAWLED = { redis: 1_000, postgres: 500, embedded: 500 };
const SUBMITTED = { redis: 12, postgres: 6, embedded: 4 };

type Kind = keyof typeof CRAWLED;

interface Figures {
  perSecond: number;
  /** CPU time of Quire and of the store's server for each, in microseconds. It says more than the rate where other programs run. */
  cpuMicros: number;
}

/** What a build is asked to do. */
interface Subject {
  rows: Record<string, () => Promise<Figures>>;
  /** Most memory that a process held, in MiB. */
  peaks(): Promise<Record<string, number>>;
  stop(): Promise<unknown>;
}

interface Build {
  program: string;
  nodeArgs: string[];
}

const dispatcher = new Agent();
let nextId = 3_000_000_000;

/** Where a build keeps things: under names of its own. */
type Place = (name: string) => Record<string, string>;

/** Does `work`, which gives how many it did and how many a second, and takes the CPU time of these processes. */
async function figuresOf(pids: number[], work: () => Promise<[count: number, perSecond: number]>): Promise<Figures> {
  const cpu = async (): Promise<number> => (await Promise.all(pids.map(cpuSeconds))).reduce((sum, seconds) => sum + seconds, 0);
  const before = await cpu();
  const [count, perSecond] = await work();
  return { perSecond, cpuMicros: (((await cpu()) - before) / count) * 1e6 };
}

/** Submissions and reads: an api with stored books, and no worker that takes the jobs. */
async function openQuietRows(
  rig: Rig,
  kind: Kind,
  env: Record<string, string>,
  server: number,
  { program, nodeArgs }: Build,
): Promise<Subject> {
  if (wanted.some((row) => row === 'scan' || row === 'hot')) {
    const filling = await rig.quire('all', env, nodeArgs, program);
    await crawlAll(filling.address, SCANNED);
    await filling.stop();
  }
  const api =
    kind === 'embedded'
      ? await rig.quire('all', { ...env, QUIET_HOURS: '00:00-23:59' }, nodeArgs, program)
      : await rig.quire('api', env, nodeArgs, program);
  const { address } = api;
  const pids = [api.pid, server];
  const load = async (query: string, more: Partial<LoadOptions> = {}): Promise<Figures> =>
    figuresOf(pids, async () => {
      const options = { connections: CONNECTIONS, seconds: LOAD_SECONDS, ...more };
      const { perSecond } = await measureLoad(`${address}/book-info?${query}`, options);
      return [perSecond * LOAD_SECONDS, perSecond];
    });
  return {
    rows: {
      async submit() {
        const bodies = Array.from({ length: SUBMITTED[kind] }, () => JSON.stringify(linksFrom((nextId += 1_000), 1_000)));
        return figuresOf(pids, async () => [bodies.length * 1_000, await postLinks(address, bodies, dispatcher)]);
      },
      scan: async () => load('id={id}', { ids: { first: FIRST_ID, count: SCANNED } }),
      hot: async () => load(`id=${FIRST_ID}`),
    },
    peaks: async () => ({ 'api, submitting and reading': await peakMebibytes(api.pid) }),
    stop: () => api.stop(),
  };
}

/** Crawls, with a worker that stays. */
async function openCrawlRow(
  rig: Rig,
  kind: Kind,
  env: Record<string, string>,
  server: number,
  { program, nodeArgs }: Build,
): Promise<Subject> {
  const api = await rig.quire(kind === 'embedded' ? 'all' : 'api', env, nodeArgs, program);
  const worker = kind === 'embedded' ? api : await rig.quire('worker', env, nodeArgs, program);
  return {
    rows: {
      crawl: async () =>
        figuresOf([worker.pid, server], async () => [CRAWLED[kind], await crawlAll(api.address, CRAWLED[kind], (nextId += 100_000))]),
    },
    peaks: async () => ({ 'worker, crawling': await peakMebibytes(worker.pid) }),
    stop: () => Promise.all([api.stop(), worker.stop()]),
  };
}

async function openSubject(rig: Rig, kind: Kind, place: Place, server: number, build: Build, wanted: string[]): Promise<Subject> {
  const parts: Subject[] = [];
  if (wanted.some((row) => row !== 'crawl')) parts.push(await openQuietRows(rig, kind, place('quiet'), server, build));
  if (wanted.includes('crawl')) parts.push(await openCrawlRow(rig, kind, place('crawl'), server, build));
  const peaks = async (): Promise<Record<string, number>> => Object.assign({}, ...(await Promise.all(parts.map((part) => part.peaks()))));
  return {
    rows: Object.assign({}, ...parts.map(({ rows }) => rows)) as Subject['rows'],
    peaks,
    stop: () => Promise.all(parts.map((part) => part.stop())),
  };
}

/** Where each build keeps its things, on one server for both. */
async function openPlaces(rig: Rig, kind: Kind): Promise<{ place: (build: string) => Place; pid: number; stop(): Promise<unknown> }> {
  const server = kind === 'postgres' ? await startPostgres({ args: ['-c', 'shared_buffers=1GB'] }) : null;
  const directory = await rig.directory();
  const pid = kind === 'redis' ? Number(/^process_id:(\d+)/m.exec(await rig.redis.info('server'))?.[1]) : (server?.pid ?? 0);
  const environment = (name: string): Record<string, string> => {
    if (kind === 'embedded') return { DATA_DIR: join(directory, name) };
    return { ...(server ? { DATABASE_URL: server.url } : { REDIS_URL: rig.redisUrl }), QUEUE_PREFIX: name };
  };
  return {
    pid,
    place: (build) => (name) => ({ ...environment(`${build}_${name}`), MAX_WAITING_JOBS: '0' }),
    stop: async () => server?.stop(),
  };
}

const figure = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3));

function report(name: string, ours: number[], theirs: number[]): void {
  const ratios = theirs.map((value, round) => value / (ours[round] ?? Number.NaN)).toSorted((a, b) => a - b);
  const range = `${(ratios[0] ?? Number.NaN).toFixed(3)} to ${(ratios.at(-1) ?? Number.NaN).toFixed(3)}`;
  const line = [name, figure(median(ours)), figure(median(theirs)), `${median(ratios).toFixed(3)} (${range})`];
  process.stdout.write(`| ${line.join(' | ')} |\n`);
}

async function compare(first: Subject, second: Subject): Promise<void> {
  for (const row of wanted) {
    const [one, two] = [first.rows[row], second.rows[row]];
    if (!one || !two) throw new Error(`there is no row ${row}`);
    await one();
    await two();
    const measured = await inRounds(Number(values.rounds), { one, two });
    for (const [name, of] of [
      ['a second', 'perSecond'],
      ['CPU (µs) each', 'cpuMicros'],
    ] as const)
      report(
        `${row}, ${name}`,
        measured.one.map((figures) => figures[of]),
        measured.two.map((figures) => figures[of]),
      );
  }
  const [before, after] = [await first.peaks(), await second.peaks()];
  for (const [name, value] of Object.entries(before)) report(`peak memory (MiB): ${name}`, [value], [after[name] ?? Number.NaN]);
}

const kind = values.store as Kind;
if (!(kind in CRAWLED)) refuse(`There is no store ${kind}: choose from ${Object.keys(CRAWLED).join(', ')}.`);
const wanted = values.rows.split(',');
const ours: Build = { program: resolve('dist/main.js'), nodeArgs: [] };
const nodeArgs = values.node.split(' ').filter((option) => option !== '');
const others: Build[] = values.other.split(',').map((program) => ({ program: resolve(program), nodeArgs }));

const rig = await openRig({ quick: false });
const places = await openPlaces(rig, kind);
try {
  const first = await openSubject(rig, kind, places.place('ours'), places.pid, ours, wanted);
  for (const [at, build] of others.entries()) {
    const second = await openSubject(rig, kind, places.place(`other${at}`), places.pid, build, wanted);
    process.stdout.write(`\n| ${kind}, ${build.program} ${build.nodeArgs.join(' ')} | this | other | other / this, median (range) |\n`);
    process.stdout.write('| --- | ---: | ---: | ---: |\n');
    await compare(first, second);
    await second.stop();
  }
} finally {
  await dispatcher.close();
  await rig.stop();
  await places.stop();
}
