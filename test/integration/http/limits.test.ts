/** The limits of keys on the wire. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { linkTo } from './scene.ts';

let quire: TestQuire;
let admin: Record<string, string>;
const json = { 'content-type': 'application/json' };

async function keyWith(name: string, limits: object = {}): Promise<Record<string, string>> {
  const { body } = await quire.get('/keys', {
    method: 'POST',
    headers: { ...json, ...admin },
    body: JSON.stringify({ name, scopes: ['read', 'submit'], limits }),
  });
  return { ...json, authorization: `Bearer ${body.key}` };
}

const submit = (headers: Record<string, string>, ids: number[], query = '') =>
  quire.get(`/parse-links${query}`, { method: 'POST', headers, body: JSON.stringify(ids.map(linkTo)) });
const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at);

beforeAll(async () => {
  const settings = { API_KEYS: 'a-key-of-ours' };
  quire = await startQuire('redis', { settings });
  admin = { 'x-api-key': 'a-key-of-ours' };
});
afterAll(() => quire.stop());

describe('limits', () => {
  it('are told on every answer, and end in 429', async () => {
    const headers = await keyWith('few', { requestsPerSecond: 1 });
    const answers = await Promise.all(numbers(0, 6).map(() => quire.get('/stats', { headers })));
    const refused = answers.find(({ status }) => status === 429);
    expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"requests";q=1;w=1');
    expect([refused?.body.code, refused?.headers.get('ratelimit')]).toEqual(['quota-exceeded', '"requests";r=0;t=1']);
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await quire.get('/stats', { headers: admin })).headers.get('ratelimit')).toBeNull();
  });

  it('count links and waiting jobs of submissions', async () => {
    const headers = await keyWith('some', { linksPerDay: 5, waitingJobs: 100 });
    const first = await submit(headers, numbers(1_000_900_000, 3));
    expect([first.status, first.headers.get('ratelimit-policy')]).toEqual([
      202,
      '"waiting";q=100;qu="jobs", "links";q=5;qu="links";w=86400',
    ]);
    expect(first.headers.get('ratelimit')).toMatch(/^"waiting";r=100, "links";r=2;t=\d+$/);
    const second = await submit(headers, numbers(1_000_900_010, 3));
    expect([second.status, second.body.code, second.headers.get('ratelimit')]).toEqual([
      429,
      'quota-exceeded',
      expect.stringMatching(/^"links";r=2;t=\d+$/),
    ]);
    const tooMany = await submit(headers, numbers(1_000_900_010, 101));
    expect(tooMany.body.detail).toContain('100 waiting jobs');
  });
});
