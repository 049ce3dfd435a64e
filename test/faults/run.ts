/**
 * `npm run test:faults`: under a load of overlapping batches, ends, cuts and holds the processes of Quire and its store at random moments, then
 * checks that every link that was accepted is settled, none lost and none settled twice, that no stored book is older than its newest parse, and that
 * nothing is left in the store without an owner. The last line is `faults N, lost N, doubled N`.
 *
 *   npm run test:faults -- [--faults 6] [--seed 1] [--store redis|embedded]      the default is a short form for CI
 */
import { parseArgs } from 'node:util';
import { LOCK_MS } from '../../src/jobs/queues.ts';
import { startGoodreadsProcess } from '../../scripts/quire-process.ts';
import build from '../support/build-setup.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startEmbeddedFleet, startRedisFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { findStale, servingsOf } from './freshness.ts';
import { findLeftovers, untilIdle } from './leftovers.ts';
import { createLedger } from './ledger.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '6' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    store: { type: 'string' },
  },
});

/** The lock of a killed worker has to run out, and a job that was never enqueued has to be missed by the reconciler. */
const SETTLE_MS = LOCK_MS + 90_000;
/** Callers at a time. */
const CALLERS = 3;
/** Batches that the callers may be ahead of what the next fault waits for: without a bound, looking at all of them takes longer than making them. */
const AHEAD = 40;
/** An answer is promised within 2 s; a busy machine may take somewhat longer. */
const HANG_MS = 5_000;

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

async function torment(
  startFleet: (options: FleetOptions) => Promise<Fleet>,
  origin: string,
  seed: number,
  count: number,
): Promise<Outcome> {
  const random = createRandom(seed);
  const fleet = await startFleet({ origin, random });
  const say = (text: string): boolean => process.stdout.write(`${fleet.name}: ${text}\n`);
  const ledger = createLedger(createRandom(seed + 1));
  try {
    const load = { over: false, upTo: AHEAD };
    const call = async (): Promise<void> => {
      while (!load.over) {
        await waitUntil('more load to be wanted', () => ledger.accepted() < load.upTo || load.over, { timeoutMs: 120_000 });
        const apis = fleet.apis();
        const api = apis[Math.floor(random() * apis.length)];
        if (api === undefined || !(await ledger.submit(api)))
          await waitUntil('an api', () => fleet.apis().length > 0 || load.over, { timeoutMs: 60_000 });
      }
    };
    const callers = Promise.all(Array.from({ length: CALLERS }, call));
    // Every kind of fault comes once before any comes again.
    let bag: Fleet['faults'][number][] = [];
    for (let n = 0; n < count; n++) {
      const enough = ledger.accepted() + 2 + Math.floor(random() * 10);
      load.upTo = enough + AHEAD;
      await waitUntil('the load to go on', () => ledger.accepted() >= enough, { timeoutMs: 60_000 });
      if (bag.length === 0) bag = [...fleet.faults];
      const [fault] = bag.splice(Math.floor(random() * bag.length), 1);
      say(`${fault?.name} (${ledger.accepted()} batches accepted)`);
      await fault?.run();
    }
    const enough = ledger.accepted() + 2;
    load.upTo = enough;
    await waitUntil('the load to go on after the last fault', () => ledger.accepted() >= enough, { timeoutMs: 60_000 });
    load.over = true;
    await callers;
    const { links, lost, doubled, failed, remarks } = await ledger.audit(() => fleet.apis()[0], SETTLE_MS);
    for (const remark of remarks.slice(0, 10)) say(remark);
    const wrongs = [...fleet.fallen()];
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
const count = Number(values.faults);
process.stdout.write(`seed ${seed}\n`);
await build();
const site = await startGoodreadsProcess({ servings: true });
try {
  const fleets = { redis: startRedisFleet, embedded: startEmbeddedFleet };
  const chosen = Object.entries(fleets).filter(([name]) => values.store === undefined || values.store === name);
  const outcomes = await Promise.all(
    chosen.map(([name, start]) => torment(start, site.origin, seed, name === 'redis' ? count : Math.ceil(count / 2))),
  );
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const [faults, lost, doubled] = [sum((o) => o.faults), sum((o) => o.lost), sum((o) => o.doubled)];
  if (lost + doubled > 0 || outcomes.some(({ wrongs }) => wrongs.length > 0)) process.exitCode = 1;
  process.stdout.write(`faults ${faults}, lost ${lost}, doubled ${doubled}\n`);
} finally {
  await site.stop();
}
