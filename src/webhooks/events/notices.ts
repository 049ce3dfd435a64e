/**
 * Looks for what a person should know and no request tells: the parser drifts, the store is nearly full. One process of the fleet looks
 * every few minutes; the one whose compare-and-set notes the change announces it.
 */
import { updateDocument } from '../../storage/update-document.ts';
import type { DocumentStore, Fullness } from '../../storage/store.ts';
import type { Log } from '../../domain/log.ts';
import { iso } from '../../domain/time/iso.ts';
import type { ParserWatch } from '../../app/parser-watch.ts';
import type { WebhookEvent } from './event.ts';

type ParserHealth = Awaited<ReturnType<ParserWatch['health']>>;

const KEY = 'notices';
/** How often each process asks whether a look is due, and how often one is, in milliseconds. */
const ASK_MS = 60_000;
const LOOK_MS = 5 * 60_000;
/** A store is nearly full from here on … */
const NEARLY_FULL = 0.9;
/** … until it falls below this, so that one that goes up and down is told once. */
const ROOMY = 0.85;

interface Noticed {
  /** When the next look is due. */
  dueAtMs: number;
  /** Since when the parser drifts and the store is nearly full; `null` while not. */
  driftingSinceMs: number | null;
  fullSinceMs: number | null;
}

export interface NoticesOptions {
  documents: DocumentStore;
  health: () => Promise<ParserHealth>;
  fullness: () => Promise<Fullness | null>;
  announce: (event: WebhookEvent) => Promise<void>;
  log: Log;
  now: () => number;
}

export interface Notices {
  start(): void;
  /** Resolves when nothing runs any more. */
  stop(): Promise<void>;
  /** Looks now if a look is due in the fleet. Resolves to the events that this process announced. */
  look(): Promise<WebhookEvent[]>;
}

export function createNotices({ documents, health, fullness, announce, log, now }: NoticesOptions): Notices {
  let timer: NodeJS.Timeout | null = null;
  let current: Promise<unknown> | null = null;

  const look = async (): Promise<WebhookEvent[]> => {
    const kept = await documents.get(KEY, now());
    if (kept !== null && isEarly(JSON.parse(kept.json) as Noticed, now())) return [];
    const [parser, room] = await Promise.all([health(), fullness()]);
    const { before, after } = await updateDocument<Noticed>({
      documents,
      key: KEY,
      now,
      change: (noticed) => (noticed && isEarly(noticed, now()) ? null : nextOf(noticed, parser, room, now())),
      expireAtMs: () => null,
    });
    const events = after === null ? [] : eventsOf(before, after, parser, room);
    for (const event of events) {
      log.warn({ type: event.type, ...event.data }, event.type === 'parser.drift' ? 'the parser drifts' : 'the store is nearly full');
      await announce(event);
    }
    return events;
  };

  const ask = (): void => {
    current = look().catch((error: unknown) => log.warn({ err: error }, 'could not look whether the parser drifts or the store is full'));
  };

  return {
    look,
    start() {
      timer ??= setInterval(ask, ASK_MS).unref();
    },
    async stop() {
      if (timer) clearInterval(timer);
      timer = null;
      await current;
    },
  };
}

/** Whether no look is due. A due time far ahead is that of a clock that was wrong. */
const isEarly = ({ dueAtMs }: Noticed, nowMs: number): boolean => dueAtMs > nowMs && dueAtMs <= nowMs + 2 * LOOK_MS;

function nextOf(noticed: Noticed | null, { state }: ParserHealth, room: Fullness | null, nowMs: number): Noticed {
  const { driftingSinceMs = null, fullSinceMs = null } = noticed ?? {};
  const full = room !== null && room.used >= (fullSinceMs === null ? NEARLY_FULL : ROOMY);
  // Too few pages prove neither drift nor its end.
  const drifting = state === 'drifting' || (state === 'unknown' && driftingSinceMs !== null);
  return {
    dueAtMs: nowMs + LOOK_MS,
    driftingSinceMs: drifting ? (driftingSinceMs ?? nowMs) : null,
    fullSinceMs: full ? (fullSinceMs ?? nowMs) : null,
  };
}

function eventsOf(before: Noticed | null, after: Noticed, parser: ParserHealth, room: Fullness | null): WebhookEvent[] {
  const events: WebhookEvent[] = [];
  const { driftingSinceMs: drift, fullSinceMs: full } = after;
  if (drift !== null && drift !== before?.driftingSinceMs) {
    const fields = parser.fields.filter(({ drifting }) => drifting).map(({ field }) => field);
    const families = parser.families.filter(({ drifting }) => drifting).map(({ family }) => family);
    const data = { since: iso(drift), fields, families, unrecognised: parser.unrecognised.recent, pages: parser.pages.recent };
    events.push({ type: 'parser.drift', atMs: drift, key: String(drift), data });
  }
  if (full !== null && full !== before?.fullSinceMs && room !== null) {
    const data = { since: iso(full), what: room.what, percent: Math.round(room.used * 100) };
    events.push({ type: 'store.nearly-full', atMs: full, key: String(full), data });
  }
  return events;
}
