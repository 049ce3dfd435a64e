/** No secret that anybody hands to Quire is in its log, at the most talkative level, whatever becomes of the request. */
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { startRedis } from '../../support/redis-server.ts';
import { ownPrefix, startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const KEY = 'the-api-key-hush-hush';
const PASSWORD = 'store-password-hush-hush';
const SIGNING = `whsec_${Buffer.from('hush-hush-hush-hush-hush').toString('base64')}`;
const ENVIRONMENT = `whsec_${Buffer.from('environment-hush-hush-hu').toString('base64')}`;
const SECRETS = [KEY, PASSWORD, SIGNING, ENVIRONMENT, 'wrong-key-hush-hush', 'hush-hush'];

it('the log shows no key, no password and no secret of a webhook', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  await admin.config('SET', 'requirepass', PASSWORD);
  admin.disconnect();
  const url = new URL(server.url);
  url.password = PASSWORD;
  const log: string[] = [];
  const quire = await startQuire('redis', {
    env: { REDIS_URL: url.href, QUEUE_PREFIX: ownPrefix() },
    settings: { API_KEYS: KEY, WEBHOOK_SECRET: ENVIRONMENT, WEBHOOK_ALLOW_LOOPBACK: 'true', ACCESS_LOG: 'true', DRAIN_SECONDS: '1' },
    log: 'trace',
    onLog: (line) => log.push(line),
  });
  onTestFinished(() => quire.stop());
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
  const hook = { url: `${quire.goodreads.origin}/hook`, secret: SIGNING };
  const send = (path: string, body: unknown, more: object = {}): ReturnType<TestQuire['post']> =>
    quire.post(path, undefined, { body: typeof body === 'string' ? body : JSON.stringify(body), headers: { ...headers, ...more } });
  const urls = [quire.goodreads.ids[0]];

  const made = await send('/webhooks', { url: hook.url, events: ['*'], secret: SIGNING });
  expect(made.status).toBe(201);
  const answers = [
    await send(`/webhooks/${made.body.id}/rotate`, { secret: SIGNING }),
    await send('/parse-links', { urls, webhook: hook }),
    await send('/parse-links', { urls, webhook: { url: hook.url } }),
    // Refused, each for another reason.
    await send('/parse-links', { urls, webhook: { ...hook, url: 'ftp://x' } }),
    await send('/parse-links', `{"webhook":{"secret":"${SIGNING}"`),
    await send(`/parse-links?secret=${SIGNING}&key=${KEY}`, urls),
    await send('/parse-links', urls, { authorization: 'Bearer wrong-key-hush-hush' }),
    await send('/webhooks', { url: hook.url, events: [SIGNING], secret: SIGNING }),
    await quire.get('/books?cursor=hush-hush', { headers: { ...headers, cookie: `key=${KEY}` } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 202, 202, 400, 400, 400, 401, 400, 400]);
  await waitUntil('the batch to end', () => log.some((line) => line.includes('a batch ended')));
  // While the store is away, drivers log what they know of it.
  await server.kill9();
  expect((await quire.get('/batches', { headers })).status).toBe(503);

  expect(log.length).toBeGreaterThan(10);
  expect(log.some((line) => line.includes('the store does not answer'))).toBe(true);
  expect(log.filter((line) => SECRETS.some((secret) => line.includes(secret)))).toEqual([]);
});
