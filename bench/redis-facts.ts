/** What a Redis says of itself: memory, CPU time, size of keys. */
import type { Redis } from 'ioredis';

const numberIn = (info: string, name: string): number => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? Number.NaN);

/** Bytes that its data and connections take, without what the allocator holds on top. */
export const usedBytes = async (redis: Redis): Promise<number> => numberIn(await redis.info('memory'), 'used_memory');

/** CPU time of the thread that runs the commands, user and system, in seconds. */
export async function cpuSeconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  return numberIn(info, 'used_cpu_user_main_thread') + numberIn(info, 'used_cpu_sys_main_thread');
}

/** Bytes of the whole Redis by name, as `MEMORY STATS` tells them: `db.0.overhead.hashtable.main`, `clients.normal`, `keys.count`. */
export async function memoryStats(redis: Redis): Promise<Map<string, number>> {
  const stats = new Map<string, number>();
  const read = (entries: unknown[], prefix: string): void => {
    for (let at = 0; at < entries.length; at += 2) {
      const name = `${prefix}${String(entries[at])}`;
      const value = entries[at + 1];
      if (Array.isArray(value)) read(value as unknown[], `${name}.`);
      else stats.set(name, Number(value));
    }
  };
  read((await redis.call('MEMORY', 'STATS')) as unknown[], '');
  return stats;
}

/** Bytes of one key with its name and all it holds; 0 when there is none. */
export const keyBytes = async (redis: Redis, key: string): Promise<number> => (await redis.memory('USAGE', key, 'SAMPLES', 0)) ?? 0;

/** Bytes of the keys that match `pattern`: how many there are, and their size in all, taken from at most `sample` of them. */
export async function keysBytes(redis: Redis, pattern: string, sample = 2_000): Promise<{ count: number; bytes: number }> {
  const keys: string[] = [];
  for (let cursor = '0'; ;) {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 5_000);
    keys.push(...found);
    cursor = next;
    if (cursor === '0') break;
  }
  const names = [...new Set(keys)];
  // Every n-th, so that the sample is spread over all of them.
  const every = Math.max(1, Math.ceil(names.length / sample));
  const sizes = await Promise.all(names.filter((_, at) => at % every === 0).map((key) => keyBytes(redis, key)));
  const mean = sizes.length === 0 ? 0 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return { count: names.length, bytes: mean * names.length };
}
