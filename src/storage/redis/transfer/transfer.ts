/** Reading and writing whole records on Redis, for migrations. What belongs together is written in one MULTI. */
import { Cluster } from 'ioredis';
import type { StoreSettings } from '../../store.ts';
import { OWN_DOCUMENTS, type Transfer } from '../../transfer.ts';
import { asked, type RedisClient } from '../connection.ts';
import { createBatchTransfer } from './transfer-batches.ts';
import { createJobTransfer } from './transfer-jobs.ts';
import { createTransferKeys, KEYS, nodeOf, type ScannedKind } from './transfer-keys.ts';
import { createBookTransfer, createDocumentTransfer, createPageTransfer, createTallyTransfer } from './transfer-records.ts';

const SCANNED = Object.keys(KEYS) as ScannedKind[];

/** `prefix` as the keys have it; `settings` tell how long ended batches are kept. */
export function createTransfer(redis: RedisClient, prefix: string, settings: StoreSettings): Transfer {
  const keys = createTransferKeys(redis, prefix);
  const { batches, ...partsOfBatches } = createBatchTransfer(keys, settings.batchTtlMs);
  const { jobs, orderSettled } = createJobTransfer(keys);
  return {
    kinds: {
      books: createBookTransfer(keys),
      batches,
      jobs,
      documents: createDocumentTransfer(keys),
      tallies: createTallyTransfer(keys),
      pages: createPageTransfer(keys),
    },
    ...partsOfBatches,
    orderSettled,

    async totals() {
      const totals = { books: 0, batches: 0, jobs: 0, documents: 0, tallies: 0, pages: 0 };
      const node = await nodeOf(redis, prefix);
      let cursor = '0';
      do {
        const [next, found] = await asked(node.scan(cursor, 'MATCH', `${prefix}*`, 'COUNT', 1_000));
        cursor = next;
        for (const key of found) {
          const kind = SCANNED.find((one) => KEYS[one].form.test(key.slice(prefix.length)));
          if (kind) totals[kind] += 1;
        }
      } while (cursor !== '0');
      const documents = await asked(redis.zcard(`${prefix}docs`));
      const own = (await asked(redis.zmscore(`${prefix}docs`, [...OWN_DOCUMENTS]))).filter((score) => score !== null);
      return { ...totals, documents: documents - own.length };
    },
    async others() {
      const client: unknown = redis;
      const nodes = client instanceof Cluster ? client.nodes('all') : [redis];
      const answers = await asked(Promise.all(nodes.map((node) => node.pubsub('NUMSUB', `${prefix}signals`))));
      const listening = answers.reduce((sum, answer) => sum + (answer as [string, number])[1], 0);
      return Math.max(0, listening - 1);
    },
  };
}
