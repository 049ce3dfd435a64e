/** How far a migration came: noted in the target, so that the next run goes on from there. */
import type { Store } from '../storage/store.ts';
import { MIGRATION_DOCUMENT } from '../storage/transfer.ts';

/** A step's entry: `true` when it is done, else the cursor to go on from. */
export interface Noted {
  /** What the source is, as its store describes itself. */
  from: string;
  startedAtMs: number;
  /** `null` while it is under way. */
  endedAtMs: number | null;
  steps: Record<string, string | true>;
}

export interface ProgressNotes {
  read(): Promise<Noted | null>;
  write(noted: Noted): Promise<void>;
  /** Whether `other` is this very store under another name. Leaves nothing behind. */
  isSameStore(other: Store): Promise<boolean>;
}

const FOOTPRINT = `${MIGRATION_DOCUMENT}-footprint`;
const FOOTPRINT_MS = 60_000;

export function createProgressNotes({ documents }: Pick<Store, 'documents'>): ProgressNotes {
  return {
    async read() {
      const found = await documents.get(MIGRATION_DOCUMENT, Date.now());
      return found && (JSON.parse(found.json) as Noted);
    },
    async write(noted) {
      await documents.put(MIGRATION_DOCUMENT, JSON.stringify(noted), { nowMs: Date.now(), expireAtMs: null });
    },
    async isSameStore(other) {
      const nowMs = Date.now();
      await documents.put(FOOTPRINT, '{}', { nowMs, expireAtMs: nowMs + FOOTPRINT_MS });
      try {
        return (await other.documents.get(FOOTPRINT, nowMs)) !== null;
      } finally {
        await documents.delete(FOOTPRINT);
      }
    },
  };
}
