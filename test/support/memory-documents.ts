/** The parts of a store that the crawler needs, in memory, for tests that are about the crawler and count store calls. */
import type { DocumentStore, Signal, Signals, StoredDocument, TallyStore } from '../../src/storage/store.ts';

export interface MemoryDocuments {
  documents: DocumentStore;
  tallies: TallyStore;
  signals: Signals;
  /** Store calls so far. */
  calls(): number;
}

/** An empty store. Several crawlers may share one: each call takes a turn of the event loop, so that they really contend. */
export function createMemoryDocuments(): MemoryDocuments {
  const kept = new Map<string, StoredDocument & { expireAtMs: number | null }>();
  const sums = new Map<string, Record<string, number>>();
  const listeners = new Set<(signal: Signal) => void>();
  let calls = 0;
  const turn = async (): Promise<void> => {
    calls += 1;
    await Promise.resolve();
  };
  const living = (key: string, nowMs: number): StoredDocument | null => {
    const found = kept.get(key);
    if (found === undefined || (found.expireAtMs !== null && found.expireAtMs <= nowMs)) return null;
    return { key, version: found.version, json: found.json };
  };
  return {
    calls: () => calls,
    documents: {
      async get(key, nowMs) {
        await turn();
        return living(key, nowMs);
      },
      async put(key, json, { nowMs, ifVersion, expireAtMs }) {
        await turn();
        const version = living(key, nowMs)?.version ?? 0;
        if (ifVersion !== undefined && ifVersion !== version) return null;
        kept.set(key, { key, version: version + 1, json, expireAtMs });
        return version + 1;
      },
      async delete(key) {
        await turn();
        return kept.delete(key);
      },
      async list(prefix, { limit }) {
        await turn();
        return [...kept.values()].filter(({ key }) => key.startsWith(prefix)).slice(0, limit);
      },
      async trim() {
        await turn();
        return 0;
      },
    },
    tallies: {
      async add(series, hour, counts) {
        await turn();
        const key = `${series}/${hour}`;
        const before = sums.get(key) ?? {};
        for (const [name, n] of Object.entries(counts)) before[name] = (before[name] ?? 0) + n;
        sums.set(key, before);
      },
      async read(series, fromHour, toHour) {
        await turn();
        return [...sums]
          .map(([key, counts]) => ({ hour: Number(key.split('/')[1]), series: key.split('/')[0], counts }))
          .filter((entry) => entry.series === series && entry.hour >= fromHour && entry.hour <= toHour);
      },
    },
    signals: {
      async publish(signal) {
        for (const listener of listeners) listener(signal);
      },
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  };
}

/** A logger that keeps what it was told. */
export function createLogRecorder(): {
  info: (fields: object, message: string) => void;
  warn: (fields: object, message: string) => void;
  lines: { level: string; fields: object; message: string }[];
} {
  const lines: { level: string; fields: object; message: string }[] = [];
  return {
    lines,
    info: (fields, message) => void lines.push({ level: 'info', fields, message }),
    warn: (fields, message) => void lines.push({ level: 'warn', fields, message }),
  };
}
