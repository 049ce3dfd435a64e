/**
 * Library: bullmq 6.7.0.
 * Reason: BullMQ times a delayed job by the clock of the process that adds it. A process whose clock is ahead delays its jobs for as long
 *   as that. The graft changes the score of such jobs in BullMQ's own key, by the clock of Redis.
 * Expiry: test/contract/grafts/bullmq-redis.test.ts, "a delayed job is due by the clock of the process that adds it".
 */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { CLOCK_TOLERANCE_MS } from '../domain/time/clock.ts';

const LUA = readFileSync(new URL('bullmq-redis-times.lua', import.meta.url), 'utf8');
/** Jobs looked at in one go: those with the latest time. */
const MOST_CORRECTED = 100;

/** Puts the delayed jobs of a queue right. `prefix` is what all keys begin with. */
export async function correctDelays(redis: Redis, prefix: string, queueName: string): Promise<void> {
  await redis.eval(LUA, 1, prefix, `${prefix}${queueName}:`, MOST_CORRECTED, CLOCK_TOLERANCE_MS);
}
