/** What a store consists of, by name, seen past Quire: so that nothing foreign can hide in it. */
import { PGlite } from '@electric-sql/pglite';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { databaseDirectory } from '../../../src/storage/embedded/data-directory.ts';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, storeEnvironment, type StoreName } from '../../support/service.ts';

export interface AttackedStore {
  env: Record<string, string>;
  /** Addresses of the servers that Quire may connect to. */
  servers: string[];
  /** All names in the store: of keys, or of tables, functions, schemas and roles. On the embedded store only while no Quire has it open. */
  names(): Promise<string[]>;
  cleanUp(): Promise<void>;
}

const NAMES = `
  SELECT 'relation ' || relnamespace::regnamespace || '.' || relname AS name FROM pg_class WHERE relnamespace::regnamespace::text !~ '^pg_'
  UNION ALL SELECT 'function ' || pronamespace::regnamespace || '.' || proname FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^pg_|^information_schema'
  UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
  UNION ALL SELECT 'role ' || rolname FROM pg_roles
  ORDER BY 1`;

const namesOf = ({ rows }: { rows: unknown[] }): string[] => (rows as { name: string }[]).map(({ name }) => name);

/** A store that no other test shares, so that every name in it is Quire's or an attacker's. */
export async function storeForAttack(store: StoreName): Promise<AttackedStore> {
  if (store === 'redis') {
    const server = await startRedis();
    const prefix = ownPrefix();
    return {
      env: { REDIS_URL: server.url, QUEUE_PREFIX: prefix },
      servers: [server.url],
      async names() {
        const redis = new Redis(server.url);
        const keys = await redis.keys('*');
        const databases = await redis.info('keyspace');
        redis.disconnect();
        return [...keys, ...(databases.match(/^db\d+/gm) ?? []).map((name) => `database ${name}`)];
      },
      cleanUp: () => server.stop(),
    };
  }
  const { env, cleanUp } = await storeEnvironment(store);
  return {
    env,
    servers: env['DATABASE_URL'] ? [env['DATABASE_URL']] : [],
    async names() {
      if (store === 'embedded') {
        const database = await PGlite.create(databaseDirectory(env['DATA_DIR'] ?? ''));
        try {
          return namesOf(await database.query(NAMES));
        } finally {
          await database.close();
        }
      }
      const postgres = new Client({ connectionString: env['DATABASE_URL'] });
      await postgres.connect();
      try {
        return namesOf(await postgres.query(NAMES));
      } finally {
        await postgres.end();
      }
    },
    cleanUp,
  };
}

/** A key of Quire's: the prefix, then words, ids, book numbers and digests. No text of a caller has only these characters, but for plain words. */
const KEY = /^[{]?t[\da-f]{12}[}]?(:[\w.\-/]+)+$/;

/** BullMQ makes a sequence for each queue when it is first used, named by a digest. */
const SEQUENCE = /^relation \w+_bullmq\.bullmq_jid_[\da-f]{32}$/;

/** Names that were not there before, and are not Quire's. */
export const foreignNames = (now: readonly string[], before: readonly string[]): string[] =>
  now.filter(
    (name) =>
      !before.includes(name) && name !== 'database db0' && !SEQUENCE.test(name) && (!KEY.test(name) || /pwned|passwd|polluted/.test(name)),
  );
