/** A book's job may run more than once in its life; BullMQ knows each run by an id of its own. */
import type { JobId } from './identity.ts';

/** The BullMQ id of a run. */
export const runIdOf = (jobId: JobId, run: string): string => `${jobId}.${run}`;

/** The parts of a BullMQ id made by {@link runIdOf}, or `null`. */
export function parseRunId(runId: string): { jobId: JobId; run: string } | null {
  const dot = runId.lastIndexOf('.');
  return dot > 0 ? { jobId: runId.slice(0, dot) as JobId, run: runId.slice(dot + 1) } : null;
}
