/** Batches on Redis. */
import type { BookId, JobId } from '../../domain/identity.ts';
import {
  ITEM_STATES,
  PRIORITIES,
  stateOfCode,
  type BatchId,
  type BatchItem,
  type BatchOptions,
  type BatchRecord,
  type ItemCounts,
  type ItemState,
  type SettledState,
} from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { BatchStore, StoreSettings, SubmitOutcome, SubmittedItem } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** Entries of the lists of books and of ended batches that a sweep looks at. */
const SWEPT_BOOKS = 100;
const SWEPT_BATCHES = 100;

/** Steps that one page of batches takes at most: the ids of expired batches may stand in the list. */
const MOST_LIST_STEPS = 10;

/** An item as one line of JSON: [jobId, bookId, duplicates, input, reason]. */
type Line = [string, string | null, number, string, string | null];

/** The line an item is kept as. */
export const encodeItem = ({ jobId, bookId, duplicates, input, reason }: SubmittedItem): string =>
  JSON.stringify([jobId ?? '', bookId, duplicates, storableText(input), reason === null ? null : storableText(reason)] satisfies Line);

function decodeItem(line: string, index: number, state: ItemState): BatchItem {
  const [jobId, bookId, duplicates, input, reason] = JSON.parse(line) as Line;
  return { index, input, jobId: (jobId || null) as JobId | null, bookId: bookId as BookId | null, duplicates, reason, state };
}

/** The outcomes that most items have, made once: a submission can have a hundred thousand. */
const QUEUED: SubmitOutcome = Object.freeze({ status: 'queued' });
const JOINED: SubmitOutcome = Object.freeze({ status: 'joined', raise: null });

/** Reads the answer of the `submit` script: one short string an item. */
function decodeOutcome(answer: string): SubmitOutcome {
  switch (answer[0]) {
    case 'q':
      return QUEUED;
    case 'j':
      return answer.length > 1 ? { status: 'joined', raise: answer.slice(1) } : JOINED;
    case 'c':
      return { status: 'cached', fetchedAtMs: Number(answer.slice(1, 14)), bookId: answer.slice(14) as BookId };
    case 'm':
      return { status: 'missing' };
    default:
      return { status: 'invalid' };
  }
}

export function createBatchStore(redis: RedisClient, prefix: string, settings: StoreSettings): BatchStore {
  const key = (batchId: BatchId, part = ''): string => `${prefix}batch:${batchId}${part}`;

  /** ISBN items that a worker of the version before settled do not name their book: the alias tells which it was. */
  const learnBooks = async (items: BatchItem[]): Promise<BatchItem[]> => {
    const unknown = items.filter((item) => item.bookId === null && (item.state === 'parsed' || item.state === 'cached'));
    if (unknown.length === 0) return items;
    const values = await asked(redis.mget(unknown.map((item) => prefix + item.jobId)));
    unknown.forEach((item, at) => {
      const value = values[at];
      if (value?.startsWith('A')) item.bookId = value.slice(1) as BookId;
    });
    return items;
  };

  const get: BatchStore['get'] = async (batchId) => {
    const hash = await asked(redis.hgetall(key(batchId)));
    if (!hash['total']) return null;
    const counts = Object.fromEntries(Object.entries(ITEM_STATES).map(([state, code]) => [state, Number(hash[code])])) as ItemCounts;
    const at = (name: string): number | null => (hash[name] ? Number(hash[name]) : null);
    return {
      batchId,
      total: Number(hash['total']),
      counts,
      createdAtMs: Number(hash['created']),
      finishedAtMs: at('finished'),
      progressedAtMs: Number(hash['progressed']),
      cancelledAtMs: at('cancelled'),
      options: JSON.parse(hash['options'] ?? '{}') as BatchOptions,
    } satisfies BatchRecord;
  };

  return {
    /** Throws `QuireError('cancelled')`, and records nothing, when the batch was cancelled in the meantime. */
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
          settings.batchTtlMs,
          items[0]?.index ?? 0,
          // One long argument: the driver spends more on a thousand short ones than Redis does on taking it apart.
          items.map(encodeItem).join('\n'),
        ),
      )) as string[] | null;
      if (answers === null) throw new QuireError('cancelled', 'The batch was cancelled while it was being submitted.');
      return answers.map(decodeOutcome);
    },

    get,

    async list({ before, limit, ended }) {
      const which = ended === null ? 'all' : ended ? 'ended' : 'open';
      const batches: BatchRecord[] = [];
      let after: string = before ?? '';
      for (let step = 0; step < MOST_LIST_STEPS; step += 1) {
        const [next = '', ...ids] = (await asked(redis.listBatches(prefix, which, after, limit - batches.length))) as BatchId[];
        for (const record of await Promise.all(ids.map(get))) if (record) batches.push(record);
        after = next;
        if (after === '' || batches.length >= limit) break;
      }
      return { batches, next: after === '' ? null : (after as BatchId) };
    },

    async items(batchId, { fromIndex, limit, state }) {
      const states = await asked(redis.get(key(batchId, ':states')));
      if (states === null) return (await asked(redis.exists(key(batchId)))) === 1 ? { items: [], nextIndex: null } : null;
      const wanted: number[] = [];
      let index = fromIndex;
      for (; index < states.length; index++) {
        if (state !== null && states[index] !== ITEM_STATES[state]) continue;
        if (wanted.length === limit) break;
        wanted.push(index);
      }
      const first = wanted[0];
      const last = wanted.at(-1);
      if (first === undefined || last === undefined) return { items: [], nextIndex: null };
      // Neighbours come in one range; a sparse filter asks for each line by itself.
      const dense = last - first < wanted.length * 4;
      const lines = dense
        ? await asked(redis.lrange(key(batchId, ':items'), first, last))
        : await asked(Promise.all(wanted.map((at) => redis.lindex(key(batchId, ':items'), at))));
      const items = wanted.map((at, n) =>
        decodeItem((dense ? lines[at - first] : lines[n]) ?? '["",null,0,"",null]', at, stateOfCode(states[at] ?? 'i')),
      );
      return { items: await learnBooks(items), nextIndex: index < states.length ? index : null };
    },

    async indexesOf(batchId, jobIds) {
      const found = new Map<JobId, number>();
      const waiters = await asked(Promise.all(jobIds.map((jobId) => redis.hget(`${prefix}job:${jobId}`, 'w'))));
      jobIds.forEach((jobId, at) => {
        const mine = (waiters[at] ?? '').split(' ').find((waiter) => waiter.startsWith(`${batchId}.`));
        if (mine) found.set(jobId, Number(mine.slice(batchId.length + 1)));
      });
      return found;
    },

    async settledSince(batchId, afterSeq, limit) {
      const lines = await asked(redis.lrange(key(batchId, ':log'), afterSeq, afterSeq + limit - 1));
      return lines.map((line, n) => {
        const [index = '', code = '', at = ''] = line.split('.');
        return { seq: afterSeq + n + 1, index: Number(index), state: stateOfCode(code) as SettledState, atMs: Number(at) };
      });
    },

    async cancel(batchId, nowMs) {
      const reply = await asked(
        redis.cancelBatch(prefix, batchId, nowMs, settings.batchTtlMs, settings.maxFinishedJobs, settings.maxFailedJobs),
      );
      if (!Array.isArray(reply)) return null;
      const [cancelled, ...pairs] = reply as [number, ...string[]];
      const unwanted: { jobId: JobId; run: string }[] = [];
      for (let at = 0; at < pairs.length; at += 2) unwanted.push({ jobId: pairs[at] as JobId, run: pairs[at + 1] ?? '' });
      return { cancelled, unwanted };
    },

    async rejoin(batchId, { items, nowMs, run, priority }) {
      const pairs = items.flatMap(({ jobId, index }) => [jobId, index]);
      return (await asked(redis.rejoin(prefix, batchId, nowMs, run, PRIORITIES.indexOf(priority), ...pairs))) as JobId[];
    },

    listIdle: (beforeMs, limit) =>
      asked(redis.zrangebyscore(`${prefix}open`, '-inf', `(${beforeMs}`, 'LIMIT', 0, limit)) as Promise<BatchId[]>,
    listAhead: (afterMs, limit) =>
      asked(redis.zrangebyscore(`${prefix}open`, `(${afterMs}`, '+inf', 'LIMIT', 0, limit)) as Promise<BatchId[]>,
    listUnannounced: (limit) => asked(redis.zrange(`${prefix}unannounced`, 0, String(limit - 1))) as Promise<BatchId[]>,
    async acknowledge(batchId) {
      await asked(redis.zrem(`${prefix}unannounced`, batchId));
    },
    async sweep() {
      // Redis lets batches and books expire by itself. What stays is their place in the lists, which goes when somebody looks: here at a few at
      // random, so that those of expired ones stay a small part however many there were.
      const sample = await asked(redis.zrandmember(`${prefix}books`, SWEPT_BOOKS));
      if (sample && sample.length > 0) await asked(redis.forgetExpired(prefix, 'books', 'book-', ...sample));
      const batches = await asked(redis.zrandmember(`${prefix}batches-ended`, SWEPT_BATCHES));
      if (batches && batches.length > 0) await asked(redis.forgetExpired(prefix, 'batches-ended', 'batch:', ...batches));
      return 0;
    },
  };
}
