/** Recording submissions and additions on Redis. */
import { ITEM_STATES, PRIORITIES } from '../../domain/batch.ts';
import type { BookId } from '../../domain/identity.ts';
import { storableText } from '../../domain/storable-text.ts';
import { QuireError } from '../../errors.ts';
import type { AddOutcome, BatchStore, StoreSettings, SubmitOutcome } from '../store.ts';
import { encodeNew } from './batch-items.ts';
import { asked, type RedisClient } from './connection.ts';

/** Reads what became of an item: one short string. */
function decodeOutcome(answer: string): SubmitOutcome {
  switch (answer[0]) {
    case 'q':
      return { status: 'queued' };
    case 'j':
      return { status: 'joined', raisedRun: answer.slice(1) || null };
    case 'c':
      return { status: 'cached', fetchedAtMs: Number(answer.slice(1, 14)), bookId: answer.slice(14) as BookId };
    case 'm':
      return { status: 'not-found' };
    case 'e':
      return { status: 'expanding' };
    case 's':
      return { status: 'skipped' };
    default:
      return { status: 'invalid' };
  }
}

/** Reads what became of an added item: its index, and what a submission says, or that it is a duplicate. */
function decodeAdded(answer: string): AddOutcome {
  const space = answer.indexOf(' ');
  const index = Number(answer.slice(0, space));
  const rest = answer.slice(space + 1);
  return rest === 'd' ? { status: 'duplicate', index } : ({ ...decodeOutcome(rest), index } as AddOutcome);
}

export function createSubmitting(redis: RedisClient, prefix: string, settings: StoreSettings): Pick<BatchStore, 'submit' | 'add'> {
  const { batchTtlMs } = settings;
  return {
    async submit({ batch, nowMs, run, priority, maxAgeMs, items }) {
      const answers = (await asked(
        redis.submit(
          prefix,
          nowMs,
          run,
          PRIORITIES.indexOf(priority),
          maxAgeMs ?? -1,
          batch?.batchId ?? '',
          batch?.total ?? 0,
          batch?.last ? 1 : 0,
          batch ? JSON.stringify(batch.options) : '',
          batchTtlMs,
          items[0]?.index ?? 0,
          batch?.options.until?.count ?? '',
          batch?.open ? 1 : 0,
          ...items.map((item) => encodeNew(item, null)),
        ),
      )) as string[] | null;
      if (answers === null) throw new QuireError('cancelled', 'The batch was cancelled while it was being submitted.');
      return answers.map(decodeOutcome);
    },

    async add({ batchId, nowMs, run, priority, maxAgeMs, items, from }) {
      const rank = PRIORITIES.indexOf(priority);
      const end = from?.end ?? null;
      const page = from === null ? ['', '', ''] : [from.index, from.ifVersion, storableText(from.json)];
      const reason = end === null ? '' : storableText(end.reason ?? '');
      const ending = [end === null ? '' : ITEM_STATES[end.state], reason, typeof end?.reason === 'string' ? 1 : 0];
      const lines = items.map((item) => encodeNew(item, from?.index ?? null));
      const step = (): Promise<unknown> =>
        asked(redis.add(prefix, nowMs, run, rank, maxAgeMs ?? -1, batchId, batchTtlMs, ...page, ...ending, ...lines));
      let answers = await step();
      // 1: the jobs of a batch that grows for the first time are looked up step by step.
      while (answers === 1) answers = await step();
      if (answers === null) throw new QuireError('cancelled', 'The batch takes no more items.');
      return answers === 0 ? null : { outcomes: (answers as string[]).map(decodeAdded) };
    },
  };
}
