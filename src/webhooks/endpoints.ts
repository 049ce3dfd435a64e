/** The endpoints that are called: standing ones, and one for each batch that was submitted with a webhook. They are kept as documents. */
import { randomBytes } from 'node:crypto';
import type { BatchId } from '../domain/batch.ts';
import { QuireError } from '../errors.ts';
import type { DocumentStore } from '../storage/store.ts';
import { updateDocument } from '../storage/update-document.ts';
import { picks, type EventType } from './events/event.ts';
import type { EventFilter } from './events/filter.ts';
import type { Format } from './events/message.ts';
import { createPlaces } from './places.ts';
import { parseSecret, type WebhookSecret } from './sending/signing.ts';

/** The most standing endpoints: every event is compared with each of them. */
const MAX_ENDPOINTS = 100;
/** How long the old secret also signs after a rotation. */
export const ROTATION_MS = 24 * 3_600_000;
/** The most secrets that sign at once. */
const MAX_SECRETS = 4;
/** A batch's endpoint outlives its delivery (7 days) and the retries of a redelivery. */
const KEEP_BATCH_ENDPOINT_MS = 9 * 86_400_000;
/** Standing endpoints are read again after this long. */
const FRESH_MS = 1_000;

const STANDING = 'webhook:';
const OF_BATCH = 'batch-webhook:';

export interface Endpoint {
  /** `wh…` for a standing one, `b<batchId>` for a batch's. */
  id: string;
  url: string;
  /** Patterns of the events that it subscribed to. */
  events: string[];
  /** Which of these events it hears. Absent: all. */
  filter?: EventFilter;
  /** Absent: `json`. */
  format?: Format;
  /** `null`: signed with `WEBHOOK_SECRET`. */
  secret: string | null;
  /** Older secrets, the latest first. Each signs until its time. */
  previous: { secret: string; untilMs: number }[];
  createdAtMs: number;
  /** `null` while it is called. */
  disabled: { atMs: number; reason: string } | null;
  /** Calls that were dropped because too many waited. Absent when no call was dropped. */
  dropped?: { calls: number; atMs: number };
}

export interface Endpoints {
  create(endpoint: Pick<Endpoint, 'url' | 'events' | 'secret' | 'filter' | 'format'>): Promise<Endpoint>;
  get(id: string): Promise<Endpoint | null>;
  /** All standing ones, the oldest first. */
  list(): Promise<Endpoint[]>;
  /** The enabled endpoints that subscribed to events of `type`: as of now, or as of at most a second ago. */
  subscribed(type: EventType, as: 'of now' | 'lately known'): Promise<Endpoint[]>;
  /** Changes an endpoint; `null` when there is none. `change` is called again when another process changed the endpoint in the meantime. */
  update(id: string, change: (endpoint: Endpoint) => Endpoint): Promise<Endpoint | null>;
  remove(id: string): Promise<boolean>;
  /** Adds to the calls that were dropped because too many waited. */
  countDropped(id: string, calls: number): Promise<void>;
  /** The endpoint of a batch, made at the first call. */
  ofBatch(batchId: BatchId, webhook: { url: string; secret: string | null }): Promise<Endpoint>;
}

const keyOf = (id: string): string | null =>
  /^wh[0-9a-z]{10,40}$/.test(id) ? STANDING + id : /^b[0-9a-z]{10,40}$/.test(id) ? OF_BATCH + id : null;
const isStanding = (id: string): boolean => id.startsWith('wh');

/** `wh`, nine characters of time, so that endpoints sort by it, and twelve random ones. */
const newId = (nowMs: number): string => `wh${nowMs.toString(36).padStart(9, '0')}${randomBytes(6).toString('hex')}`;

/** The batch that an endpoint's id names; `null` for standing endpoints. */
export const batchOf = (endpointId: string): string | null => (endpointId.startsWith('b') ? endpointId.slice(1) : null);

/** The secrets that sign a call now, the current one first. Empty when none is valid by the specification. */
export function signingSecrets(endpoint: Endpoint, fallback: string | null, nowMs: number): WebhookSecret[] {
  const current = endpoint.secret ?? fallback;
  const earlier = endpoint.previous.filter(({ untilMs }) => untilMs > nowMs).map(({ secret }) => secret);
  return [...(current === null ? [] : [current]), ...earlier].flatMap((text) => parseSecret(text) ?? []);
}

/** `endpoint` with a new secret. The old one also signs for {@link ROTATION_MS}. */
export function withNewSecret(endpoint: Endpoint, secret: WebhookSecret, nowMs: number): Endpoint {
  const earlier = endpoint.previous.filter(({ untilMs }) => untilMs > nowMs);
  const replaced = endpoint.secret === null ? [] : [{ secret: endpoint.secret, untilMs: nowMs + ROTATION_MS }];
  const previous = [...replaced, ...earlier].filter((old) => old.secret !== secret).slice(0, MAX_SECRETS - 1);
  return { ...endpoint, secret, previous };
}

export function createEndpoints(documents: DocumentStore, now: () => number = Date.now): Endpoints {
  let known: { atMs: number; endpoints: Promise<Endpoint[]> } | null = null;

  const read = (json: string): Endpoint => JSON.parse(json) as Endpoint;

  const list = async (): Promise<Endpoint[]> => {
    const found = await documents.list(STANDING, { nowMs: now(), afterKey: null, limit: MAX_ENDPOINTS * 2 });
    return found.map(({ json }) => read(json));
  };

  const places = createPlaces({
    documents,
    known: async () => (await list()).map(({ id }) => id),
    most: MAX_ENDPOINTS,
    now,
  });

  const listLately = (): Promise<Endpoint[]> => {
    if (known === null || Math.abs(now() - known.atMs) >= FRESH_MS) {
      const endpoints = list();
      known = { atMs: now(), endpoints };
      // A failure is not cached: the next caller reads again.
      endpoints.catch(() => (known = null));
    }
    return known.endpoints;
  };

  const get = async (id: string): Promise<Endpoint | null> => {
    const key = keyOf(id);
    const found = key === null ? null : await documents.get(key, now());
    return found && read(found.json);
  };

  const update: Endpoints['update'] = async (id, change) => {
    const key = keyOf(id);
    if (key === null) return null;
    const { after } = await updateDocument<Endpoint>({
      documents,
      key,
      now,
      change: (before) => before && change(before),
      expireAtMs: ({ createdAtMs }) => (isStanding(id) ? null : createdAtMs + KEEP_BATCH_ENDPOINT_MS),
    });
    known = null;
    return after;
  };

  return {
    list,
    get,
    update,
    async countDropped(id, calls) {
      await update(id, (before) => ({ ...before, dropped: { calls: (before.dropped?.calls ?? 0) + calls, atMs: now() } }));
    },
    async create(wanted) {
      const nowMs = now();
      const endpoint: Endpoint = { ...wanted, id: newId(nowMs), previous: [], createdAtMs: nowMs, disabled: null };
      if (!(await places.take(endpoint.id)))
        throw new QuireError('too-many-webhooks', `There are ${MAX_ENDPOINTS} webhooks already: delete one first.`);
      await documents.put(STANDING + endpoint.id, JSON.stringify(endpoint), { nowMs, ifVersion: 0, expireAtMs: null });
      known = null;
      return endpoint;
    },
    async subscribed(type, as) {
      const endpoints = await (as === 'of now' ? list() : listLately());
      return endpoints.filter(({ events, disabled }) => disabled === null && events.some((pattern) => picks(pattern, type)));
    },
    async remove(id) {
      known = null;
      if (!isStanding(id) || keyOf(id) === null || !(await documents.delete(STANDING + id))) return false;
      // A place that stays taken expires by itself.
      await places.release(id).catch(() => undefined);
      return true;
    },
    async ofBatch(batchId, { url, secret }) {
      const nowMs = now();
      const endpoint: Endpoint = {
        id: `b${batchId}`,
        url,
        events: ['batch.completed'],
        secret,
        previous: [],
        createdAtMs: nowMs,
        disabled: null,
      };
      const options = { nowMs, ifVersion: 0, expireAtMs: nowMs + KEEP_BATCH_ENDPOINT_MS };
      await documents.put(OF_BATCH + endpoint.id, JSON.stringify(endpoint), options);
      return endpoint;
    },
  };
}
