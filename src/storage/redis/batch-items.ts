/** Items of batches on Redis: lines of JSON, and one letter each for their states. */
import { ITEM_STATES, stateOfCode, type BatchId, type BatchItem, type ItemState } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { BatchStore, SubmittedItem } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** An item as one line of JSON: [jobId, bookId, duplicates, input, reason]. */
type Line = [string, string | null, number, string, string | null];

/** The line an item is kept as. */
export const encodeItem = ({ jobId, bookId, duplicates, input, reason }: SubmittedItem): string =>
  JSON.stringify([jobId ?? '', bookId, duplicates, storableText(input), reason === null ? null : storableText(reason)] satisfies Line);

/** The item of a line. */
function decodeItem(line: string, index: number, state: ItemState): BatchItem {
  const [jobId, bookId, duplicates, input, reason] = JSON.parse(line) as Line;
  return { index, input, jobId: (jobId || null) as JobId | null, bookId: bookId as BookId | null, duplicates, reason, state };
}

/** An ISBN item that an earlier version settled does not name its book: the alias tells which it was. */
async function learnBooks(redis: RedisClient, prefix: string, items: BatchItem[]): Promise<BatchItem[]> {
  const unknown = items.filter((item) => item.bookId === null && (item.state === 'parsed' || item.state === 'cached'));
  if (unknown.length === 0) return items;
  const values = await asked(redis.mget(unknown.map((item) => prefix + item.jobId)));
  unknown.forEach((item, at) => {
    const value = values[at];
    if (value?.startsWith('A')) item.bookId = value.slice(1) as BookId;
  });
  return items;
}

export function createItemReading(redis: RedisClient, prefix: string): BatchStore['items'] {
  const key = (batchId: BatchId, part = ''): string => `${prefix}batch:${batchId}${part}`;

  return async (batchId, { fromIndex, limit, state }) => {
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
    return { items: await learnBooks(redis, prefix, items), nextIndex: index < states.length ? index : null };
  };
}
