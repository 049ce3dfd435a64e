import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { createRedisStore } from '../../src/storage/redis/store.ts';
import { startRedisCluster, type RedisCluster } from '../support/redis-topologies.ts';
import { TEST_SETTINGS, type StoreKind } from '../support/stores.ts';
import { storeContract } from './store-contract.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.stop());

const clusterStore: StoreKind = {
  name: 'redis',
  async make(settings) {
    // Each prefix is a hash tag of its own, so the tests of this file spread over all three nodes.
    const prefix = `t${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    const store = createRedisStore({ url: cluster.url, settings: { ...TEST_SETTINGS, prefix, ...settings } });
    await store.start();
    return { store, cleanup: () => store.stop() };
  },
};

storeContract(clusterStore);
