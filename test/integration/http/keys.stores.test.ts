/** Keys, scopes and sessions, with two api processes on one store where it can be shared. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startQuire, type StoreName, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { linkTo } from './scene.ts';

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const json = { 'content-type': 'application/json' };

describe.each(inThisRun<StoreName>(['embedded', 'redis', 'postgres']))('on %s', (name) => {
  let quire: TestQuire;
  /** Another process on the same store. The embedded store has none: then it is the same one. */
  let other: TestQuire;
  let admin: { id: string; key: string };

  const make = async (scopes: string[], more: object = {}): Promise<{ id: string; key: string }> => {
    const headers = admin === undefined ? json : { ...json, ...bearer(admin.key) };
    const made = await quire.post('/keys', undefined, { body: JSON.stringify({ name: scopes.join('-'), scopes, ...more }), headers });
    expect(made.status).toBe(201);
    return made.body as { id: string; key: string };
  };
  const status = async (at: TestQuire, path: string, init: RequestInit): Promise<number> => (await at.get(path, init)).status;
  const signIn = async (key: string): Promise<string> => {
    const { status: said, headers } = await quire.post('/session', { key });
    expect(said).toBe(200);
    return headers.get('set-cookie')?.split(';')[0] ?? '';
  };

  beforeAll(async () => {
    quire = await startQuire(name, { role: name === 'embedded' ? 'all' : 'api' });
    other = name === 'embedded' ? quire : await startQuire(name, { role: 'api', env: quire.env, goodreads: quire.goodreads });
  });
  afterAll(async () => {
    if (other !== quire) await other.stop();
    await quire.stop();
  });

  it('the first key closes every process, and its text is nowhere to be read again', async () => {
    expect((await quire.get('/session')).body).toMatchObject({ keysRequired: false, via: 'none', scopes: ['read', 'submit', 'admin'] });
    expect((await quire.post('/keys', { name: 'a reader', scopes: ['read'] })).body.errors).toMatchObject([{ pointer: '/scopes' }]);
    admin = await make(['admin']);
    expect((await quire.get('/stats')).status).toBe(401);
    await waitUntil('the other process to know', async () => (await other.get('/stats')).status === 401, { timeoutMs: 3000, everyMs: 5 });
    const listed = await quire.get('/keys', { headers: bearer(admin.key) });
    expect(listed.body.keys).toMatchObject([{ id: admin.id, name: 'admin', scopes: ['admin'], from: 'store', revokedAt: null }]);
    const [{ json: kept } = { json: '' }] = await quire.service.store.documents.list('keys', {
      nowMs: Date.now(),
      afterKey: null,
      limit: 9,
    });
    for (const text of [JSON.stringify(listed.body), kept]) expect(text).not.toContain(admin.key);
  });

  it('a key does what its scopes allow, and nothing else', async () => {
    const reader = await make(['read']);
    const submitter = await make(['submit']);
    const post = (key: string): RequestInit => ({
      method: 'POST',
      headers: { ...bearer(key), ...json },
      body: JSON.stringify([linkTo(7)]),
    });
    expect(await status(quire, '/stats', { headers: bearer(reader.key) })).toBe(200);
    expect(await status(quire, '/parse-links', post(reader.key))).toBe(403);
    expect(await status(quire, '/book-info?id=8&submit=true', { headers: bearer(reader.key) })).toBe(403);
    expect(await status(quire, '/keys', { headers: bearer(reader.key) })).toBe(403);
    expect(await status(quire, '/webhooks', { headers: bearer(reader.key) })).toBe(403);
    const refused = await quire.get('/stats', { headers: bearer(submitter.key) });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([403, expect.stringContaining('scope="read"')]);
    expect(refused.body.detail).toContain('needs read');
    expect(await status(quire, '/parse-links', post(submitter.key))).toBe(202);
    expect(await status(quire, '/books/7', { method: 'DELETE', headers: bearer(submitter.key) })).toBe(403);
    expect(await status(quire, '/parse-links', post(admin.key))).toBe(202);
  });

  it('a session opens what its key opens in every process, and changes something only from a page of its own', async () => {
    const cookie = await signIn((await make(['read', 'submit'])).key);
    // The signal of a new key is on its way for a moment.
    await waitUntil(
      'the other process to know the key',
      async () => (await other.get('/session', { headers: { cookie } })).body.name !== null,
    );
    for (const at of [quire, other])
      expect((await at.get('/session', { headers: { cookie } })).body).toMatchObject({
        keysRequired: true,
        via: 'session',
        name: 'read-submit',
        scopes: ['read', 'submit'],
        expiresAt: expect.stringMatching(/^20/),
      });
    expect(await status(other, '/stats', { headers: { cookie } })).toBe(200);
    const submit = (headers: Record<string, string>): RequestInit => ({
      method: 'POST',
      headers: { ...json, ...headers, cookie },
      body: JSON.stringify([linkTo(9)]),
    });
    expect(await status(other, '/parse-links', submit({ 'sec-fetch-site': 'same-origin' }))).toBe(202);
    expect(await status(other, '/parse-links', submit({ origin: other.origin }))).toBe(202);
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ] as Record<string, string>[])
      expect(await status(other, '/parse-links', submit(headers))).toBe(403);
    expect(await status(quire, '/session', { method: 'DELETE', headers: { cookie, 'sec-fetch-site': 'same-origin' } })).toBe(204);
    for (const at of [quire, other]) expect(await status(at, '/stats', { headers: { cookie } })).toBe(401);
  });

  it('a revoked key opens nothing in any process, and its sessions are over', async () => {
    const reader = await make(['read']);
    const cookie = await signIn(reader.key);
    const asks: RequestInit[] = [{ headers: bearer(reader.key) }, { headers: { cookie } }];
    for (const ask of asks)
      await waitUntil('the key to be known', async () => (await status(other, '/stats', ask)) === 200, { everyMs: 5 });
    expect(await status(quire, `/keys/${reader.id}`, { method: 'DELETE', headers: bearer(admin.key) })).toBe(204);
    for (const ask of asks) {
      expect(await status(quire, '/stats', ask)).toBe(401);
      await waitUntil('the key to be refused', async () => (await status(other, '/stats', ask)) === 401, { timeoutMs: 3000, everyMs: 5 });
    }
    expect(await status(quire, `/keys/${reader.id}`, { method: 'DELETE', headers: bearer(admin.key) })).toBe(404);
    const { body } = await quire.get('/session', { headers: { cookie } });
    expect(body).toMatchObject({ keysRequired: true, via: 'none', name: null, scopes: [] });
  });
});
