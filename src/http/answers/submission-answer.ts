/** What a submission is answered with: as it was taken, as it stands after a wait, or the kept answer of an earlier request. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { QuotaExceeded, type Entered } from '../../app/access/usage.ts';
import type { Batches, SubmitAnswer } from '../../app/batches/batch-view.ts';
import type { BatchId } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import { tellRates } from '../access/limits.ts';
import type { HttpDependencies } from '../dependencies.ts';
import type { KeptAnswer } from '../requests/idempotency.ts';
import { grantWait } from '../requests/preferences.ts';
import { pointInto, type ReadSubmission } from '../requests/submission.ts';
import { MAX_ROWS_TOLD } from '../schemas/batch.ts';
import { PAGE_LIMIT } from '../schemas/parameters.ts';

export interface SubmissionDependencies extends Pick<HttpDependencies, 'batches' | 'log' | 'webhooks' | 'usage'> {
  /** Fires when the app closes. */
  closing: AbortSignal;
}

/** An answer as it is told. `itemsUrl` is there when `items` are not all. */
interface ToldAnswer extends Omit<SubmitAnswer, 'items'> {
  items: object[];
  itemsUrl?: string;
}

const keepable = (answer: ToldAnswer, status: number): KeptAnswer => ({
  status,
  location: `/batches/${answer.batchId}`,
  body: JSON.stringify(answer),
  ...(answer.itemsUrl === undefined ? {} : { link: `<${answer.itemsUrl}>; rel="related"; title="items"` }),
});

/** The state of every item of a batch, in the order of the answer. */
async function withStates(batches: Batches, batchId: BatchId, items: object[]): Promise<object[]> {
  const shown: object[] = [];
  let cursor: string | null = null;
  do {
    // Each page names the next.
    const page = await batches.items(batchId, { state: null, cursor, limit: PAGE_LIMIT });
    for (const { index, state } of page?.items ?? []) shown[index] = { ...items[index], state };
    cursor = page?.cursor ?? null;
    // The books of collections come behind the items of the answer.
  } while (cursor !== null && shown.length < items.length);
  return items.map((item, index) => shown[index] ?? item);
}

/**
 * Waits for a batch as long as the request prefers, and renders the answer as it is then. `null` when the request prefers no wait,
 * or when the store goes away meanwhile: the batch was accepted, so the caller is told no error.
 */
async function waitFor(
  { batches, log, closing }: SubmissionDependencies,
  answer: ToldAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer | null> {
  const { batchId } = answer;
  const wait = grantWait(request, reply, closing);
  if (wait === null) return null;
  try {
    const settled = await batches.untilEnded(batchId, wait.timeoutMs, wait.signal);
    // The items of an answer in short are settled from the start, and their places are not those of the batch.
    const items = answer.itemsUrl === undefined ? await withStates(batches, batchId, answer.items) : answer.items;
    return keepable({ ...answer, items }, settled ? 200 : 202);
  } catch (error) {
    log.warn({ reqId: request.id, err: error, batchId }, 'a batch could not be waited for');
    return null;
  } finally {
    wait.end();
  }
}

/** Lets the submission in by the limits of its key, and tells of them. */
export async function enterFor(
  { usage }: Pick<HttpDependencies, 'usage'>,
  { caller }: FastifyRequest,
  reply: FastifyReply,
  links: number,
): Promise<Entered> {
  try {
    const entered = await usage.enter(caller.key, links);
    tellRates(reply, entered.rates);
    return entered;
  } catch (error) {
    if (error instanceof QuotaExceeded) tellRates(reply, [error.rate]);
    throw error;
  }
}

/** Submits, waits when asked to, and renders the answer. */
export async function answerSubmission(
  deps: SubmissionDependencies,
  submission: ReadSubmission,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer> {
  const { webhook } = submission.request;
  if (webhook) await deps.webhooks.checkBatchWebhook(webhook, submission.webhookFrom);
  const inShort = submission.digest !== null && submission.request.links.length > MAX_ROWS_TOLD;
  const told = inShort ? 'with-reason' : 'all';
  const entered = await enterFor(deps, request, reply, submission.request.links.length);
  const full = await deps.batches.submit({ ...submission.request, ahead: entered.ahead }, told).catch((error: unknown) => {
    entered.undo().catch(() => undefined);
    throw error instanceof QuireError && error.code === 'no-valid-links' ? pointInto(error, submission) : error;
  });
  // The batch is taken. That it is not counted as waiting harms nobody.
  await entered
    .became(full.batchId)
    .catch((err: unknown) => deps.log.warn({ err, reqId: request.id }, 'a batch is not counted for its key'));
  const answer: ToldAnswer = inShort ? { ...full, itemsUrl: `/batches/${full.batchId}/items` } : full;
  const { queued, joined, expanding = 0 } = answer.counts;
  const pending = queued + joined + expanding > 0;
  // An open batch does not end by itself.
  const waited = pending && !submission.request.open ? await waitFor(deps, answer, request, reply) : null;
  return waited ?? keepable(answer, pending ? 202 : 200);
}

/** The kept answer of an earlier request. Of a batch that had not ended it is rendered anew when the request prefers to wait. */
export async function answerAgain(
  deps: SubmissionDependencies,
  kept: KeptAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer> {
  if (kept.status !== 202) return kept;
  return (await waitFor(deps, JSON.parse(kept.body) as ToldAnswer, request, reply)) ?? kept;
}
