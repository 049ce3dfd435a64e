/** One process with everything in it, on the embedded store. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startQuire } from '../../../scripts/quire-process.ts';
import { createBerth, running } from '../berth.ts';
import { clockJumps, killed, SETTINGS, START_MS, type Fleet, type FleetOptions } from '../fleet.ts';
import { createHavoc, HAVOC_ARGS } from '../havoc.ts';
import { readEmbedded } from '../leftovers.ts';
import { mountSmallDisk } from '../small-disk.ts';
import { fullDisk } from './full-disk.ts';

/** Less than PostgreSQL's log needs at a time. */
const SPARE_BYTES = 1024 * 1024;

/** Starts the process; its data lie on a small disk of their own where one can be mounted. */
export async function startEmbeddedFleet({ origin, random, moreLoad, say }: FleetOptions): Promise<Fleet> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-faults-embedded-'));
  const [orders, place] = [join(dir, 'orders'), join(dir, 'disk')];
  await mkdir(orders);
  await mkdir(place);
  const disk = await mountSmallDisk(place);
  if (disk === null)
    say(
      'WARNING: this user may not mount a small disk. The full disk is acted: inside the process every write to its files fails with ENOSPC.',
    );
  const havoc = createHavoc(orders);
  const fallen: string[] = [];
  const name = 'quire';
  const env = { ...SETTINGS, GOODREADS_ORIGIN: origin, DATA_DIR: join(place, 'data'), ...havoc.env(name) };
  const berth = createBerth(name, fallen, () => startQuire({ env, nodeArgs: [...HAVOC_ARGS], timeoutMs: START_MS }));
  const stop = async (): Promise<void> => {
    await berth.stop();
    await disk?.unmount();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await berth.start();
  } catch (error) {
    await stop();
    throw error;
  }
  const log = join(place, 'data', 'postgres-18', 'pg_wal');
  const acted = { fill: (spareBytes: number) => act(spareBytes > 0 ? log : place), free: () => act('') };
  const act = async (path: string): Promise<void> => {
    if (berth.now) await havoc.order(name, berth.now, { fullDisk: path });
  };
  return {
    name: 'embedded',
    apis: () => running([berth]),
    workers: () => running([berth]),
    fallen: () => fallen,
    faults: [
      killed('the process', { berths: [berth], random }),
      ...[0, SPARE_BYTES].map((spareBytes) => fullDisk(spareBytes, () => berth.now, disk ?? acted, moreLoad)),
      ...clockJumps({ berths: [berth], havoc, random }, moreLoad),
    ],
    async leave() {
      await berth.stop();
      return readEmbedded(env.DATA_DIR, 'quire');
    },
    stop,
  };
}
