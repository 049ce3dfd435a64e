/**
 * `Idempotency-Key`: a request that is sent twice is done once. The first takes a short lease on the key, so that a
 * process that dies in the middle does not lock it for long; the answer then stays for a day.
 */
import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { QuireError } from '../../errors.ts';
import type { DocumentStore } from '../../storage/store.ts';

const PREFIX = 'idempotency:';
const KEPT_MS = 86_400_000;
/** Keys kept at once, about. Beyond that, the keys that end first are forgotten; a request that repeats one of them is done again. */
const MAX_KEPT = 100_000;
/** The keys are counted after so many answers were kept by this process. */
const COUNT_EVERY = 1_000;
/** Longer than any lease: a key that expires sooner may still belong to a request that is being handled. */
const SPARED_MS = 120_000;
/** How long one request may own a key beyond the wait it was granted. The longest list takes a few seconds. */
const LEASE_MS = 15_000;

/** An answer as it is kept and sent again. `body` is the JSON text. */
export interface KeptAnswer {
  status: number;
  location: string;
  body: string;
}

interface Kept {
  /** What the key stands for: a digest of the request. */
  request: string;
  /** Names the request that owns the key, so that no other request releases it. */
  owner: string;
  /** Status and location; the body is gzip in base64. `null` while the first request is being handled. */
  answer: { status: number; location: string; body: string } | null;
}

/** The right to handle a request: it ends with `keep` or with `release`. */
export interface Lease {
  keep(answer: KeptAnswer): Promise<void>;
  release(): Promise<void>;
}

export type Claim = { kind: 'first'; lease: Lease } | { kind: 'again'; answer: KeptAnswer };

const sha256 = (...parts: string[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('base64url');
};

const pack = async (body: string): Promise<string> => (await promisify(gzip)(body, { level: 1 })).toString('base64');
const unpack = async (body: string): Promise<string> => (await promisify(gunzip)(Buffer.from(body, 'base64'))).toString('utf8');

/** Checks the header: 1 to 255 printable ASCII characters. `null` when it is not there. */
export function readIdempotencyKey(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  throw new QuireError('invalid-request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.', {
    errors: [{ pointer: '/headers/idempotency-key', detail: 'must be 1 to 255 printable ASCII characters' }],
  });
}

export interface IdempotencyKeys {
  /**
   * Claims `key` for a request. `caller` keeps the keys of different callers apart, `request` is the text that must be the same the second
   * time. Throws `idempotency-mismatch` when it is not, `idempotency-conflict` while the first request is still being handled.
   */
  claim(asked: { key: string; caller: string; request: string; waitMs: number }): Promise<Claim>;
}

/** `limits` are for tests: how many keys are kept, and after how many answers of this process they are counted. */
export function createIdempotencyKeys(
  documents: DocumentStore,
  limits: { most: number; countEvery: number } = { most: MAX_KEPT, countEvery: COUNT_EVERY },
): IdempotencyKeys {
  // At random, so that processes that restart often count now and then, too.
  let untilCount = Math.ceil(Math.random() * limits.countEvery);
  const trim = async (): Promise<void> => {
    if (--untilCount > 0) return;
    untilCount = limits.countEvery;
    await documents.trim(PREFIX, { most: limits.most, sparedUntilMs: Date.now() + SPARED_MS });
  };

  return {
    async claim({ key, caller, request, waitMs }) {
      const name = PREFIX + sha256(caller, key);
      const mine: Kept = { request: sha256(request), owner: randomUUID(), answer: null };
      const nowMs = Date.now();
      const leaseMs = LEASE_MS + waitMs;
      const version = await documents.put(name, JSON.stringify(mine), { nowMs, ifVersion: 0, expireAtMs: nowMs + leaseMs });
      if (version === null) return again(documents, name, mine.request);
      return {
        kind: 'first',
        lease: {
          async keep(answer) {
            const kept: Kept = { ...mine, answer: { ...answer, body: await pack(answer.body) } };
            const endMs = Date.now();
            // Fenced by the version: a lease that ran out may have passed to another request.
            await documents.put(name, JSON.stringify(kept), { nowMs: endMs, ifVersion: version, expireAtMs: endMs + KEPT_MS });
            await trim();
          },
          async release() {
            const found = await documents.get(name, Date.now());
            if (found && (JSON.parse(found.json) as Kept).owner === mine.owner) await documents.delete(name);
          },
        },
      };
    },
  };
}

async function again(documents: DocumentStore, name: string, request: string): Promise<Claim> {
  const found = await documents.get(name, Date.now());
  const kept = found ? (JSON.parse(found.json) as Kept) : null;
  if (kept && kept.request !== request) {
    throw new QuireError('idempotency-mismatch', 'The key came before with other links or options. Use a new key for a new request.');
  }
  if (!kept?.answer) {
    throw new QuireError('idempotency-conflict', 'The first request with this key is still being handled. Send it again in a moment.', {
      retryAfterSeconds: 1,
    });
  }
  return { kind: 'again', answer: { ...kept.answer, body: await unpack(kept.answer.body) } };
}
