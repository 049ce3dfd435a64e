/**
 * How many requests Goodreads got and how it answered, by the hour, kept for 90 days. Counts stay in memory and are written at most once a
 * second. So a page costs no store call, and a crash loses up to a second of counts.
 */
import type { TallyStore } from '../storage/store.ts';
import type { Log } from '../domain/log.ts';
import type { OutcomeKind } from './source/pacing.ts';
import { createTallyBuffer, hourOf } from '../storage/tally-buffer.ts';
import { iso } from '../domain/time/iso.ts';

const SERIES = 'source';
const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const KEEP_DAYS = 90;

/** The result of one page, or of robots.txt. */
export interface LedgerEntry {
  outcome: OutcomeKind | 'robots';
  /** Number of requests, including followed redirects. */
  requests: number;
  /** Bytes as received, compressed. */
  bytes: number;
}

/** Sums over an hour or a day (UTC). */
export interface LedgerPeriod {
  /** ISO 8601: the start of the hour (`2026-01-31T13:00:00.000Z`), or the day (`2026-01-31`). */
  at: string;
  requests: number;
  bytes: number;
  /** Pages by outcome. */
  outcomes: Record<string, number>;
}

export interface LedgerView {
  hours: LedgerPeriod[];
  days: LedgerPeriod[];
}

export interface Ledger {
  record(entry: LedgerEntry): void;
  /** The last `days` days (UTC) including today, oldest first, without hours that had no request. */
  read(query: { days: number }): Promise<LedgerView>;
  /** Requests since midnight UTC, over all processes. Those of other processes show a second later. */
  requestsToday(): Promise<number>;
  /** Writes the remaining counts, and stops. */
  close(): Promise<void>;
}

export interface LedgerOptions {
  tallies: TallyStore;
  log: Log;
  now?: () => number;
}

/** Makes the ledger of this process. Without `close` the last second of counts is lost. */
export function createLedger({ tallies, log, now = Date.now }: LedgerOptions): Ledger {
  const buffer = createTallyBuffer({ tallies, series: SERIES, keepHours: KEEP_DAYS * DAY_HOURS, log, now });

  const hoursOf = async (days: number): Promise<LedgerPeriod[]> => {
    const last = hourOf(now());
    const stored = await buffer.read(last - (last % DAY_HOURS) - (days - 1) * DAY_HOURS, last);
    return stored.map(({ hour, counts }) => periodOf(iso(hour * HOUR_MS), counts));
  };

  return {
    record({ outcome, requests, bytes }) {
      buffer.count({ requests, bytes, [`outcome:${outcome}`]: 1 });
    },
    async read({ days }) {
      const hours = await hoursOf(days);
      return { hours, days: daysOf(hours) };
    },
    async requestsToday() {
      const hours = await hoursOf(1);
      return hours.reduce((sum, { requests }) => sum + requests, 0);
    },
    close: () => buffer.flush(),
  };
}

function periodOf(at: string, counts: Record<string, number>): LedgerPeriod {
  const outcomes: Record<string, number> = {};
  for (const [name, n] of Object.entries(counts)) if (name.startsWith('outcome:')) outcomes[name.slice('outcome:'.length)] = n;
  return { at, requests: counts['requests'] ?? 0, bytes: counts['bytes'] ?? 0, outcomes };
}

function daysOf(hours: LedgerPeriod[]): LedgerPeriod[] {
  const days = new Map<string, LedgerPeriod>();
  for (const hour of hours) {
    const at = hour.at.slice(0, 10);
    const day = days.get(at) ?? { at, requests: 0, bytes: 0, outcomes: {} };
    day.requests += hour.requests;
    day.bytes += hour.bytes;
    for (const [name, n] of Object.entries(hour.outcomes)) day.outcomes[name] = (day.outcomes[name] ?? 0) + n;
    days.set(at, day);
  }
  return [...days.values()];
}
