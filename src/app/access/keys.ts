/**
 * The keys of the API: from the store, from a file, and from `API_KEYS`. A process knows all of them, so that no request waits for the
 * store. A signal tells every process of a change at once. Signals may be lost, so each process also looks once a second.
 */
import { isLive, NO_LIMITS, type ApiKey, type NewKey } from '../../domain/access/api-key.ts';
import { SCOPES } from '../../domain/access/scope.ts';
import type { Log } from '../../domain/log.ts';
import { QuireError } from '../../errors.ts';
import type { Store } from '../../storage/store.ts';
import { updateDocument } from '../../storage/update-document.ts';
import { createKeyFile } from './key-file.ts';
import { hashOf, newKeyId, newKeyText } from './secrets.ts';

/** The document with all keys of the store. Once it exists, Quire is never without keys again. */
const DOCUMENT = 'keys';
/** Keys of the store that open something, at most. */
const MOST_KEYS = 500;
/** Revoked keys that are still listed, the latest. */
const MOST_REVOKED = 100;
/** How often the store is asked whether the keys changed, in milliseconds. */
const LOOK_MS = 1_000;

interface Kept {
  keys: Omit<ApiKey, 'from'>[];
}

export interface Keys {
  /** Reads the keys, and follows their changes until `stop`. Rejects when the store is away or the file cannot be read. */
  start(): Promise<void>;
  stop(): void;
  /** Whether requests need a key. */
  required(): boolean;
  /** The key that opens something now; `null` for any other text. */
  find(text: string): ApiKey | null;
  findByHash(hash: string): ApiKey | null;
  /** All keys, as the store has them now, and those of the settings. Revoked ones too. */
  list(): Promise<ApiKey[]>;
  /** Makes a key. `text` is the key itself, which nobody can read again. */
  create(key: NewKey): Promise<{ key: ApiKey; text: string }>;
  /** Revokes a key of the store in every process. Returns the key as it was; `null` when there is none. */
  revoke(id: string): Promise<ApiKey | null>;
}

export interface KeysOptions {
  store: Pick<Store, 'documents' | 'signals'>;
  /** `API_KEYS`. */
  apiKeys: readonly string[];
  /** `API_KEYS_FILE`. */
  file: string | null;
  log: Log;
  now?: () => number;
}

const ofEnvironment = (apiKeys: readonly string[]): ApiKey[] =>
  apiKeys.map((text) => {
    const hash = hashOf(text);
    const id = `env-${hashOf(`quire key id ${text}`).slice(0, 8)}`;
    const always = { createdAtMs: null, expiresAtMs: null, revokedAtMs: null };
    return { id, name: 'API_KEYS', scopes: SCOPES, hash, limits: NO_LIMITS, ...always, from: 'environment' };
  });

/** The live keys, and the latest of the others. */
function trimmed(keys: Kept['keys'], nowMs: number): Kept['keys'] {
  const ended = keys.filter((key) => !isLive(key, nowMs));
  const goes = new Set(ended.slice(0, Math.max(0, ended.length - MOST_REVOKED)));
  return keys.filter((key) => !goes.has(key));
}

export function createKeys({ store, apiKeys, file, log, now = Date.now }: KeysOptions): Keys {
  const { documents, signals } = store;
  const fromEnvironment = ofEnvironment(apiKeys);
  const keyFile = file === null ? null : createKeyFile(file);
  let fromStore: ApiKey[] = [];
  let version = 0;
  let everMade = false;
  let byHash = new Map<string, ApiKey>();
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => undefined;
  let reading: Promise<void> | null = null;
  let failed = false;

  const gather = (): void => {
    byHash = new Map([...fromStore, ...(keyFile?.keys() ?? []), ...fromEnvironment].map((key) => [key.hash, key]));
  };
  gather();

  const readStore = async (): Promise<void> => {
    const found = await documents.get(DOCUMENT, now());
    if (found?.version === version) return;
    version = found?.version ?? 0;
    // Of a store that was emptied meanwhile no key opens anything, and keys stay needed.
    everMade ||= found !== null;
    fromStore = found === null ? [] : (JSON.parse(found.json) as Kept).keys.map((key) => Object.assign(key, { from: 'store' as const }));
  };

  const read = async (): Promise<void> => {
    await Promise.all([readStore(), keyFile?.read()]);
    gather();
  };

  const look = (): void => {
    reading ??= read()
      .then(
        () => {
          if (failed) log.info({}, 'the keys can be read again');
          failed = false;
        },
        // What is known stays: nobody can revoke a key in a store that is away.
        (error: unknown) => {
          if (!failed) log.warn({ err: error }, 'the keys cannot be read; those that are known stay');
          failed = true;
        },
      )
      .finally(() => (reading = null));
  };

  const change = async (alter: (keys: Kept['keys']) => Kept['keys'] | null): Promise<void> => {
    await updateDocument<Kept>({
      documents,
      key: DOCUMENT,
      now,
      change: (before) => {
        const keys = alter(before?.keys ?? []);
        return keys && { keys: trimmed(keys, now()) };
      },
      expireAtMs: () => null,
    });
    await read();
    await signals.publish({ kind: 'keys' });
  };

  const findByHash = (hash: string): ApiKey | null => {
    const key = byHash.get(hash);
    return key !== undefined && isLive(key, now()) ? key : null;
  };

  return {
    async start() {
      await read();
      unsubscribe = signals.subscribe(({ kind }) => {
        // A read that is under way may have begun before the change.
        if (kind === 'keys') void (reading ?? Promise.resolve()).then(look);
      });
      timer = setInterval(look, LOOK_MS).unref();
    },
    stop() {
      clearInterval(timer);
      unsubscribe();
    },
    required: () => everMade || apiKeys.length > 0 || keyFile !== null,
    find: (text) => findByHash(hashOf(text)),
    findByHash,
    async list() {
      await read();
      return [...fromStore, ...(keyFile?.keys() ?? []), ...fromEnvironment];
    },
    async create({ name, scopes, limits, expiresAtMs }) {
      const text = newKeyText();
      const key = { id: newKeyId(), name, scopes, hash: hashOf(text), limits, createdAtMs: now(), expiresAtMs, revokedAtMs: null };
      await change((keys) => {
        if (keys.filter((one) => isLive(one, now())).length >= MOST_KEYS)
          throw new QuireError('too-many-keys', `There are ${MOST_KEYS} keys already: revoke one first.`);
        return [...keys, key];
      });
      return { key: { ...key, from: 'store' }, text };
    },
    async revoke(id) {
      let revoked: Kept['keys'][number] | undefined;
      await change((keys) => {
        revoked = keys.find((key) => key.id === id && key.revokedAtMs === null);
        return revoked === undefined ? null : keys.map((key) => (key === revoked ? { ...key, revokedAtMs: now() } : key));
      });
      return revoked === undefined ? null : { ...revoked, from: 'store' };
    },
  };
}
