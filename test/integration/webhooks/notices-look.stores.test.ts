/** What no request tells: the parser drifts, the store is nearly full. Told once over the fleet, and again only after it was over. */
import { Redis } from 'ioredis';
import { Check } from 'typebox/value';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createParserWatch } from '../../../src/app/parser-watch.ts';
import { createRedisStore } from '../../../src/storage/redis/store.ts';
import type { Store } from '../../../src/storage/store.ts';
import { hourOf } from '../../../src/storage/tally-buffer.ts';
import { EVENTS } from '../../../src/webhooks/events/event-types.ts';
import { createNotices, type Notices } from '../../../src/webhooks/events/notices.ts';
import { silentLog } from '../../support/quiet.ts';
import { startRedis } from '../../support/redis-server.ts';
import { inThisRun } from '../../support/sizes.ts';
import { eachStore } from '../../support/stores.ts';
import { TEST_SETTINGS } from '../../support/templates.ts';
import { createParts } from './rig.ts';

const MINUTES = 60_000;

/** The looking part of one process, with a clock that can be moved. */
function lookerOf(store: Store, clock: { aheadMs: number }, fullness = store.fullness): Notices {
  const now = (): number => Date.now() + clock.aheadMs;
  const { announcer } = createParts(store);
  const { health } = createParserWatch({ tallies: store.tallies, log: silentLog, now });
  return createNotices({ documents: store.documents, health, fullness, announce: announcer.announce, log: silentLog, now });
}

const countPages = (store: Store, hoursAgo: number, counts: Record<string, number>): Promise<void> =>
  store.tallies.add('parser', hourOf(Date.now()) - hoursAgo, { 'reading:book': 30, ...counts }, 15 * 24);

describe.each(inThisRun(eachStore))('notices on the $name store', (kind) => {
  it('a drift of the parser is told by one process, once', async () => {
    const made = await kind.make();
    onTestFinished(() => made.cleanup());
    const { store } = made;
    const { webhooks } = createParts(store);
    const { id } = await webhooks.create({ url: 'http://127.0.0.1:1/', events: ['parser.drift'] });
    const clock = { aheadMs: 0 };
    const [one, two] = [lookerOf(store, clock), lookerOf(store, clock)];
    await countPages(store, 30, { 'found:title:next-data': 30 });
    expect(await one.look()).toEqual([]);
    await countPages(store, 0, { 'missing:title': 30 });
    // Not due yet.
    expect(await one.look()).toEqual([]);
    clock.aheadMs += 6 * MINUTES;
    const told = (await Promise.all([one.look(), two.look()])).flat();
    expect(told).toMatchObject([{ type: 'parser.drift', data: { fields: ['title'], pages: 30 } }]);
    expect(Check(EVENTS['parser.drift'].data, told[0]?.data)).toBe(true);
    clock.aheadMs += 6 * MINUTES;
    expect(await two.look()).toEqual([]);
    const { deliveries } = await webhooks.deliveries(id, { cursor: null, limit: 10 });
    expect(deliveries).toMatchObject([{ type: 'parser.drift', state: 'pending' }]);
  });
});

describe('a store that fills up', () => {
  it('is told once, and again after it had room', async () => {
    const server = await startRedis();
    onTestFinished(() => server.stop());
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const store = createRedisStore({ url: server.url, settings: TEST_SETTINGS });
    await store.start();
    onTestFinished(() => store.stop());
    const clock = { aheadMs: 0 };
    const looker = lookerOf(store, clock);
    const look = async (part: number): Promise<unknown[]> => {
      const used = Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1]);
      await admin.config('SET', 'maxmemory', String(Math.round(used / part)));
      clock.aheadMs += 6 * MINUTES;
      return looker.look();
    };
    expect(await look(0.5)).toEqual([]);
    const [event, ...more] = (await look(0.95)) as { data: { percent: number } }[];
    expect(event).toMatchObject({ type: 'store.nearly-full', data: { what: 'the memory of Redis' } });
    expect(event?.data.percent).toBeGreaterThanOrEqual(90);
    expect(Check(EVENTS['store.nearly-full'].data, event?.data)).toBe(true);
    expect(more).toEqual([]);
    // Of one that goes up and down between the two limits nothing more is told.
    let used = 0.5;
    const steady = lookerOf(store, clock, async () => ({ used, what: 'the memory of Redis' }));
    const told: number[] = [];
    for (used of [0.95, 0.86, 0.95, 0.84, 0.89, 0.9]) {
      clock.aheadMs += 6 * MINUTES;
      told.push((await steady.look()).length);
    }
    expect(told).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('on a disk tells the part that is used', async () => {
    const embedded = eachStore.find(({ name }) => name === 'embedded');
    const made = await embedded?.make();
    if (!made) throw new Error('there is no embedded store');
    onTestFinished(() => made.cleanup());
    const room = await made.store.fullness();
    expect(room?.used).toBeGreaterThan(0);
    expect(room?.used).toBeLessThan(1);
  });
});
