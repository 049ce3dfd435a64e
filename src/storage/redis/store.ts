/** The Redis store: composition of its parts, their connections, start and stop. */
import { withDeadline } from '../../domain/deadline.ts';
import { QuireError } from '../../errors.ts';
import { startOnce } from '../start-once.ts';
import type { Store, StoreSettings } from '../store.ts';
import { describeAddress, parseRedisUrl } from '../../config/redis-url.ts';
import { createBatchStore } from './batches.ts';
import { createBookStore } from './books.ts';
import { asked, closeConnection, COMMAND_TIMEOUT_MS, openConnection, type RedisClient } from './connection.ts';
import { createDocumentStore, createPageStore, createTallyStore } from './documents.ts';
import { createJobStore } from './jobs.ts';
import { createQueueBackend } from './queue-backend.ts';
import { createSearchStore } from './search.ts';
import { createSignals } from './signals.ts';
import { createTransfer } from './transfer/transfer.ts';

export interface RedisStoreOptions {
  /** As in address.ts, with everything needed to connect. */
  url: string;
  settings: StoreSettings;
  /** Told of connection errors; the driver reconnects by itself. */
  onError?: (error: Error) => void;
}

/** Why Redis cannot be used, by what it or the driver said, and what to do about it. */
function refusalOf(why: string): string {
  if (/WRONGPASS|invalid password/.test(why)) return `refuses user or password: ${why}. Correct them in REDIS_URL.`;
  if (/NOAUTH/.test(why)) return `asks for a password: ${why}. Add it to REDIS_URL.`;
  if (/NOPERM/.test(why))
    return `does not give this user the rights that Quire needs: ${why}. Correct its ACL, or name another user in REDIS_URL.`;
  if (/DB index/.test(why)) return `has no such database: ${why}. Name a database with a lower number in REDIS_URL.`;
  return `cannot be reached: ${why}. Check REDIS_URL and that the server runs.`;
}

async function connect(client: RedisClient, where: string, database: number): Promise<void> {
  if (client.status !== 'wait' && client.status !== 'end') return;
  // The driver's rejection only says that the connection is closed; the reason comes as an event.
  let reason: Error | null = null;
  const onReason = (error: Error): void => void (reason = error);
  client.on('error', onReason);
  try {
    await withDeadline(client.connect(), COMMAND_TIMEOUT_MS + 1000, () => new Error('no connection in time'));
    // The driver goes on in database 0 when the server refuses ours, and reports a passing error. That would mix two Quires.
    if (database > 0) await client.select(database);
  } catch (error) {
    client.disconnect();
    const why = ((reason as Error | null) ?? (error as Error)).message.replace(/\.$/, '');
    throw new QuireError('store-unavailable', `${where} ${refusalOf(why)}`, { cause: error });
  } finally {
    client.off('error', onReason);
  }
}

/** A store on Redis 7 or later. Keys start with `{prefix}:`, which puts them on one shard of a cluster. */
export function createRedisStore({ url, settings, onError = () => undefined }: RedisStoreOptions): Store {
  const prefix = `{${settings.prefix}}:`;
  const address = parseRedisUrl(url);
  const where = describeAddress(address);
  const redis = openConnection(address, 'records', onError);
  const subscriber = openConnection(address, 'subscriber', onError);
  const signals = createSignals(redis, subscriber, prefix, address.database);
  const queueBackend = createQueueBackend(address, settings.prefix, redis, onError);

  const { start, settled } = startOnce(async () => {
    await connect(redis, where, address.database);
    await connect(subscriber, where, address.database);
    await signals.listen();
  });

  return {
    kind: 'redis',
    description: `${where}, prefix ${settings.prefix}`,
    start,
    async stop() {
      await settled();
      signals.stop();
      await queueBackend.stop();
      await Promise.all([closeConnection(redis), closeConnection(subscriber)]);
    },
    async ping() {
      await asked(redis.ping());
    },
    async warnings() {
      const found: string[] = [];
      const info = await asked(redis.info());
      const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
      if (fact('maxmemory_policy') && fact('maxmemory_policy') !== 'noeviction') {
        found.push(`Redis' maxmemory-policy is ${fact('maxmemory_policy')}: it may evict jobs. Set it to noeviction.`);
      }
      if (fact('aof_enabled') === '0')
        found.push('Redis keeps no append-only file (appendonly no): jobs accepted since its last snapshot are lost when it crashes.');
      if (Number(fact('redis_version').split('.')[0]) < 7)
        found.push(`Redis ${fact('redis_version')} is older than 7, the oldest version tested.`);
      return found;
    },
    async fullness() {
      const info = await asked(redis.info('memory'));
      const fact = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
      const most = fact('maxmemory') || fact('total_system_memory');
      return most === 0 ? null : { used: fact('used_memory') / most, what: 'the memory of Redis' };
    },
    books: createBookStore(redis, prefix),
    jobs: createJobStore(redis, prefix, settings),
    batches: createBatchStore(redis, prefix, settings),
    documents: createDocumentStore(redis, prefix),
    tallies: createTallyStore(redis, prefix),
    pages: createPageStore(redis, prefix),
    search: createSearchStore(redis, prefix),
    transfer: createTransfer(redis, prefix, settings),
    signals,
    queueBackend,
  };
}
