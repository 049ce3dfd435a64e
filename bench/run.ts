/**
 * `npm run bench`: every figure that Quire promises, ours against its limit, measured in one run. Prints a table and writes `bench/results.json`.
 *
 *   npm run bench -- [--quick] [--only parse,submit] [--profile DIR] [--docs]
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { readArguments } from '../scripts/arguments.ts';
import build from '../test/support/build-setup.ts';
import { findRedisServer } from '../test/support/server-binaries.ts';
import { benchBatches } from './batches.ts';
import { benchCrawl } from './crawl.ts';
import { benchEmbedded } from './embedded.ts';
import { loadGenerator } from './load.ts';
import { benchGrowth } from './growth.ts';
import { benchMemory } from './memory.ts';
import { benchParse, defaultPagesDir } from './parse.ts';
import { benchRead } from './read.ts';
import { openRig, type Rig } from './rig.ts';
import { textTable, writeDocs, writeResults, type PartResult } from './report.ts';
import type { BenchRow } from './row.ts';
import { benchSearch } from './search.ts';
import { benchShard } from './shard.ts';
import { benchSlope } from './slope.ts';
import { benchSubmit } from './submit.ts';

const PARTS: Record<string, (rig: Rig) => Promise<BenchRow[]>> = {
  parse: (rig) => benchParse({ pagesDir: defaultPagesDir(), quick: rig.quick }),
  submit: benchSubmit,
  read: benchRead,
  search: benchSearch,
  crawl: benchCrawl,
  batches: benchBatches,
  memory: benchMemory,
  embedded: benchEmbedded,
  slope: benchSlope,
  shard: benchShard,
  growth: (rig) => benchGrowth(rig, 'redis'),
  'growth-postgres': (rig) => benchGrowth(rig, 'postgres'),
  'growth-embedded': (rig) => benchGrowth(rig, 'embedded'),
};

/** Those that fill stores or run for minutes even with `--quick`, which leaves them out unless `--only` names them. */
const LONG = new Set(['slope', 'shard', 'growth', 'growth-postgres', 'growth-embedded']);

const { values } = readArguments({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    profile: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
});
const names = Object.keys(PARTS);
const wanted = values.only?.split(',') ?? names.filter((name) => !(values.quick && LONG.has(name)));
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) throw new Error(`there is no part ${unknown.join(', ')}: choose from ${names.join(', ')}`);

const machine = {
  cpu: cpus()[0]?.model ?? '',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  redis: /v=([\d.]+)/.exec(execFileSync(findRedisServer() ?? 'redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? '',
  load: loadGenerator,
  pages: defaultPagesDir().endsWith('fixtures') ? 'test/fixtures (our own: small)' : '../shared/pages (real)',
  quick: values.quick,
  /** Of the minute before: a machine that is busy with other things says little. */
  loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
};

await build();
process.stdout.write(
  `${Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}\n\n`,
);
const rig = await openRig({ quick: values.quick, ...(values.profile === undefined ? {} : { profileDir: values.profile }) });
const results = new Map<string, PartResult>();
try {
  for (const name of wanted) {
    const part = PARTS[name];
    if (part === undefined) continue;
    const startedMs = performance.now();
    results.set(name, { machine, rows: await part(rig) });
    process.stderr.write(`${name}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
    // Parts that take long are not lost when a later one fails.
    await writeResults(results);
    if (values.docs) await writeDocs(results, names);
  }
} finally {
  await rig.stop();
}
process.stdout.write(`\n${textTable([...results.values()].flatMap(({ rows }) => rows))}\n`);
