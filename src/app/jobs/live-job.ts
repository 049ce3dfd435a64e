/** What a live job's view shows: its last failed attempt, and why it is blocked. */
import type { SourceState } from '../../crawl/source/source-state.ts';
import { ERRORS, type ErrorCode } from '../../errors.ts';
import type { JobFailure } from '../../domain/job.ts';
import type { JobView } from './job-view.ts';
import { iso } from '../../domain/time/iso.ts';

const isCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/**
 * BullMQ keeps the message of the last failed attempt. The processor writes a code before it. Without a code the error is ours, and only in
 * the log.
 */
export function lastFailure(failedReason: string | undefined): JobFailure | null {
  if (!failedReason) return null;
  const [, code = '', detail = ''] = /^([a-z-]+): (.+)$/s.exec(failedReason) ?? [];
  if (isCode(code)) return { code, detail };
  return { code: 'internal-error', detail: 'Something went wrong on our side; the log of the worker has the error.' };
}

/** The last entry of a blocked job's timeline: since when, why, and what comes next. It is never older than the job. */
export function blockedEntry(createdAtMs: number, { mode, sinceMs, reason, nextProbeAtMs }: SourceState): JobView['timeline'][number] {
  if (mode === 'paused')
    return {
      at: iso(createdAtMs),
      event: 'blocked',
      detail: `Quire sends no request. ${reason ?? ''} The job waits and loses no attempt.`,
    };
  const why = reason === null ? '' : ` (${reason.replace(/\.$/, '')})`;
  const state = mode === 'unreachable' ? 'Goodreads cannot be reached from here' : 'Goodreads turns us away';
  const next = nextProbeAtMs === null ? 'A single probe' : `The next single probe goes at ${iso(nextProbeAtMs)}; it`;
  return {
    at: iso(Math.max(createdAtMs, sinceMs)),
    event: 'blocked',
    detail: `${state} since ${iso(sinceMs)}${why}. The job waits and loses no attempt. ${next} finds out whether Goodreads answers again, and then the job goes on by itself.`,
  };
}
