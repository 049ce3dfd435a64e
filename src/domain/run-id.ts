/** A job may run more than once. Each run has a name, and the queue knows it as `<jobId>.<run>`. */
import { randomBytes } from 'node:crypto';
import type { JobId } from './identity.ts';

/** One run of a job. */
export interface JobRun {
  jobId: JobId;
  run: string;
}

/** Names the runs of one request with 12 letters and digits, unique over time and processes. */
export const newRun = (nowMs: number): string =>
  nowMs.toString(36) + (randomBytes(3).readUIntBE(0, 3) % 46_656).toString(36).padStart(3, '0');

/** The id of a run in the queue. */
export const runIdOf = (jobId: JobId, run: string): string => `${jobId}.${run}`;

/** The parts of an id made by {@link runIdOf}, or `null`. */
export function parseRunId(runId: string): JobRun | null {
  const dot = runId.lastIndexOf('.');
  return dot > 0 ? { jobId: runId.slice(0, dot) as JobId, run: runId.slice(dot + 1) } : null;
}
