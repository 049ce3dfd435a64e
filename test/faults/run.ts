/**
 * `npm run test:faults`: under a load of overlapping batches, does to the processes of Quire, their stores and the way between them what the
 * fleets name as faults, at random moments. Then checks that every link that was accepted is settled, none lost and none settled twice, and that
 * every process still works without having been started again; that no stored book is older than its newest parse, and that nothing is left in the
 * store without an owner. The last line is `faults N, lost N, doubled N`.
 *
 *   npm run test:faults -- [--long] [--faults 12] [--seed 1] [--store redis|postgres|embedded] [--only TEXT]
 *
 * Without options, the short form for CI: every kind of fault once on every store, a store held still for 3 s. `--long`: every kind three times,
 * a store held still for 30 s. `--faults` says how many on each store, `--only` takes those whose name has
 * the text, `--seed` repeats a run.
 */
import { readArguments, refuse } from '../../scripts/arguments.ts';
import { LOCK_MS } from '../../src/queue/open.ts';
import { startGoodreadsProcess } from '../../scripts/quire-process.ts';
import build from '../support/build-setup.ts';
import { waitUntil } from '../support/wait-until.ts';
import { lastFor, type Fault, type Fleet, type FleetOptions } from './fleet.ts';
import { startEmbeddedFleet } from './fleets/embedded.ts';
import { startPostgresFleet } from './fleets/postgres.ts';
import { startRedisFleet } from './fleets/redis.ts';
import { findStale, servingsOf } from './freshness.ts';
import { findLeftovers, untilIdle } from './leftovers.ts';
import { createLedger } from './ledger.ts';
import { stillWorking } from './still-working.ts';

const { values } = readArguments({
  options: {
    long: { type: 'boolean', default: false },
    faults: { type: 'string' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    store: { type: 'string' },
  },
});

const FLEETS = { redis: startRedisFleet, postgres: startPostgresFleet, embedded: startEmbeddedFleet };
if (values.store !== undefined && !Object.hasOwn(FLEETS, values.store)) refuse(`--store must be one of ${Object.keys(FLEETS).join(', ')}.`);
for (const name of ['faults', 'seed'] as const)
  if (!/^\d{1,9}$/.test(values[name] ?? '0')) refuse(`--${name} must be a whole number from 0 on.`);

/** How long a store is held still. */
const PAUSE_MS = values.long ? 30_000 : 3_000;
/** How often every kind of fault comes. */
const ROUNDS = values.long ? 3 : 1;
/**
 * The lock of a killed worker has to run out, and a job that was never enqueued has to be missed by the reconciler: after 30 s without progress of its
 * batch, in rounds of 15 s. A batch that goes on because another was put right waits as long again.
 */
const SETTLE_MS = LOCK_MS + 160_000;
/** What waits has to be worked off first, which takes a busy machine long. */
const WORK_OFF_MS = 240_000;
/** Callers at a time. */
const CALLERS = 3;
/** Batches that the callers may be ahead of what the next fault waits for: without a bound, looking at all of them takes longer than making them. */
const AHEAD = 40;
/** An answer is promised within 2 s; a busy machine may take somewhat longer. */
const HANG_MS = 5_000;
/** A caller that was refused comes again after this. */
const AGAIN_MS = 100;
/** The load goes on within this time after a fault; the lock of a lost worker is in it. */
const GO_ON_MS = 60_000;

/** The same numbers for the same seed (mulberry32): a run that failed can be run again. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Outcome {
  faults: number;
  lost: number;
  doubled: number;
  /** What went wrong beside links: a process that fell, an answer that hung. */
  wrongs: string[];
}

/** The load that goes on meanwhile, and what is waited for of it. */
function createLoad(apis: Fleet['apis'], ledger: ReturnType<typeof createLedger>, random: () => number) {
  const load = { over: false, upTo: AHEAD };
  const call = async (): Promise<void> => {
    while (!load.over) {
      await waitUntil('more load to be wanted', () => ledger.accepted() < load.upTo || load.over, { timeoutMs: 120_000 });
      const now = apis();
      const api = now[Math.floor(random() * now.length)];
      if (api === undefined || !(await ledger.submit(api))) await lastFor(AGAIN_MS);
    }
  };
  const callers = Promise.all(Array.from({ length: CALLERS }, call));
  callers.catch(() => undefined);
  return {
    /** Resolves when so many more batches were accepted; at most `ahead` more are made. */
    async more(batches: number, ahead = AHEAD): Promise<void> {
      const enough = ledger.accepted() + batches;
      load.upTo = enough + ahead;
      await waitUntil('the load to go on', () => ledger.accepted() >= enough, { timeoutMs: GO_ON_MS });
    },
    async end(): Promise<void> {
      load.over = true;
      await callers;
    },
  };
}

/** What the API tells of a batch that a remark of the ledger is about, and of the queue: where to begin to look. */
async function seenOf(address: string, remark: string): Promise<string> {
  const read = async (path: string): Promise<string> =>
    fetch(address + path, { signal: AbortSignal.timeout(HANG_MS) }).then(
      (answer) => answer.text(),
      (error: Error) => error.message,
    );
  const batchId = /^batch (\w+):/.exec(remark)?.[1] ?? '';
  const items = await read(`/batches/${batchId}/items?state=queued&limit=1`);
  const jobId = /"jobId":"([\w-]+)"/.exec(items)?.[1] ?? '';
  return [remark, await read(`/batches/${batchId}`), items, await read(`/jobs/${jobId}`), await read('/stats')].join('\n  ');
}

/** Every kind of fault comes once before any comes again. */
function* drawn(faults: readonly Fault[], count: number, random: () => number): Generator<Fault> {
  let bag: Fault[] = [];
  for (let n = 0; n < count; n++) {
    if (bag.length === 0) bag = [...faults];
    yield bag.splice(Math.floor(random() * bag.length), 1)[0] as Fault;
  }
}

async function torment(
  startFleet: (options: FleetOptions) => Promise<Fleet>,
  store: string,
  origin: string,
  seed: number,
): Promise<Outcome> {
  const random = createRandom(seed);
  const startedMs = performance.now();
  const say = (text: string): void =>
    void process.stdout.write(`${store} ${Math.round((performance.now() - startedMs) / 1000)} s: ${text}\n`);
  const ledger = createLedger(createRandom(seed + 1));
  let moreLoad = (_batches: number): Promise<void> => Promise.resolve();
  const fleet = await startFleet({ origin, random, pauseMs: PAUSE_MS, moreLoad: (batches) => moreLoad(batches), say });
  try {
    const load = createLoad(fleet.apis, ledger, createRandom(seed + 2));
    moreLoad = load.more;
    const wrongs: string[] = [];
    const faults = fleet.faults.filter(({ name }) => name.includes(values.only));
    const count = faults.length === 0 ? 0 : Number(values.faults ?? ROUNDS * faults.length);
    for (const fault of drawn(faults, count, random)) {
      try {
        await load.more(2 + Math.floor(random() * 10));
        say(`${fault.name} (${ledger.accepted()} batches accepted)`);
        await fault.run();
      } catch (error) {
        wrongs.push(`${fault.name}: ${(error as Error).message}`);
      }
    }
    await load.more(2, 0);
    await load.end();
    say('the last fault is over');
    await untilIdle(() => fleet.apis()[0], WORK_OFF_MS).catch((error: Error) => wrongs.push(error.message));
    say('what waited is worked off');
    const { links, lost, doubled, failed, remarks } = await ledger.audit(() => fleet.apis()[0], SETTLE_MS);
    for (const remark of remarks.slice(0, 5)) say(await seenOf(fleet.apis()[0]?.address ?? '', remark));
    say('everything accepted was looked at');
    wrongs.push(...(await stillWorking(fleet)), ...fleet.fallen());
    if (lost === 0) {
      await untilIdle(() => fleet.apis()[0], SETTLE_MS);
      const contents = await fleet.leave();
      wrongs.push(...findLeftovers(contents), ...findStale(contents, await servingsOf(origin)));
      say(
        `${contents.names.length} names, ${contents.jobs.length} jobs, ${contents.runs.length} runs and ${contents.batches.length} batches looked at`,
      );
    }
    if (ledger.slowestMs() > HANG_MS) wrongs.push(`an answer took ${Math.round(ledger.slowestMs())} ms`);
    for (const wrong of wrongs.slice(0, 50)) say(wrong);
    say(
      `${count} faults, ${ledger.accepted()} batches with ${links} links accepted, lost ${lost}, doubled ${doubled}, failed ${failed}, slowest answer ${Math.round(ledger.slowestMs())} ms`,
    );
    return { faults: count, lost, doubled, wrongs };
  } finally {
    await fleet.stop();
  }
}

const seed = Number(values.seed);
process.stdout.write(`seed ${seed}\n`);
await build();
const site = await startGoodreadsProcess({ servings: true });
try {
  const chosen = Object.entries(FLEETS).filter(([name]) => values.store === undefined || values.store === name);
  const outcomes = await Promise.all(chosen.map(([name, start]) => torment(start, name, site.origin, seed)));
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const [faults, lost, doubled] = [sum((o) => o.faults), sum((o) => o.lost), sum((o) => o.doubled)];
  if (lost + doubled > 0 || outcomes.some(({ wrongs }) => wrongs.length > 0)) process.exitCode = 1;
  process.stdout.write(`faults ${faults}, lost ${lost}, doubled ${doubled}\n`);
} finally {
  await site.stop();
}
