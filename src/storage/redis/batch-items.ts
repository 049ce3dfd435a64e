/** Items of batches on Redis: lines of JSON, and one letter each for their states. */
import { codeOfState, MOST_DUPLICATES, stateOfCode, type BatchId, type BatchItem, type ItemState } from '../../domain/batch.ts';
import type { BookId, JobId } from '../../domain/identity.ts';
import { storableText } from '../../domain/storable-text.ts';
import type { AddedItem, BatchStore } from '../store.ts';
import { asked, type RedisClient } from './connection.ts';

/** The words of a field: indexes, or book ids. */
export const wordsOf = (text: string | null | undefined): string[] => (text ?? '').split(' ').filter(Boolean);

/**
 * An item as one line of JSON: [jobId, bookId, duplicates, input, reason]. One that a collection brought has `via` behind it. A collection
 * has `via`, and the version and JSON of its record.
 */
type Line = [
  jobId: string,
  bookId: string | null,
  duplicates: number,
  input: string,
  reason: string | null,
  via?: number | null,
  version?: number,
  json?: string,
];

/** An item without its place. */
type Kept = Pick<BatchItem, 'jobId' | 'bookId' | 'duplicates' | 'input' | 'reason' | 'collection' | 'via'>;

/** The line an item is kept as. */
export function encodeItem({ jobId, bookId, duplicates, input, reason, collection, via }: Kept): string {
  const times = Math.min(duplicates, MOST_DUPLICATES);
  const line: Line = [jobId ?? '', bookId, times, storableText(input), reason === null ? null : storableText(reason)];
  if (collection !== null) line.push(via, collection.version, storableText(collection.json));
  else if (via !== null) line.push(via);
  return JSON.stringify(line);
}

/** The line of an item that is new in its batch. */
export const encodeNew = ({ collection = null, ...item }: AddedItem, via: number | null): string =>
  encodeItem({ ...item, collection: collection === null ? null : { version: 1, json: collection }, via });

/** The item of a line. */
function decodeItem(line: string, index: number, state: ItemState): BatchItem {
  const [jobId, bookId, duplicates, input, reason, via = null, version, json] = JSON.parse(line) as Line;
  const collection = version === undefined || json === undefined ? null : { version, json };
  return {
    index,
    input,
    jobId: (jobId || null) as JobId | null,
    bookId: bookId as BookId | null,
    duplicates,
    reason,
    state: collection !== null && state === 'queued' ? 'expanding' : state,
    collection,
    via,
  };
}

/** Whether a line is that of a collection. */
export const isCollection = (line: string): boolean => (JSON.parse(line) as Line)[6] !== undefined;

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
    const [states, collections] = await asked(Promise.all([redis.get(key(batchId, ':states')), redis.hget(key(batchId), 'expanding')]));
    if (states === null) return (await asked(redis.exists(key(batchId)))) === 1 ? { items: [], nextIndex: null } : null;
    const wanted: number[] = [];
    const expanding = new Set(wordsOf(collections).map(Number));
    // Collections that are read are kept as queued items.
    const isWanted = (at: number): boolean =>
      state === null || (states[at] === codeOfState(state) && (states[at] !== 'q' || expanding.has(at) === (state === 'expanding')));
    let index = fromIndex;
    for (; index < states.length; index++) {
      if (!isWanted(index)) continue;
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
