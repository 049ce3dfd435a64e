/** A key of the API as Quire keeps it: never the key itself, only what it leads to. */
import type { Scope } from './scope.ts';

/** What one key may use. `null`: no limit. */
export interface KeyLimits {
  requestsPerSecond: number | null;
  /** Links of submissions from 0:00 to 24:00 UTC. */
  linksPerDay: number | null;
  /** Jobs that wait for batches of this key. */
  waitingJobs: number | null;
}

export const NO_LIMITS: KeyLimits = { requestsPerSecond: null, linksPerDay: null, waitingJobs: null };

export interface ApiKey {
  /** Names the key in lists, logs and counters. It tells nothing about the key. */
  id: string;
  name: string;
  scopes: readonly Scope[];
  /** SHA-256 of the key, in hexadecimal. */
  hash: string;
  limits: KeyLimits;
  /** Milliseconds since the epoch; `null` where the key comes from a setting. */
  createdAtMs: number | null;
  expiresAtMs: number | null;
  revokedAtMs: number | null;
  /** Where the key is kept. Only keys of the store can be revoked over HTTP. */
  from: 'store' | 'file' | 'environment';
}

/** What a new key is made of. */
export type NewKey = Pick<ApiKey, 'name' | 'scopes' | 'limits' | 'expiresAtMs'>;

/** Whether a key opens anything now. */
export const isLive = ({ expiresAtMs, revokedAtMs }: Pick<ApiKey, 'expiresAtMs' | 'revokedAtMs'>, nowMs: number): boolean =>
  revokedAtMs === null && (expiresAtMs === null || expiresAtMs > nowMs);
