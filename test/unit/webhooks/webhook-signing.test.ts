import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { ROTATION_MS, signingSecrets, withNewSecret, type Endpoint } from '../../../src/webhooks/endpoints.ts';
import { newSecret, parseSecret, signedHeaders } from '../../../src/webhooks/sending/signing.ts';

const of = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
const body = '{"type":"batch.completed","data":{"title":"Ярость ☕"}}';

describe('secrets', () => {
  it('are valid and different when they are created', () => {
    const made = newSecret();
    expect(parseSecret(made)).toBe(made);
    expect(newSecret()).not.toBe(made);
  });

  it.each([of(24), of(25), of(26), of(32), of(64)])('takes %s', (text) => {
    expect(parseSecret(text)).toBe(text);
  });

  it.each([
    '',
    'whsec_',
    of(23),
    of(65),
    of(32).slice(6),
    of(32).slice(0, -1),
    `${of(32)} `,
    'whsec_not base64 at all, however long it may be',
    of(32).replace('whsec_', 'WHSEC_'),
    of(24).replaceAll('B', '-'),
  ])('refuses %j', (text) => {
    expect(parseSecret(text)).toBeNull();
  });
});

describe('signatures', () => {
  it('are what the library of the specification verifies', () => {
    const secret = newSecret();
    const headers = signedHeaders({ id: 'wh1-2', body, secrets: [secret], nowMs: Date.now() });
    expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secret).verify(body.replace('completed', 'cancelled'), headers)).toThrow(/signature/);
    expect(() => new Webhook(secret).verify(body, { ...headers, 'webhook-id': 'wh1-3' })).toThrow(/signature/);
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow(/signature/);
  });

  it('match the specification for a known input', () => {
    const secrets = [parseSecret('whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD') ?? newSecret()];
    const headers = signedHeaders({
      id: 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      body: '{"email":"test@example.com","username":"test_user"}',
      secrets,
      nowMs: 1_649_367_553_999,
    });
    expect(headers).toEqual({
      'webhook-id': 'msg_27UH4WbU6Z5A5EzD8u03UvzRbpk',
      'webhook-timestamp': '1649367553',
      'webhook-signature': 'v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=',
    });
  });
});

describe('rotation', () => {
  const nowMs = 1_800_000_000_000;
  const first = newSecret();
  const endpoint: Endpoint = {
    id: 'wh1',
    url: 'https://receiver.example.com/',
    events: ['*'],
    secret: first,
    previous: [],
    createdAtMs: nowMs,
    disabled: null,
  };

  it('signs with both secrets for a day, so that a receiver may have either', () => {
    const second = newSecret();
    const rotated = withNewSecret(endpoint, second, nowMs);
    const during = signingSecrets(rotated, null, nowMs + ROTATION_MS - 1);
    expect(during).toEqual([second, first]);
    const headers = signedHeaders({ id: 'a', body, secrets: during, nowMs: Date.now() });
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const secret of [first, second]) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(signingSecrets(rotated, null, nowMs + ROTATION_MS)).toEqual([second]);
  });

  it('keeps every secret of the last day when it is rotated again, four at most', () => {
    const secrets = [newSecret(), newSecret(), newSecret(), newSecret(), newSecret()];
    const rotated = secrets.reduce((before, secret, n) => withNewSecret(before, secret, nowMs + n), endpoint);
    expect(signingSecrets(rotated, null, nowMs + 10)).toEqual(secrets.toReversed().slice(0, 4));
    expect(signingSecrets(rotated, null, nowMs + ROTATION_MS + 2)).toEqual([secrets[4], secrets[3], secrets[2]]);
  });

  it('does not sign twice with the same secret', () => {
    expect(signingSecrets(withNewSecret(endpoint, first, nowMs), null, nowMs)).toEqual([first]);
  });

  it('signs for a batch without its own secret with the default, and never with an invalid one', () => {
    expect(signingSecrets({ ...endpoint, secret: null }, first, nowMs)).toEqual([first]);
    expect(signingSecrets({ ...endpoint, secret: null }, null, nowMs)).toEqual([]);
    expect(signingSecrets({ ...endpoint, secret: 'hunter2' }, first, nowMs)).toEqual([]);
  });
});
