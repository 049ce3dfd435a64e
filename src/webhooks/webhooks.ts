/** What the API does with webhooks: create, show, rotate and delete them, and read their deliveries. */
import { foreignCursor, QuireError, type Fault } from '../errors.ts';
import type { Deliveries, Delivery } from './deliveries.ts';
import { batchOf, withNewSecret, type Endpoint, type Endpoints } from './endpoints.ts';
import { EVENT_TYPES, isPattern, parseDeliveryId, type DeliveryId } from './events/event.ts';
import { faultOfFilter } from './events/filter.ts';
import { newSecret, parseSecret, SECRET_FORM, type WebhookSecret } from './sending/signing.ts';
import type { TargetGuard } from './sending/target-guard.ts';
import type { DeliveryView, Webhooks, WebhookView } from './webhook-view.ts';
import { iso, isoOrNull } from '../domain/time/iso.ts';

export interface WebhooksOptions {
  endpoints: Endpoints;
  deliveries: Deliveries;
  guard: TargetGuard;
  /** Signs the calls of batches that gave no secret; `null`: such batches must give one. */
  defaultSecret: string | null;
  now?: () => number;
}

function invalid(pointer: string, detail: string): never {
  throw new QuireError('invalid-request', detail, { errors: [{ pointer, detail }] });
}

function readSecret(text: string, pointer: string): WebhookSecret {
  return parseSecret(text) ?? invalid(pointer, `The secret must be ${SECRET_FORM}.`);
}

function readPatterns(events: string[] | undefined): string[] {
  const patterns = events ?? ['*'];
  if (patterns.length === 0) invalid('/events', 'Name at least one event.');
  patterns.forEach((pattern, at) => {
    if (!isPattern(pattern))
      invalid(
        `/events/${at}`,
        `${JSON.stringify(pattern.slice(0, 60))} matches no event: there are ${EVENT_TYPES.join(', ')}, patterns such as batch.* and *.`,
      );
  });
  return [...new Set(patterns)];
}

function toDeliveryView(delivery: Delivery): DeliveryView {
  const { id, endpointId, type, state, createdAtMs, settledAtMs, nextAttemptAtMs, attempts, note } = delivery;
  const batchId = batchOf(endpointId);
  return {
    id,
    webhookId: batchId === null ? endpointId : null,
    batchId,
    type,
    state,
    createdAt: iso(createdAtMs),
    settledAt: isoOrNull(settledAtMs),
    nextAttemptAt: isoOrNull(nextAttemptAtMs),
    attempts: attempts.map(({ atMs, durationMs, status, error }) => ({ at: iso(atMs), durationMs, status, error })),
    note,
  };
}

/** The same refusal, with a pointer into the request as it was sent. */
function pointTo(error: unknown, pointer: string): unknown {
  if (!(error instanceof QuireError) || !error.errors) return error;
  const errors: Fault[] = error.errors.map(({ detail }) => ({ pointer, detail }));
  return new QuireError(error.code, error.message, { errors });
}

export function createWebhooks({ endpoints, deliveries, guard, defaultSecret, now = Date.now }: WebhooksOptions): Webhooks {
  const toView = ({ id, url, events, filter, format, disabled, createdAtMs, previous, dropped }: Endpoint): WebhookView => {
    const nowMs = now();
    const until = Math.max(0, ...previous.map(({ untilMs }) => untilMs));
    return {
      id,
      url,
      events,
      filter: filter ?? null,
      format: format ?? 'json',
      state: disabled ? 'disabled' : 'enabled',
      disabledReason: disabled?.reason ?? null,
      createdAt: iso(createdAtMs),
      previousSecretUntil: until > nowMs ? iso(until) : null,
      droppedCalls: dropped?.calls ?? 0,
      droppedAt: isoOrNull(dropped?.atMs ?? null),
    };
  };

  const unknown = (id: string): never => {
    throw new QuireError('webhook-unknown', `There is no webhook ${JSON.stringify(id.slice(0, 60))}.`);
  };
  const standing = async (id: string): Promise<Endpoint> => (id.startsWith('wh') ? await endpoints.get(id) : null) ?? unknown(id);

  const named = async (id: string): Promise<Delivery> => {
    const parsed = parseDeliveryId(id);
    const found = parsed && (await deliveries.get(parsed.id));
    if (!found)
      throw new QuireError('delivery-unknown', `There is no delivery ${JSON.stringify(id.slice(0, 80))}: deliveries are kept for 7 days.`);
    return found;
  };

  const readCursor = (cursor: string | null, endpointId: string): DeliveryId | null => {
    if (cursor === null) return null;
    const parsed = parseDeliveryId(cursor);
    if (parsed?.endpointId !== endpointId) throw foreignCursor();
    return parsed.id;
  };

  return {
    async create({ url, events, filter, format, secret: given }) {
      const patterns = readPatterns(events);
      const fault = filter && faultOfFilter(filter);
      if (fault) invalid(fault.pointer, fault.detail);
      const secret = given === undefined ? newSecret() : readSecret(given, '/secret');
      const target = await guard.check(url);
      return {
        ...toView(
          await endpoints.create({ url: target.url.href, events: patterns, secret, ...(filter && { filter }), ...(format && { format }) }),
        ),
        secret,
      };
    },
    list: async () => (await endpoints.list()).map(toView),
    get: async (id) => toView(await standing(id)),
    async remove(id) {
      if (!(await endpoints.remove(id))) unknown(id);
    },
    async rotate(id, given) {
      const secret = given === undefined ? newSecret() : readSecret(given, '/secret');
      await standing(id);
      const rotated = (await endpoints.update(id, (endpoint) => withNewSecret(endpoint, secret, now()))) ?? unknown(id);
      return { ...toView(rotated), secret };
    },
    async enable(id) {
      await standing(id);
      return toView((await endpoints.update(id, (endpoint) => ({ ...endpoint, disabled: null }))) ?? unknown(id));
    },
    async deliveries(id, { cursor, limit }) {
      await standing(id);
      const found = await deliveries.list(id, { after: readCursor(cursor, id), limit: limit + 1 });
      const page = found.slice(0, limit);
      return { deliveries: page.map(toDeliveryView), cursor: found.length > limit ? (page.at(-1)?.id ?? null) : null };
    },
    async deliveriesOfBatch(batchId) {
      if (!/^[0-9a-z]{10,32}$/.test(batchId)) return [];
      return (await deliveries.list(`b${batchId}`, { after: null, limit: 10 })).map(toDeliveryView);
    },
    async delivery(id) {
      const delivery = await named(id);
      return { ...toDeliveryView(delivery), payload: JSON.parse(delivery.body) as object };
    },
    async redeliver(id) {
      const { endpointId, id: deliveryId } = await named(id);
      const endpoint = await endpoints.get(endpointId);
      if (!endpoint) return unknown(endpointId);
      if (endpoint.disabled)
        throw new QuireError(
          'webhook-disabled',
          `The webhook is disabled. ${endpoint.disabled.reason} Enable it first: POST /webhooks/${endpointId}/enable.`,
        );
      const delivery = await deliveries.redeliver(deliveryId);
      return toDeliveryView(delivery ?? (await named(id)));
    },
    async checkBatchWebhook({ url, secret }, from) {
      const pointer = (member: 'url' | 'secret'): string => (from === 'body' ? `/webhook/${member}` : '/query/webhook');
      if (secret !== null) readSecret(secret, pointer('secret'));
      else if (defaultSecret === null) {
        invalid(
          pointer('secret'),
          `Calls are signed: send a JSON body with {"urls": […], "webhook": {"url": "…", "secret": "…"}}, where the secret is ${SECRET_FORM}, or set WEBHOOK_SECRET.`,
        );
      }
      try {
        await guard.check(url);
      } catch (error) {
        throw pointTo(error, pointer('url'));
      }
    },
  };
}
