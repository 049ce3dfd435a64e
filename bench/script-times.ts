/** Which scripts a Redis spends its time on, by name: `INFO commandstats` only knows `evalsha`. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import { scriptsOf } from '../src/storage/redis/scripts.ts';

export interface ScriptTime {
  /** `BullMQ addPrioritizedJob`, `Quire settle`. */
  name: string;
  calls: number;
  /** Microseconds in Redis, all calls together; without reading the request and writing the answer. */
  us: number;
}

/** More than the entries of one measurement. */
const KEPT = 1_000_000;
/** All scripts take longer. The commands in them do not; to write down each of those would cost several times what they take. */
const SLOWER_THAN_US = 10;

const digest = (lua: string): string => createHash('sha1').update(lua).digest('hex');

function namesByDigest(redis: Redis): Map<string, string> {
  // BullMQ's modules for `import` name each other without an ending, which Node refuses; those for `require` work.
  const bullmq = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Record<string, { name: string; content: string }>;
  return new Map([
    ...Object.values(bullmq).map(({ name, content }) => [digest(content), `BullMQ ${name}`] as const),
    ...scriptsOf(redis.options.db ?? 0).map(([name, lua]) => [digest(lua), `Quire ${name}`] as const),
  ]);
}

/** Runs `work` while Redis writes down the scripts with their time (`SLOWLOG`); the most expensive first. */
export async function timeByScript(redis: Redis, work: () => Promise<void>): Promise<ScriptTime[]> {
  const names = namesByDigest(redis);
  const before = await redis.config('GET', 'slowlog-*');
  await redis.config('SET', 'slowlog-max-len', KEPT);
  await redis.slowlog('RESET');
  await redis.config('SET', 'slowlog-log-slower-than', SLOWER_THAN_US);
  let entries: [number, number, number, string[]][];
  try {
    await work();
    entries = (await redis.slowlog('GET', KEPT)) as typeof entries;
  } finally {
    // The shorter length that was set before drops what is beyond it at once.
    for (let at = 0; at < before.length; at += 2) await redis.config('SET', before[at] ?? '', before[at + 1] ?? '');
    await redis.slowlog('RESET');
  }
  const times = new Map<string, ScriptTime>();
  for (const [, , us, [command = '', sha = '']] of entries) {
    if (command.toLowerCase() !== 'evalsha') continue;
    const name = names.get(sha) ?? `script ${sha.slice(0, 8)}`;
    const time = times.get(name) ?? { name, calls: 0, us: 0 };
    times.set(name, { name, calls: time.calls + 1, us: time.us + us });
  }
  return [...times.values()].toSorted((a, b) => b.us - a.us);
}
