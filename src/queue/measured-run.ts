/** Records each run of a job: what came of it, and how long the job waited for it. */
import type { Job } from 'bullmq';
import type { TaskResult } from '../app/process-book.ts';
import type { Meters } from '../metrics/metrics.ts';
import { priorityOf } from './parse-book-queue.ts';

type Queued = Pick<Job, 'timestamp' | 'priority' | 'attemptsStarted'>;

/** The label of a result. */
function labelOf(result: TaskResult): string {
  if (result.next === 'settle') return 'failed';
  if (result.next !== 'done') return result.next;
  return result.outcome === 'settled before' ? 'settled-before' : result.outcome;
}

/** Makes the run. */
export async function measureRun(
  meters: Pick<Meters, 'attempts' | 'retries' | 'queueWait' | 'linkToBook'>,
  { timestamp, priority, attemptsStarted }: Queued,
  run: () => Promise<TaskResult>,
): Promise<TaskResult> {
  // Another process wrote the time, and clocks differ.
  const waitedSeconds = (): number => Math.max(0, Date.now() - timestamp) / 1000;
  if (attemptsStarted <= 1) meters.queueWait.of(priorityOf(priority)).observe(waitedSeconds());
  try {
    const result = await run();
    meters.attempts.of(labelOf(result)).add();
    if (result.next === 'retry') meters.retries.of(result.code).add();
    if (result.next === 'done' && result.outcome === 'parsed') meters.linkToBook.of(priorityOf(priority)).observe(waitedSeconds());
    return result;
  } catch (error) {
    meters.attempts.of('error').add();
    throw error;
  }
}
