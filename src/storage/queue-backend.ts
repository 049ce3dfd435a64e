/** How BullMQ reaches a store. Only `queue/` and `storage/` know it. */
import type { BackendFactory } from 'bullmq';

export interface QueueBackend {
  /**
   * The options that every BullMQ class takes. `worker` connections wait for a store that went away, so that a worker goes on by itself.
   * `producer` connections fail fast, so that an HTTP request is answered within 2 s.
   */
  options(use: 'producer' | 'worker'): { connection: object; prefix: string };
  /** The last constructor argument of BullMQ's classes; `undefined` means Redis. */
  readonly factory: BackendFactory | undefined;
  /**
   * Returns jobs that an ended process left active to the queue at once, where the store can know that their worker is gone: no other
   * process can work on a job of the embedded store. The jobs keep their attempts. It counts as a stall, and beyond `maxStalled` BullMQ fails
   * the job. On other stores it does nothing: BullMQ's stalled check finds these jobs when their lock ends.
   */
  recover(queueName: string, maxStalled: number): Promise<void>;
  /** Which of these BullMQ ids exist in the queue and are not finished, in order. */
  has(queueName: string, runIds: string[]): Promise<boolean[]>;
  /**
   * Corrects, by the store's own clock, what a process whose clock was ahead wrote into this queue. BullMQ takes the time from the process
   * that asks. So the jobs of that process would be delayed, and its locks of `lockMs` would last, for as long as its clock was ahead.
   */
  correctTimes(queueName: string, lockMs: number): Promise<void>;
}
