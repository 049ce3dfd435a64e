/** The parts of the specification that the crawler needs, for tests that are about the crawler and count store calls. */
import type { Log } from '../../src/domain/log.ts';
import type { DocumentStore, Signals, TallyStore } from '../../src/storage/store.ts';
import { createDocuments } from '../specification/documents.ts';
import { createSignals } from '../specification/signals.ts';
import { createTallies } from '../specification/tallies.ts';

export interface MemoryDocuments {
  documents: DocumentStore;
  tallies: TallyStore;
  signals: Signals;
  /** Store calls so far. */
  calls(): number;
}

/** An empty store. Several crawlers may share one: each call takes a turn of the event loop, so that they really contend. */
export function createMemoryDocuments(): MemoryDocuments {
  let calls = 0;
  /** The same call, counted, and a turn later. */
  const counted =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      calls += 1;
      await Promise.resolve();
      return call(...args);
    };
  const documents = createDocuments(Date.now);
  const tallies = createTallies();
  return {
    calls: () => calls,
    documents: {
      get: counted(documents.get),
      put: counted(documents.put),
      delete: counted(documents.delete),
      list: counted(documents.list),
      trim: counted(documents.trim),
    },
    tallies: { add: counted(tallies.add), read: counted(tallies.read) },
    signals: createSignals(),
  };
}

/** A logger that keeps what it was told. */
export function createLogRecorder(): Log & { lines: { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
