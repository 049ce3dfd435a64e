/** Settling jobs on Redis, in steps. */
import { ITEM_STATES } from '../../domain/batch.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { JobStore, Settlement, StoreSettings } from '../store.ts';
import { encodeCopy } from './books.ts';
import { asked, type RedisClient } from './connection.ts';

/** What a step of a settlement says: the job was not live, has ended, or is live because others wait still. */
type StepAnswer = 0 | 1 | 2;

export function createSettle(redis: RedisClient, prefix: string, settings: StoreSettings): JobStore['settle'] {
  const settleSome = async (s: Settlement, run: string | null, isFirst: boolean): Promise<[StepAnswer, string, string]> => {
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
      ),
    );
    return answer as [StepAnswer, string, string];
  };

  return async (s) => {
    const [first, stored, run] = await settleSome(s, s.run, true);
    let answer = first;
    // The next steps are for the run that the first one met, and for no other.
    while (answer === 2) [answer] = await settleSome(s, run, false);
    return { settled: answer === 1, stored: stored === '' ? null : (stored as 'stored' | 'older' | 'poorer'), toJudge: [], stopped: [] };
  };
}
