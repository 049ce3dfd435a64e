/** Settling jobs on Redis, in steps. */
import { ITEM_STATES, type BatchId, type BatchOptions } from '../../domain/batch.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { JobStore, Settled, Settlement, StoreSettings } from '../store.ts';
import { encodeCopy } from './books.ts';
import { asked, type RedisClient } from './connection.ts';

/**
 * What a step of a settlement says: the job was not live, has ended, is live because others wait still, or is live because nothing was
 * changed. Then what became of the copy, the run, and batches: those that stopped, or those that ask for a verdict with their options.
 */
type StepAnswer = [ended: 0 | 1 | 2 | 3, stored: string, run: string, ...batches: string[]];

/** Batches with what they look for, of their ids and options in turn. */
function toJudge(pairs: readonly string[]): Settled['toJudge'] {
  const unjudged: Settled['toJudge'] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    const { until } = JSON.parse(pairs[at + 1] ?? '{}') as BatchOptions;
    if (until) unjudged.push({ batchId: pairs[at] as BatchId, until });
  }
  return unjudged;
}

export function createSettle(redis: RedisClient, prefix: string, settings: StoreSettings): JobStore['settle'] {
  const settleSome = async (s: Settlement, run: string | null, isFirst: boolean): Promise<StepAnswer> => {
    const verdicts = [...(s.judged ?? [])];
    const judgedAs = (verdict: boolean): string => verdicts.flatMap(([batchId, is]) => (is === verdict ? [batchId] : [])).join(' ');
    const error = s.outcome === 'parsed' ? null : s.error;
    const copy = s.outcome === 'parsed' ? s : null;
    const answer = await asked(
      redis.settle(
        prefix,
        s.jobId,
        run ?? '',
        s.nowMs,
        s.outcome,
        ITEM_STATES[s.outcome],
        s.attempts,
        error?.code ?? '',
        error ? storableText(error.detail) : '',
        copy?.book.bookId ?? '',
        copy && isFirst ? encodeCopy(copy.book) : '',
        copy?.keepUntilMs ?? 0,
        isFirst && s.outcome === 'not-found' ? s.notFoundUntilMs : '',
        settings.batchTtlMs,
        settings.maxSettledJobs,
        settings.maxFailedJobs,
        (isFirst && copy?.book.entry) || '',
        judgedAs(true),
        judgedAs(false),
      ),
    );
    return answer as StepAnswer;
  };

  return async (s) => {
    const [first, stored, run, ...firstBatches] = await settleSome(s, s.run, true);
    let [ended, batches] = [first, firstBatches];
    const stopped: string[] = [];
    // The next steps are for the run that the first one met, and for no other.
    while (ended === 2) {
      stopped.push(...batches);
      [ended, , , ...batches] = await settleSome(s, run, false);
    }
    if (ended !== 3) stopped.push(...batches);
    return {
      settled: ended === 1,
      stored: stored === '' ? null : (stored as 'stored' | 'older' | 'poorer'),
      toJudge: ended === 3 ? toJudge(batches) : [],
      stopped: stopped as BatchId[],
    };
  };
}
