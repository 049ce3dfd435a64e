/**
 * What keys use: requests a second, links a day, waiting jobs. The counts are documents of the store, so they hold over all processes.
 *
 * Requests are reserved in portions of a tenth of the limit: a process asks the store for a portion and counts by itself while it lasts. So a
 * key costs the store ten writes a second at most. No second sees more requests than the limit. It may see fewer where several processes each
 * hold a portion.
 */
import { NO_LIMITS, type ApiKey } from '../../domain/access/api-key.ts';
import type { BatchId } from '../../domain/batch.ts';
import { QuireError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { updateDocument } from '../../storage/update-document.ts';

const DAY_MS = 86_400_000;
/** A portion is this part of the limit. */
const PORTIONS = 10;
/** Clocks of processes that differ by more count apart, in seconds. */
const CLOCKS_APART_S = 2;
/** Open batches of a key that are looked at, the latest. */
const MOST_BATCHES = 200;
/** How long the batches of a key are remembered after its last submission, in milliseconds. */
const REMEMBERED_MS = 30 * DAY_MS;
/** After so many seconds a key whose jobs wait may try again. */
const WAITING_RETRY_S = 60;

/** One limit as the caller is told of it. */
export interface Rate {
  name: 'requests' | 'links' | 'waiting';
  quota: number;
  /** Seconds; `null` for a limit without time. */
  windowSeconds: number | null;
  left: number;
  resetSeconds: number | null;
}

/** A submission that was let in. */
export interface Entered {
  /** Jobs of this key that wait already. */
  ahead: number;
  rates: Rate[];
  /** It became this batch. */
  became(batchId: BatchId): Promise<void>;
  /** It failed: its links are not counted. */
  undo(): Promise<void>;
}

export interface Usage {
  /** Takes one request. `null`: the key has no such limit. Throws `quota-exceeded` with `rate` for the headers. */
  takeRequest(key: ApiKey): Promise<Rate | null>;
  /** Lets in a submission of so many links, or throws `quota-exceeded`. */
  enter(key: ApiKey | null, links: number): Promise<Entered>;
}

/** A limit is used up. */
export class QuotaExceeded extends QuireError {
  readonly rate: Rate;
  constructor(key: ApiKey, rate: Rate, what: string) {
    super('quota-exceeded', `The key ${JSON.stringify(key.name)} may have ${what}. Nothing of this request was done.`, {
      retryAfterSeconds: rate.resetSeconds ?? WAITING_RETRY_S,
    });
    this.rate = rate;
  }
}

interface Portion {
  second: number;
  /** Requests that this process may still take. */
  left: number;
  /** Requests that all processes may still reserve. */
  free: number;
  asking: Promise<void> | null;
}

interface Second {
  second: number;
  used: number;
}
interface Day {
  day: number;
  links: number;
}

export interface UsageOptions {
  store: Pick<Store, 'documents' | 'batches'>;
  now?: () => number;
}

export function createUsage({ store: { documents, batches }, now = Date.now }: UsageOptions): Usage {
  const portions = new Map<string, Portion>();
  const update = <T>(key: string, lifeMs: number, change: (before: T | null) => T | null) =>
    updateDocument<T>({ documents, key, now, change, expireAtMs: () => now() + lifeMs });

  /** Asks the store for a portion. `free` is what is left for all after it. */
  const reserve = async (id: string, quota: number, portion: Portion): Promise<void> => {
    const most = Math.max(1, Math.ceil(quota / PORTIONS));
    let granted = 0;
    const { before, after } = await update<Second>(`key-rate:${id}`, 60_000, (known) => {
      const isNow = known !== null && known.second >= portion.second && known.second - portion.second <= CLOCKS_APART_S;
      const used = isNow ? known.used : 0;
      granted = Math.max(0, Math.min(most, quota - used));
      return granted === 0 ? null : { second: isNow ? known.second : portion.second, used: used + granted };
    });
    portion.left += granted;
    portion.free = Math.max(0, quota - (after ?? before ?? { used: quota }).used);
  };

  const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);
  const linksRate = (quota: number, used: number): Rate => {
    const resetSeconds = Math.ceil(((dayOf(now()) + 1) * DAY_MS - now()) / 1000);
    return { name: 'links', quota, windowSeconds: 86_400, left: Math.max(0, quota - used), resetSeconds };
  };

  /** Adds to the links of today. */
  const countLinks = async (key: ApiKey, quota: number, links: number): Promise<Rate> => {
    let used = 0;
    const { after } = await update<Day>(`key-links:${key.id}`, 2 * DAY_MS, (known) => {
      const day = dayOf(now());
      used = known?.day === day ? known.links : 0;
      return used + links > quota ? null : { day, links: Math.max(0, used + links) };
    });
    if (after !== null) return linksRate(quota, after.links);
    const rate = linksRate(quota, used);
    throw new QuotaExceeded(key, rate, `${quota} links a day and has had ${used} since 0:00 UTC; this request has ${links}`);
  };

  const waitingKey = (key: ApiKey): string => `key-waiting:${key.id}`;

  /** The open batches of a key with their waiting jobs. */
  const openBatches = async (key: ApiKey): Promise<{ ended: Set<BatchId>; jobs: number }> => {
    const found = await documents.get(waitingKey(key), now());
    const known = found === null ? [] : (JSON.parse(found.json) as BatchId[]);
    const records = await Promise.all(known.map((id) => batches.get(id)));
    const ended = known.filter((_id, at) => (records[at] ?? null) === null || records[at]?.endedAtMs !== null);
    const jobs = records.reduce((sum, record) => sum + (record !== null && record.endedAtMs === null ? record.counts.queued : 0), 0);
    return { ended: new Set(ended), jobs };
  };

  return {
    async takeRequest(key) {
      const quota = key.limits.requestsPerSecond;
      if (quota === null) return null;
      const second = Math.floor(now() / 1000);
      let portion = portions.get(key.id);
      if (portion?.second !== second) portions.set(key.id, (portion = { second, left: 0, free: quota, asking: null }));
      const taken = portion;
      while (taken.left === 0 && taken.free > 0) {
        taken.asking ??= reserve(key.id, quota, taken).finally(() => (taken.asking = null));
        await taken.asking;
      }
      const rate = (): Rate => ({ name: 'requests', quota, windowSeconds: 1, left: taken.left + taken.free, resetSeconds: 1 });
      if (taken.left === 0) throw new QuotaExceeded(key, rate(), `${quota} requests a second`);
      taken.left -= 1;
      return rate();
    },
    async enter(key, links) {
      const nothing = async (): Promise<void> => undefined;
      if (key === null) return { ahead: 0, rates: [], became: nothing, undo: nothing };
      const { linksPerDay, waitingJobs } = { ...NO_LIMITS, ...key.limits };
      const { ended, jobs } = await openBatches(key);
      const rates: Rate[] = [];
      if (waitingJobs !== null) {
        const rate: Rate = {
          name: 'waiting',
          quota: waitingJobs,
          windowSeconds: null,
          left: Math.max(0, waitingJobs - jobs),
          resetSeconds: null,
        };
        if (jobs + links > waitingJobs)
          throw new QuotaExceeded(key, rate, `${waitingJobs} waiting jobs and has ${jobs}; this request may bring ${links} more`);
        rates.push(rate);
      }
      if (linksPerDay !== null) rates.push(await countLinks(key, linksPerDay, links));
      return {
        ahead: jobs,
        rates,
        async became(batchId) {
          await update<BatchId[]>(waitingKey(key), REMEMBERED_MS, (known) => {
            // Batches that another process added meanwhile stay; those that were seen to have ended go.
            const stay = (known ?? []).filter((id) => !ended.has(id) && id !== batchId);
            return [...stay, batchId].slice(-MOST_BATCHES);
          });
        },
        async undo() {
          if (linksPerDay !== null) await countLinks(key, linksPerDay, -links);
        },
      };
    },
  };
}
