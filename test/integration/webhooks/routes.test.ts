import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installJsonBodies } from '../../../src/http/plugins/body-parsing.ts';
import { installErrorHandling } from '../../../src/http/plugins/error-handling.ts';
import { deliveryRoutes } from '../../../src/http/routes/deliveries.ts';
import { webhookRoutes } from '../../../src/http/routes/webhooks.ts';
import { ProblemSchema } from '../../../src/http/schemas/problem.ts';
import { createCheck, validatorCompiler } from '../../../src/http/plugins/validation.ts';
import {
  DeliveryDetailSchema,
  DeliveryPageSchema,
  WebhookListSchema,
  WebhookSchema,
  WebhookWithSecretSchema,
} from '../../../src/http/schemas/webhook.ts';
import { newSecret, parseSecret } from '../../../src/webhooks/sending/signing.ts';
import { holdAnswer } from '../../support/hold-answers.ts';
import { redisStore, type MadeStore } from '../../support/stores.ts';
import { createParts, finishedBatch } from './rig.ts';

const URL_GIVEN = 'https://receiver.example.com/quire';

describe('the routes of webhooks', () => {
  let made: MadeStore;
  let app: FastifyInstance;
  let parts: ReturnType<typeof createParts>;
  beforeAll(async () => {
    made = await redisStore.make();
    parts = createParts(made.store, {
      resolve: (host) => Promise.resolve(host.endsWith('.example.com') ? ['93.184.215.14'] : ['10.0.0.1']),
    });
    app = Fastify();
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(() => JSON.stringify);
    app.addSchema(ProblemSchema);
    installErrorHandling(app);
    installJsonBodies(app);
    await app.register(webhookRoutes, { deps: parts });
    await app.register(deliveryRoutes, { deps: parts });
    await app.ready();
  });
  afterAll(async () => {
    await app.close();
    await made.cleanup();
  });

  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) => {
    const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    holdAnswer({
      method,
      path: url,
      status: answer.statusCode,
      headers: new Headers(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
      body: answer.body,
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? null : answer.json() };
  };

  it('create one, and show its secret only then', async () => {
    const { status, headers, body } = await ask('POST', '/webhooks', { url: URL_GIVEN });
    expect(status).toBe(201);
    expect(createCheck(WebhookWithSecretSchema)(body)).toMatchObject({
      url: URL_GIVEN,
      events: ['*'],
      state: 'enabled',
      disabledReason: null,
      previousSecretUntil: null,
    });
    expect(headers).toMatchObject({ location: `/webhooks/${body.id}`, 'cache-control': 'no-store' });
    expect(parseSecret(body.secret)).toBe(body.secret);

    const shown = [await ask('GET', '/webhooks'), await ask('GET', `/webhooks/${body.id}`)];
    expect(createCheck(WebhookListSchema)(shown[0]?.body)).toMatchObject({ webhooks: [{ id: body.id, url: URL_GIVEN }] });
    expect(createCheck(WebhookSchema)(shown[1]?.body)).toMatchObject({ id: body.id });
    expect(JSON.stringify(shown)).not.toContain('whsec_');

    expect(await ask('DELETE', `/webhooks/${body.id}`)).toMatchObject({ status: 204, body: null });
    expect((await ask('DELETE', `/webhooks/${body.id}`)).body).toMatchObject({ status: 404, code: 'webhook-unknown' });
    expect((await ask('GET', '/webhooks')).body).toEqual({ webhooks: [] });
  });

  it('take a secret and patterns', async () => {
    const secret = newSecret();
    const { status, body } = await ask('POST', '/webhooks', { url: URL_GIVEN, events: ['batch.*', 'book.parsed', 'batch.*'], secret });
    expect([status, body.events, body.secret]).toEqual([201, ['batch.*', 'book.parsed'], secret]);
    await ask('DELETE', `/webhooks/${body.id}`);
  });

  it.each([
    [{}, 'invalid-request', ''],
    [{ url: 5 }, 'invalid-request', '/url'],
    [{ url: 'http://receiver.example.com/' }, 'webhook-target-refused', '/url'],
    [{ url: 'https://user:pass@receiver.example.com/' }, 'webhook-target-refused', '/url'],
    [{ url: 'https://internal.example.org/' }, 'webhook-target-refused', '/url'],
    [{ url: 'https://169.254.169.254/' }, 'webhook-target-refused', '/url'],
    [{ url: URL_GIVEN, events: [] }, 'invalid-request', '/events'],
    [{ url: URL_GIVEN, events: ['*', '*', 'page.*'] }, 'invalid-request', '/events/2'],
    [{ url: URL_GIVEN, events: ['*', 'batch.ended'] }, 'invalid-request', '/events/1'],
    [{ url: URL_GIVEN, secret: 'hunter2' }, 'invalid-request', '/secret'],
    [{ url: URL_GIVEN, secret: `whsec_${'a'.repeat(16)}` }, 'invalid-request', '/secret'],
    [{ url: URL_GIVEN, colour: 'red' }, 'invalid-request', '/colour'],
  ])('refuse %j', async (payload, code, pointer) => {
    const { status, headers, body } = await ask('POST', '/webhooks', payload);
    expect([status, body.code, headers['content-type']]).toEqual([400, code, expect.stringContaining('application/problem+json')]);
    expect(body.errors[0].pointer).toBe(pointer);
    expect(JSON.stringify(body)).not.toContain('hunter2');
  });

  it('rotate the secret, with and without a body', async () => {
    const { body: before } = await ask('POST', '/webhooks', { url: URL_GIVEN });
    const first = await ask('POST', `/webhooks/${before.id}/rotate`);
    expect(first.status).toBe(200);
    expect(first.body.secret).not.toBe(before.secret);
    expect(Date.parse(first.body.previousSecretUntil)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    const secret = newSecret();
    expect((await ask('POST', `/webhooks/${before.id}/rotate`, { secret })).body.secret).toBe(secret);
    expect((await ask('POST', `/webhooks/${before.id}/rotate`, { secret: 'x' })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/secret' }],
    });
    expect(JSON.stringify((await ask('GET', `/webhooks/${before.id}`)).body)).not.toContain('whsec_');
    await ask('DELETE', `/webhooks/${before.id}`);
  });

  it('show deliveries, page by page, and one with its payload', async () => {
    const { body: webhook } = await ask('POST', '/webhooks', { url: URL_GIVEN });
    const batches = [
      await finishedBatch(made.store),
      await finishedBatch(made.store),
      await finishedBatch(made.store, { url: URL_GIVEN, secret: newSecret() }),
    ];
    await parts.announcer.round();
    const page = await ask('GET', `/webhooks/${webhook.id}/deliveries?limit=2`);
    expect(createCheck<{ deliveries: unknown[] }>(DeliveryPageSchema)(page.body).deliveries).toHaveLength(2);
    expect(page.headers.link).toBe(`</webhooks/${webhook.id}/deliveries?limit=2&cursor=${page.body.cursor}>; rel="next"`);
    const last = await ask('GET', `/webhooks/${webhook.id}/deliveries?limit=2&cursor=${page.body.cursor}`);
    expect([last.body.deliveries.length, last.body.cursor, last.headers.link]).toEqual([1, null, undefined]);

    const detail = await ask('GET', `/deliveries/${page.body.deliveries[0].id}`);
    expect(createCheck(DeliveryDetailSchema)(detail.body)).toMatchObject({
      webhookId: webhook.id,
      batchId: null,
      state: 'pending',
      payload: { type: 'batch.completed' },
    });
    expect((await ask('GET', `/deliveries?batchId=${batches[2]}`)).body.deliveries).toMatchObject([
      { batchId: batches[2], webhookId: null },
    ]);
    expect((await ask('GET', `/deliveries?batchId=${batches[0]}`)).body.deliveries).toEqual([]);
    expect((await ask('GET', '/deliveries?batchId=../x')).body.deliveries).toEqual([]);

    const again = await ask('POST', `/deliveries/${detail.body.id}/redeliver`);
    expect([again.status, again.headers.location, again.body.state]).toEqual([202, `/deliveries/${detail.body.id}`, 'pending']);
    await ask('DELETE', `/webhooks/${webhook.id}`);
  });

  it('answer 404 for unknown ids', async () => {
    const id = 'wh0mhf5k2x3aabbccddeeff';
    const delivery = `${id}-${'0'.repeat(25)}`;
    const batchEndpoint = `b${await finishedBatch(made.store, { url: URL_GIVEN, secret: newSecret() })}`;
    await parts.announcer.round();
    for (const [method, path, code] of [
      ['GET', `/webhooks/${id}`, 'webhook-unknown'],
      // A batch's own webhook is none of these.
      ['GET', `/webhooks/${batchEndpoint}`, 'webhook-unknown'],
      ['DELETE', `/webhooks/${batchEndpoint}`, 'webhook-unknown'],
      ['POST', `/webhooks/${batchEndpoint}/rotate`, 'webhook-unknown'],
      ['GET', '/webhooks/..%2fidempotency', 'webhook-unknown'],
      ['POST', `/webhooks/${id}/rotate`, 'webhook-unknown'],
      ['POST', `/webhooks/${id}/enable`, 'webhook-unknown'],
      ['GET', `/webhooks/${id}/deliveries`, 'webhook-unknown'],
      ['GET', `/deliveries/${delivery}`, 'delivery-unknown'],
      ['POST', `/deliveries/${delivery}/redeliver`, 'delivery-unknown'],
      ['GET', '/deliveries/nonsense', 'delivery-unknown'],
    ] as const) {
      expect((await ask(method, path)).body, `${method} ${path}`).toMatchObject({ status: 404, code });
    }
  });

  it('accept a hundred, and refuse more', async () => {
    await Promise.all(Array.from({ length: 100 }, () => parts.endpoints.create({ url: URL_GIVEN, events: ['*'], secret: newSecret() })));
    expect((await ask('POST', '/webhooks', { url: URL_GIVEN })).body).toMatchObject({ status: 409, code: 'too-many-webhooks' });
    const { body } = await ask('GET', '/webhooks');
    await Promise.all(body.webhooks.map(({ id }: { id: string }) => parts.endpoints.remove(id)));
  });

  it('check the webhook of a batch before it is accepted', async () => {
    const { checkBatchWebhook } = parts.webhooks;
    await expect(checkBatchWebhook({ url: URL_GIVEN, secret: newSecret() }, 'body')).resolves.toBeUndefined();
    for (const [webhook, from, code, pointer] of [
      [{ url: 'https://10.0.0.1/', secret: newSecret() }, 'body', 'webhook-target-refused', '/webhook/url'],
      [{ url: URL_GIVEN, secret: 'hunter2' }, 'body', 'invalid-request', '/webhook/secret'],
      [{ url: URL_GIVEN, secret: null }, 'body', 'invalid-request', '/webhook/secret'],
      [{ url: URL_GIVEN, secret: null }, 'query', 'invalid-request', '/query/webhook'],
    ] as const) {
      await expect(checkBatchWebhook(webhook, from)).rejects.toMatchObject({
        code,
        errors: [{ pointer }],
        message: expect.not.stringContaining('hunter2'),
      });
    }
  });
});
