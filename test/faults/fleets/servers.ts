/** What the fleets on a server have in common: two apis and two workers, one of each with a proxy on its way to the store. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startQuire } from '../../../scripts/quire-process.ts';
import { createBerth, running, type Berth } from '../berth.ts';
import { badWays, blocked, clockJumps, killed, SETTINGS, START_MS, type Fault, type Fleet, type FleetOptions } from '../fleet.ts';
import { createHavoc, HAVOC_ARGS } from '../havoc.ts';
import type { Contents } from '../leftovers.ts';
import { startProxy } from '../proxy.ts';

const PREFIX = 'faults';

export interface ServedStore {
  /** The fleet's name. */
  name: string;
  /** What the store is called in the names of faults. */
  store: string;
  port: number;
  /** The settings that lead to the store at a port of this machine. */
  env(port: number): Record<string, string>;
  /** What can happen to the server itself. */
  faults: readonly Fault[];
  /** Reads everything that Quire keeps there under a prefix. */
  read(prefix: string): Promise<Contents>;
  stop(): Promise<void>;
}

/** Starts the fleet; `served` is stopped with it, also when it does not start. */
export async function startServedFleet(served: ServedStore, { origin, random, moreLoad }: FleetOptions): Promise<Fleet> {
  const { name, store, port } = served;
  const dir = await mkdtemp(join(tmpdir(), `quire-faults-${name}-`));
  const havoc = createHavoc(dir);
  const proxy = await startProxy(port);
  const fallen: string[] = [];
  const berths = (role: 'api' | 'worker'): Berth[] =>
    [port, proxy.port].map((at, n) => {
      const called = `${role} ${n + 1}`;
      const env = { ...SETTINGS, GOODREADS_ORIGIN: origin, QUEUE_PREFIX: PREFIX, ...served.env(at), ...havoc.env(called) };
      return createBerth(called, fallen, () => startQuire({ role, env, nodeArgs: [...HAVOC_ARGS], timeoutMs: START_MS }));
    });
  const apis = berths('api');
  const workers = berths('worker');
  const all = [...apis, ...workers];
  const stop = async (): Promise<void> => {
    await Promise.all(all.map((berth) => berth.stop()));
    await proxy.stop();
    await served.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(all.map((berth) => berth.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    apis: () => running(apis),
    workers: () => running(workers),
    fallen: () => fallen,
    faults: [
      killed('an api', { berths: apis, random }),
      killed('a worker', { berths: workers, random }),
      ...served.faults,
      ...badWays(store, proxy),
      blocked('a worker', { berths: workers, havoc, random }),
      ...clockJumps({ berths: all, havoc, random }, moreLoad),
    ],
    async leave() {
      await Promise.all(all.map((berth) => berth.stop()));
      return served.read(PREFIX);
    },
    stop,
  };
}
