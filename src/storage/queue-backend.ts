/** How BullMQ reaches a store. Only `jobs/` and `storage/` know it. */
import type { BackendFactory } from 'bullmq';

export interface QueueBackend {
  /**
   * The options every BullMQ class takes. `worker` connections wait for ever for a store that went away, so that a worker goes on by itself
   * when it is back; `producer` connections fail fast, so that an HTTP request is answered within 2 s.
   */
  options(use: 'producer' | 'worker'): { connection: object; prefix: string };
  /** The last constructor argument of BullMQ's classes; `undefined` means Redis. */
  readonly factory: BackendFactory | undefined;
  /**
   * Makes jobs that an ended process left active available at once, where the store can know that their holder is gone
   * (embedded: no other process can hold one). They keep their attempts; it counts as a stall, and beyond `maxStalled` BullMQ fails the job.
   * Elsewhere a no-op: BullMQ's stalled check finds them when their lock ends.
   */
  recover(queueName: string, maxStalled: number): Promise<void>;
  /** Which of these BullMQ ids exist in the queue and are not finished, in order. */
  unfinished(queueName: string, runIds: string[]): Promise<boolean[]>;
  /**
   * Puts right what a process whose clock was ahead wrote into this queue, by the store's own clock: jobs that would be delayed, and locks of `lockMs`
   * that would hold, for as long as the clock was ahead. BullMQ takes the time from whoever asks.
   */
  correctTimes(queueName: string, lockMs: number): Promise<void>;
}
