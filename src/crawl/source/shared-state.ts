/**
 * One value that all processes share, in a document changed by compare-and-set. Each process collects its changes and writes them together,
 * so that only processes compete for the document, not callers.
 */
import { QuireError } from '../../errors.ts';
import type { DocumentStore } from '../../storage/store.ts';

export interface SharedStateOptions<T> {
  documents: DocumentStore;
  key: string;
  initial: () => T;
  /** Reads a stored value; `null` when it is not valid, and then `initial` replaces it. */
  parse: (value: unknown) => T | null;
  now: () => number;
  random: () => number;
  /** Is called whenever the local copy was replaced; `ours` when a change of this process did that. */
  onReplaced: (before: T, after: T, ours: boolean) => void;
}

/** A change: from the value to the next value and the caller's result. It may run again on a newer value, so it has no side effects. */
export type Change<T, R> = (value: T) => { value: T; result: R };

export interface SharedState<T> {
  /** The local copy. */
  local(): T;
  /** When the local copy was last known to match the store, in milliseconds since the epoch; 0 for never. */
  loadedAtMs(): number;
  /** Reads the store into the local copy. Concurrent calls share one read. */
  refresh(): Promise<void>;
  update<R>(change: Change<T, R>): Promise<R>;
}

/** A decision to change nothing needs a copy younger than this, in milliseconds. */
const FRESH_MS = 20;
/** Compare-and-set is given up after this long. Even a hundred processes normally need only a fraction of it. */
const GIVE_UP_MS = 10_000;
const BACKOFF_MS = 10;

interface Pending<T> {
  apply(value: T): T;
  done(): void;
  fail(error: unknown): void;
}

/** Reads nothing before the first call. */
export function createSharedState<T>({ documents, key, initial, parse, now, random, onReplaced }: SharedStateOptions<T>): SharedState<T> {
  let local = { value: initial(), version: 0 };
  let loadedAtMs = 0;
  let puts = 0;
  let loading: Promise<void> | undefined;
  let queue: Pending<T>[] = [];
  let flushing = false;

  const replace = (value: T, version: number, ours: boolean, before = local.value): void => {
    local = { value, version };
    loadedAtMs = now();
    onReplaced(before, value, ours);
  };

  const load = async (): Promise<void> => {
    const putsBefore = puts;
    const document = await documents.get(key, now());
    // A change of this process overtook the read, and its value is newer.
    if (puts !== putsBefore) return;
    if (document !== null && document.version === local.version) loadedAtMs = now();
    else replace(document === null ? initial() : (readJson(document.json, parse) ?? initial()), document?.version ?? 0, false);
  };

  const refresh = async (): Promise<void> => {
    loading ??= load().finally(() => (loading = undefined));
    return loading;
  };

  const attempt = async (batch: Pending<T>[]): Promise<boolean> => {
    const value = batch.reduce((sofar, pending) => pending.apply(sofar), local.value);
    if (value === local.value) {
      // There is nothing to write. That decision must not use an old copy.
      if (Math.abs(now() - loadedAtMs) <= FRESH_MS) return true;
      const { version } = local;
      await load();
      return version === local.version && value === local.value;
    }
    const base = local;
    const version = await documents.put(key, JSON.stringify(value), { nowMs: now(), ifVersion: base.version, expireAtMs: null });
    if (version === null) return false;
    puts += 1;
    // A read may have brought this change before its answer came. It is ours all the same.
    replace(value, version, true, base.value);
    return true;
  };

  const write = async (batch: Pending<T>[]): Promise<void> => {
    const startedMs = performance.now();
    if (loadedAtMs === 0) await load();
    for (let tries = 1; !(await attempt(batch)); tries++) {
      if (performance.now() - startedMs > GIVE_UP_MS)
        throw new QuireError('store-unavailable', 'Too many processes change the state of the source at once.');
      // The first conflict means that another process was faster. Only more conflicts need random waits.
      if (tries > 1) await new Promise((resolve) => setTimeout(resolve, random() * Math.min(tries, 10) * BACKOFF_MS));
      await load();
    }
  };

  const flush = async (): Promise<void> => {
    flushing = true;
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        await write(batch);
        for (const pending of batch) pending.done();
      } catch (error) {
        for (const pending of batch) pending.fail(error);
      }
    }
    flushing = false;
  };

  return {
    local: () => local.value,
    loadedAtMs: () => loadedAtMs,
    refresh,
    async update<R>(change: Change<T, R>): Promise<R> {
      return new Promise((resolve, reject) => {
        let result: R;
        queue.push({
          apply(value) {
            const changed = change(value);
            result = changed.result;
            return changed.value;
          },
          done: () => resolve(result),
          fail: reject,
        });
        if (!flushing) void flush();
      });
    },
  };
}

function readJson<T>(json: string, parse: (value: unknown) => T | null): T | null {
  try {
    return parse(JSON.parse(json));
  } catch {
    return null;
  }
}
