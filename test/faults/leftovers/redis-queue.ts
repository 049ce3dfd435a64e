/** Reads the keys of one BullMQ queue: each job is a hash that stands in exactly one list or sorted set. */
import type { Contents } from './contents.ts';
import type { Keys } from './redis.ts';

const LISTS = ['wait', 'paused', 'active'];
const SORTED = ['delayed', 'prioritized', 'completed', 'failed', 'waiting-children'];
/** Counters, settings, the wake-up mark of idle workers, and what the check for stalled jobs keeps. */
const SINGLE = ['id', 'pc', 'marker', 'meta', 'events', 'stalled', 'stalled-check', 'limiter'];
/** Kept by `streams.events.maxLen` of 1,000, which Redis cuts in blocks of a hundred. */
const MOST_EVENTS = 1_200;

/** Returns the names of the keys that belong to the queue. */
export async function readQueue(keys: Keys, queue: string, contents: Contents): Promise<Set<string>> {
  const { redis, prefix } = keys;
  const remark = (text: string): number => contents.remarks.push(`${queue}: ${text}`);
  const nameOf = (part: string): string => `${queue}:${part}`;
  const seen = new Set([...LISTS, ...SORTED, ...SINGLE].map(nameOf));
  const placeOf = new Map<string, string>();
  for (const place of [...LISTS, ...SORTED]) {
    const key = prefix + nameOf(place);
    for (const id of await (LISTS.includes(place) ? redis.lrange(key, 0, -1) : redis.zrange(key, 0, '-1'))) {
      if (placeOf.has(id)) remark(`job ${id} is in ${placeOf.get(id)} and in ${place}`);
      placeOf.set(id, place);
      if (!keys.names.has(nameOf(id))) remark(`${place} has ${id}, of which there is no job`);
    }
  }
  for (const part of keys.startingWith(`${queue}:`, /^[^:]+\.\w+$/)) {
    seen.add(nameOf(part));
    const place = placeOf.get(part);
    if (place === undefined) remark(`job ${part} is in no list`);
    else contents.runs.push({ queue, id: part, state: place });
  }
  for (const part of keys.startingWith(`${queue}:`, /^[^:]+:lock$/)) {
    seen.add(nameOf(part));
    const id = part.slice(0, -':lock'.length);
    const endsAtMs = await redis.pexpiretime(prefix + nameOf(part));
    if (endsAtMs === -1) remark(`the lock of ${id} never ends`);
    if (placeOf.get(id) !== 'active') remark(`job ${id} is locked, and not active`);
  }
  for (const id of await redis.smembers(prefix + nameOf('stalled'))) {
    if (placeOf.get(id) !== 'active') remark(`job ${id} is watched for stalling, and not active`);
  }
  const events = await redis.xlen(prefix + nameOf('events'));
  if (events > MOST_EVENTS) remark(`${events} events are kept`);
  return seen;
}
