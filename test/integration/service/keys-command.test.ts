/** `quire keys` beside running processes, what the start makes of keys, and what admins did. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runKeys } from '../../../src/cli/keys.ts';
import { startQuire, storeEnvironment, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let env: Record<string, string>;
let cleanUp: () => Promise<void>;
beforeAll(async () => {
  ({ env, cleanUp } = await storeEnvironment('redis'));
});
afterAll(() => cleanUp());

async function run(...args: string[]): Promise<{ code: number; said: string; errors: string }> {
  let [said, errors] = ['', ''];
  const code = await runKeys({
    args,
    env,
    output: { write: (text) => (said += text) },
    errors: { write: (text) => (errors += text) },
  });
  return { code, said, errors };
}

const open = (settings: Record<string, string> = {}): Promise<TestQuire> => startQuire('redis', { role: 'api', env, settings });

describe('quire keys', () => {
  it('makes a key for a start that would be refused without one, and revokes it beside the running process', async () => {
    await expect(open({ HOST: '0.0.0.0' })).rejects.toThrow(/there are no keys: make one with `quire keys create/);
    const { code, said, errors } = await run('create', '--name', 'me', '--scope', 'admin', '--requests-per-second', '1000');
    expect([code, said]).toEqual([0, expect.stringMatching(/^quire_[\w-]{43}\n$/)]);
    const [, id = ''] = /key (k\w+) \(me: admin\)/.exec(errors) ?? [];
    const quire = await open({ HOST: '0.0.0.0' });
    onTestFinished(quire.stop);
    const stats = async (): Promise<number> =>
      (await fetch(`http://127.0.0.1:${new URL(quire.origin).port}/stats`, { headers: { authorization: said.trim() } })).status;
    expect(await stats()).toBe(200);
    expect((await run('list')).said).toMatch(new RegExp(`^${id} +live +store +admin .* me$`, 'm'));
    expect(await run('revoke', id)).toMatchObject({ code: 0, errors: expect.stringContaining('revoked') });
    await waitUntil('the key to be refused', async () => (await stats()) === 401, { timeoutMs: 3000, everyMs: 5 });
    expect((await run('revoke', id)).code).toBe(1);
    expect((await run('list')).said).toMatch(new RegExp(`^${id} +revoked`, 'm'));
    // All keys are revoked, and the door stays closed.
    const closed = await open({ HOST: '0.0.0.0' });
    await closed.stop();
  });

  it('keeps keys in a file', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'quire-keys-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const file = join(dir, 'keys.json');
    const { said } = await run('create', '--file', file, '--name', 'reader', '--scope', 'read');
    await run('create', '--file', file, '--name', 'other', '--scope', 'read, submit', '--expires', '2100-01-01');
    const listed = (await run('list', '--file', file)).said;
    expect(listed).toMatch(/live +file +read,submit .*2100-01-01 00:00 +other/);
    const quire = await open({ API_KEYS_FILE: file });
    onTestFinished(quire.stop);
    const status = async (): Promise<number> => (await quire.get('/stats', { headers: { 'x-api-key': said.trim() } })).status;
    expect(await status()).toBe(200);
    const [, id = ''] = /^(k\w+) .* reader$/m.exec(listed) ?? [];
    expect((await run('revoke', id, '--file', file)).code).toBe(0);
    await waitUntil('the file to be read again', async () => (await status()) === 401, { timeoutMs: 4000, everyMs: 20 });
  });

  it.each([
    [[], /keys needs create, list or revoke/],
    [['make'], /knows no "make"/],
    [['create', '--scope', 'read'], /--name must/],
    [['create', '--name', 'x', '--scope', 'read,all'], /--scope must be one or more of read, submit, admin.*"all"/],
    [['create', '--name', 'x', '--scope', 'read', '--expires', 'soon'], /--expires must be a time/],
    [['create', '--name', 'x', '--scope', 'read', '--links-per-day', '0'], /--links-per-day must be/],
    [['revoke'], /needs the ID/],
    [['list', '--nonsense'], /nonsense/],
  ])('refuses %j', async (args, sentence) => {
    expect(await run(...args)).toMatchObject({ code: 2, said: '', errors: expect.stringMatching(sentence) });
  });
});

describe('the audit log', () => {
  it('tells what admins did and from where, and believes proxies only when they are named', async () => {
    const settings = { API_KEYS: 'a-key-of-ours', TRUST_PROXY: 'loopback' };
    const quire = await open(settings);
    onTestFinished(quire.stop);
    const distrusting = await open({ API_KEYS: 'a-key-of-ours' });
    onTestFinished(distrusting.stop);
    const headers = { 'x-api-key': 'a-key-of-ours', 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.7' };
    await quire.get('/webhooks', { method: 'POST', headers, body: JSON.stringify({ url: 'https://example.org/x', events: ['nonsense'] }) });
    await quire.get('/failures/redrive', { method: 'POST', headers });
    await distrusting.get('/keys', { method: 'POST', headers, body: JSON.stringify({ name: 'reader', scopes: ['read'] }) });
    const audit = (query = '') => quire.get(`/audit${query}`, { headers });
    await waitUntil('the entries', async () => (await audit()).body.entries.length >= 2);
    const { entries } = (await audit('?limit=2')).body;
    expect(entries).toMatchObject([
      { action: 'createKey', from: '127.0.0.1', target: expect.stringMatching(/^POST \/keys: k\w+ "reader" \(read\)$/), status: 201 },
      { action: 'redriveFailures', from: '192.0.2.7', name: 'API_KEYS', keyId: expect.stringMatching(/^env-/), status: 202 },
    ]);
    // What was refused is not told, and what the command line did is.
    const all = (await audit()).body.entries as { action: string; from: string }[];
    expect(all.map(({ action }) => action)).not.toContain('createWebhook');
    expect(all.at(-1)).toMatchObject({ action: 'createKey', from: 'command line' });
    const page = await audit('?limit=1');
    expect(page.headers.get('link')).toContain(`cursor=${page.body.cursor}`);
    expect((await audit(`?limit=1&cursor=${page.body.cursor}`)).body.entries).toEqual(entries.slice(1));
  });
});
