/** BullMQ's side of a job: gives each run to the use case, and turns the result into what BullMQ understands. */
import { DelayedError, UnrecoverableError, WaitingError, type Job } from 'bullmq';
import type { BookTask, TaskResult } from '../app/process-book.ts';
import { referenceOfJob } from '../domain/identity.ts';
import type { Meters } from '../metrics/metrics.ts';
import { parseRunId } from '../domain/run-id.ts';
import { tagSpan } from '../tracing.ts';
import { measureRun } from './measured-run.ts';
import type { ParseBookData, ParseBookResult } from './parse-book-queue.ts';

type ParseBookJob = Job<ParseBookData, ParseBookResult>;

/** An attempt failed and may succeed later. BullMQ retries after a backoff that is no shorter than the source asked for. */
export class AttemptFailed extends Error {
  readonly retryAfterMs: number | null;
  constructor(message: string, retryAfterMs: number | null) {
    super(message);
    this.name = 'AttemptFailed';
    this.retryAfterMs = retryAfterMs;
  }
}

export interface ProcessorOptions {
  processBook: (task: BookTask) => Promise<TaskResult>;
  /** CRAWL_ATTEMPTS. */
  attempts: number;
  /** Is called with the time until which the source is closed, in milliseconds since the epoch: the worker pauses until then. */
  onClosed: (untilMs: number) => void;
  meters: Pick<Meters, 'attempts' | 'retries' | 'queueWait' | 'linkToBook'>;
}

/** Makes BullMQ's processor. It resolves when the job is settled. Otherwise it throws an error that BullMQ understands. */
export function createProcessor({ processBook, attempts, onClosed, meters }: ProcessorOptions) {
  return async function parseBook(job: ParseBookJob, token: string, signal: AbortSignal): Promise<ParseBookResult> {
    // The attempts are set here, so that a million waiting jobs need not store them.
    Object.assign(job.opts, { attempts, backoff: { type: 'custom' } });
    const task = taskOf(job, signal);
    await rememberWorker(job);
    const result = await measureRun(meters, job, () => processBook(task));
    tagSpan({ 'quire.job': task.jobId, 'quire.next': result.next, ...reasonOf(result) });
    switch (result.next) {
      case 'done':
        return { outcome: result.outcome };
      case 'settle':
        throw new UnrecoverableError(`${result.code}: ${result.detail}`);
      case 'retry':
        throw new AttemptFailed(`${result.code}: ${result.detail}`, result.retryAfterMs);
      case 'later':
        if (result.missingAtMs !== (job.data.missingAtMs ?? null))
          await job.updateData({ ...job.data, missingAtMs: result.missingAtMs ?? 0 });
        await job.moveToDelayed(result.atMs, token);
        throw new DelayedError();
      case 'wait-for-source':
        onClosed(result.untilMs);
        await job.moveToWait(token);
        throw new WaitingError();
      case 'requeue':
        await job.moveToWait(token);
        throw new WaitingError();
    }
  };
}

/** Why the run ended, for its span. */
function reasonOf(result: TaskResult): Record<string, string> {
  if (result.next === 'done') return { 'quire.outcome': result.outcome };
  return 'code' in result ? { 'quire.error': result.code, 'quire.detail': result.detail } : {};
}

function taskOf(job: ParseBookJob, signal: AbortSignal): BookTask {
  const ids = parseRunId(job.id ?? '');
  const reference = ids && referenceOfJob(ids.jobId);
  if (!ids || !reference) throw new UnrecoverableError(`invalid-request: ${job.id} is not the id of a ${job.name} job`);
  return {
    ...ids,
    reference,
    attempt: job.attemptsMade + 1,
    starts: job.attemptsStarted,
    missingAtMs: job.data.missingAtMs ?? null,
    signal,
  };
}

/** Notes the worker of a job that was lost before. If that worker is lost too, the failure names it. Nothing else depends on the note. */
async function rememberWorker(job: ParseBookJob): Promise<void> {
  if (job.stalledCounter > 0 && job.processedBy) await job.updateData({ ...job.data, lastWorker: job.processedBy }).catch(() => undefined);
}
