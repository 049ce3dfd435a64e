/** The processes that a run of faults is about: what can be done to them, and how they are brought back. */
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Berth } from './berth.ts';
import type { Havoc } from './havoc.ts';
import { LOCK_MS } from '../../src/queue/open.ts';
import type { Contents } from './leftovers.ts';

export interface Fault {
  name: string;
  /** Does it, and brings back what it ended. Rejects when something went otherwise than promised. */
  run(): Promise<void>;
}

export interface Fleet {
  name: string;
  /** The processes with an API that run now. */
  apis(): readonly QuireProcess[];
  /** The processes that take jobs and run now. */
  workers(): readonly QuireProcess[];
  faults: readonly Fault[];
  /** Processes that ended although nobody ended them. */
  fallen(): readonly string[];
  /** Stops the processes, and reads all that they left in the store. */
  leave(): Promise<Contents>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** Where the stand-in for Goodreads listens. */
  origin: string;
  /** 0 ≤ x < 1, the same numbers for the same seed: for faults only, which come one after the other. */
  random: () => number;
  /** How long a store is held still, in milliseconds. */
  pauseMs: number;
  /** Resolves when callers have had so many more batches accepted. */
  moreLoad(batches: number): Promise<void>;
  /** Prints a line about this fleet. */
  say(text: string): void;
}

/** Settings of every process: no limit of the rate, and short waits after a failure. */
export const SETTINGS = { CRAWL_RATE: '0', CRAWL_CONCURRENCY: '8', CRAWL_BACKOFF: '100ms', LOG_LEVEL: 'info' };

/** A busy machine may take long to start a process. */
export const START_MS = 90_000;
const HOUR_MS = 3_600_000;
/** Longer than the lock of a running job, so that another worker takes it over while this one still believes to have it. */
const BLOCK_MS = LOCK_MS + 3_000;
/** How long the way to the store is bad: longer than any command may take. */
const BAD_WAY_MS = 5_000;
/** Batches that are to be accepted while a clock is wrong, and after it was put right. */
const BATCHES_A_JUMP = 4;

/** Waits while a fault lasts: time is what it is about. */
export async function lastFor(ms: number): Promise<void> {
  const endMs = performance.now() + ms;
  await waitUntil(`${ms} ms to be over`, () => performance.now() >= endMs, { timeoutMs: 2 * ms + 1_000 });
}

/** The fault that a server stands still with all its processes, and goes on as if nothing had been. */
export function heldStill(what: string, pids: () => number[] | Promise<number[]>, ms: number): Fault {
  const tell = (all: number[], signal: NodeJS.Signals): void => {
    for (const pid of all) {
      try {
        process.kill(pid, signal);
      } catch {
        // A background process of the server that ended meanwhile.
      }
    }
  };
  return {
    name: `${what} held still for ${ms / 1000} s`,
    async run() {
      const all = await pids();
      tell(all, 'SIGSTOP');
      try {
        await lastFor(ms);
      } finally {
        tell(all, 'SIGCONT');
      }
    },
  };
}

export interface BerthFaults {
  berths: readonly Berth[];
  havoc: Havoc;
  random: () => number;
}

const pick = (berths: readonly Berth[], random: () => number): Berth => berths[Math.floor(random() * berths.length)] as Berth;

/** The fault that one of these processes dies. */
export function killed(what: string, { berths, random }: Pick<BerthFaults, 'berths' | 'random'>): Fault {
  return {
    name: `kill -9 of ${what}`,
    async run() {
      const berth = pick(berths, random);
      await berth.kill9();
      await berth.start();
    },
  };
}

/** The fault that the event loop of one of these processes stands still for longer than the lock of its jobs. */
export function blocked(what: string, { berths, havoc, random }: BerthFaults): Fault {
  return {
    name: `the event loop of ${what} blocked for ${BLOCK_MS / 1000} s`,
    async run() {
      const { name, now } = pick(berths, random);
      if (now) await havoc.order(name, now, { blockMs: BLOCK_MS });
    },
  };
}

/** The faults that the clock of one of these processes jumps an hour forth or back, and some time later is right again. */
export function clockJumps({ berths, havoc, random }: BerthFaults, moreLoad: FleetOptions['moreLoad']): Fault[] {
  return [HOUR_MS, -HOUR_MS].map((clockMs) => ({
    name: `the clock of a process an hour ${clockMs > 0 ? 'ahead' : 'behind'}, and right again`,
    async run() {
      const { name, now } = pick(berths, random);
      if (!now) return;
      await havoc.order(name, now, { clockMs });
      await moreLoad(BATCHES_A_JUMP);
      await havoc.order(name, now, { clockMs: 0 });
      await moreLoad(BATCHES_A_JUMP);
    },
  }));
}

/** The faults of the way to a store: `proxy` lies on it. */
export function badWays(store: string, proxy: { set(mode: 'pass' | 'delay' | 'drop' | 'cut'): Promise<void> }): Fault[] {
  const modes = { delay: 'delayed', drop: 'swallowed', cut: 'cut' } as const;
  return (['delay', 'drop', 'cut'] as const).map((mode) => ({
    name: `the way to ${store} ${modes[mode]} for ${BAD_WAY_MS / 1000} s`,
    async run() {
      await proxy.set(mode);
      try {
        await lastFor(BAD_WAY_MS);
      } finally {
        await proxy.set('pass');
      }
    },
  }));
}
