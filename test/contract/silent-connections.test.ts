import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createPostgresStore } from '../../src/storage/postgres/store.ts';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import type { Signal, Store } from '../../src/storage/store.ts';
import { startProxy } from '../faults/proxy.ts';
import { createDatabase, sharedPostgresUrl } from '../support/postgres-server.ts';
import { sharedRedisUrl } from '../support/redis-server.ts';
import { TEST_SETTINGS } from '../support/stores.ts';
import { waitUntil } from '../support/wait-until.ts';

const settings = { ...TEST_SETTINGS, prefix: `o${randomUUID().slice(0, 8)}` };

const KINDS = [
  {
    name: 'redis',
    make: () => Promise.resolve({ url: sharedRedisUrl(), drop: () => Promise.resolve() }),
    open: (url: string): Store => createRedisStore({ url, settings }),
  },
  {
    name: 'postgres',
    make: () => createDatabase(sharedPostgresUrl()),
    open: (url: string): Store => createPostgresStore({ url, settings }),
  },
];

/** Until a connection that stays silent is given up, and another is made. */
const NOTICED_MS = 20_000;

describe.each(KINDS)('$name behind a firewall that silently forgets connections', ({ make, open }) => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  it('is reached over new ones after some seconds, by calls and by signals', async () => {
    const { url, drop } = await make();
    undo.push(drop);
    const through = new URL(url);
    const proxy = await startProxy(Number(through.port));
    undo.push(() => proxy.stop());
    through.port = String(proxy.port);
    const [store, other] = [open(through.href), open(url)];
    undo.push(() => store.stop());
    undo.push(() => other.stop());
    await store.start();
    await other.start();
    const heard: Signal[] = [];
    store.signals.subscribe((signal) => heard.push(signal));

    await proxy.set('drop');
    await expect(store.ping()).rejects.toMatchObject({ code: 'store-unavailable' });
    // The connections from before stay silent also now.
    await proxy.set('pass');
    await waitUntil('the store to answer', async () => (await store.ping(), true), { timeoutMs: NOTICED_MS });
    await waitUntil(
      'a signal to arrive',
      async () => {
        await other.signals.publish({ kind: 'source' });
        return heard.length > 0;
      },
      { timeoutMs: NOTICED_MS },
    );
  });
});
