/** Jobs in every state that BullMQ knows, and what BullMQ itself says of them. */
import { Queue, type Worker } from 'bullmq';
import { expect } from 'vitest';

/** The methods by which a queue of BullMQ gives states of jobs: none takes more than one id. */
export const STATE_GETTERS = ['getJobState'];

export function stateGetters(): string[] {
  const names: string[] = [];
  for (let level: object = Queue.prototype; level !== Object.prototype; level = Object.getPrototypeOf(level) as object)
    names.push(...Object.getOwnPropertyNames(level));
  return names.filter((name) => /state/i.test(name));
}

const UNFINISHED_STATES = new Set(['waiting', 'prioritized', 'delayed', 'active']);

/**
 * Adds a job of each state, `job-<state>`, and resolves to whether BullMQ calls it unfinished, by id. `job-unknown` is no job. The worker
 * must not run.
 */
export async function addOneOfEveryState(
  queue: Pick<Queue, 'add' | 'getJobState'>,
  worker: Pick<Worker, 'getNextJob'>,
): Promise<Record<string, boolean>> {
  const take = async (jobId: string) => {
    await queue.add('job', {}, { jobId });
    const job = await worker.getNextJob('token');
    expect(job?.id).toBe(jobId);
    return job;
  };
  await (await take('job-completed')).moveToCompleted(1, 'token', false);
  await (await take('job-failed')).moveToFailed(new Error('failed'), 'token', false);
  await take('job-active');
  await queue.add('job', {}, { jobId: 'job-waiting' });
  await queue.add('job', {}, { jobId: 'job-prioritized', priority: 5 });
  await queue.add('job', {}, { jobId: 'job-delayed', delay: 600_000 });
  const unfinished: Record<string, boolean> = {};
  for (const state of ['delayed', 'completed', 'waiting', 'active', 'unknown', 'prioritized', 'failed']) {
    const id = `job-${state}`;
    expect(await queue.getJobState(id), `the state of ${id}`).toBe(state);
    unfinished[id] = UNFINISHED_STATES.has(state);
  }
  return unfinished;
}
