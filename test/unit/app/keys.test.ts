/** What the keys of a process do without a store that answers at once: lost signals, times that pass, a file that changes. */
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createKeys, type Keys } from '../../../src/app/access/keys.ts';
import { createSessions } from '../../../src/app/access/sessions.ts';
import { hashOf } from '../../../src/app/access/secrets.ts';
import { NO_LIMITS } from '../../../src/domain/access/api-key.ts';
import { createLogRecorder, createMemoryDocuments } from '../../support/memory-documents.ts';

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

const reader = { name: 'reader', scopes: ['read'], limits: NO_LIMITS, expiresAtMs: null } as const;

async function started(store: ReturnType<typeof createMemoryDocuments>, more: { apiKeys?: string[]; file?: string } = {}) {
  const log = createLogRecorder();
  const keys: Keys = createKeys({ store, apiKeys: more.apiKeys ?? [], file: more.file ?? null, log });
  undo.push(() => keys.stop());
  await keys.start();
  return { keys, log };
}

describe('keys', () => {
  it('are needed from the first key of the store on, also when all are revoked', async () => {
    const store = createMemoryDocuments();
    const { keys } = await started(store);
    expect(keys.required()).toBe(false);
    const { key, text } = await keys.create(reader);
    expect([keys.required(), keys.find(text)?.id, keys.find(key.hash), keys.find('')]).toEqual([true, key.id, null, null]);
    await keys.revoke(key.id);
    expect([keys.required(), keys.find(text), await keys.revoke(key.id)]).toEqual([true, null, null]);
    expect((await started(store)).keys.required()).toBe(true);
  });

  it('of another process are known within a second when the signal is lost', async () => {
    vi.useFakeTimers();
    undo.push(() => vi.useRealTimers());
    const store = createMemoryDocuments();
    const { keys: first } = await started(store);
    const deaf = { ...store, signals: { publish: async () => undefined, subscribe: () => () => undefined } };
    const { keys: second } = await started(deaf);
    const { key, text } = await first.create(reader);
    expect(second.find(text)).toBeNull();
    await vi.advanceTimersByTimeAsync(1000);
    expect(second.find(text)?.id).toBe(key.id);
    await first.revoke(key.id);
    await vi.advanceTimersByTimeAsync(1000);
    expect(second.find(text)).toBeNull();
  });

  it('open nothing after their time, and neither does a session of theirs', async () => {
    vi.useFakeTimers();
    undo.push(() => vi.useRealTimers());
    const store = createMemoryDocuments();
    const { keys } = await started(store);
    const sessions = createSessions({ store, keys });
    const { key, text } = await keys.create({ ...reader, expiresAtMs: Date.now() + 5000 });
    const { token, expiresAtMs } = await sessions.begin(key);
    expect([keys.find(text)?.id, expiresAtMs, (await sessions.find(token))?.key.id]).toEqual([key.id, key.expiresAtMs, key.id]);
    vi.setSystemTime(Date.now() + 5000);
    expect([keys.find(text), await sessions.find(token)]).toEqual([null, null]);
    const { key: lasting } = await keys.create(reader);
    const long = await sessions.begin(lasting);
    vi.setSystemTime(Date.now() + 12 * 3_600_000);
    expect(await sessions.find(long.token)).toBeNull();
  });

  it('that are known stay while the store is away', async () => {
    vi.useFakeTimers();
    undo.push(() => vi.useRealTimers());
    const store = createMemoryDocuments();
    let away = false;
    const get: typeof store.documents.get = async (...args) => {
      if (away) throw new Error('away');
      return store.documents.get(...args);
    };
    const { keys, log } = await started({ ...store, documents: { ...store.documents, get } });
    const { text } = await keys.create(reader);
    away = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect([keys.find(text)?.name, log.lines.map(({ level }) => level)]).toEqual(['reader', ['warn']]);
  });

  it('of API_KEYS do everything', async () => {
    const { keys } = await started(createMemoryDocuments(), { apiKeys: ['first-key', 'second-key'] });
    expect(['first-key', 'second-key', 'first-key ', 'first-ke', ''].map((text) => keys.find(text)?.scopes ?? null)).toEqual([
      ['read', 'submit', 'admin'],
      ['read', 'submit', 'admin'],
      null,
      null,
      null,
    ]);
    expect(keys.required()).toBe(true);
  });

  it('of a file are read again when it changes, and the file is refused where it is wrong', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'quire-keys-'));
    undo.push(() => rm(dir, { recursive: true }));
    const file = join(dir, 'keys.json');
    const write = async (text: string, second: number): Promise<void> => {
      await writeFile(file, text);
      await utimes(file, second, second);
    };
    const content = (key: string): string =>
      JSON.stringify({ keys: [{ id: 'one', name: 'one', scopes: ['submit'], sha256: hashOf(key) }] });
    await expect(started(createMemoryDocuments(), { file })).rejects.toThrow(/^API_KEYS_FILE is .*cannot be read/);
    for (const wrong of ['{', '[]', '{"keys":[{"id":"a","name":"a","scopes":["everything"],"sha256":""}]}']) {
      await write(wrong, 1);
      await expect(started(createMemoryDocuments(), { file })).rejects.toThrow(/^API_KEYS_FILE must be a file that/);
    }
    await write(content('first-key'), 2);
    const { keys } = await started(createMemoryDocuments(), { file });
    expect(keys.find('first-key')).toMatchObject({ id: 'one', scopes: ['submit'], from: 'file' });
    await write(content('second-key'), 3);
    expect((await keys.list()).map(({ hash }) => hash)).toEqual([hashOf('second-key')]);
    expect([keys.find('first-key'), keys.find('second-key')?.id]).toEqual([null, 'one']);
  });
});
