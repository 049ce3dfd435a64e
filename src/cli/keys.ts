/** `quire keys create | list | revoke`: keys of the store that the settings name, or of a file. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createAudit } from '../app/access/audit.ts';
import { createKeyFile, writeKeyFile } from '../app/access/key-file.ts';
import { createKeys, type Keys } from '../app/access/keys.ts';
import { hashOf, newKeyId, newKeyText } from '../app/access/secrets.ts';
import { ConfigError, readConfig } from '../config/config.ts';
import { isLive, type ApiKey, type KeyLimits, type NewKey } from '../domain/access/api-key.ts';
import { SCOPES, sortedScopes, type Scope } from '../domain/access/scope.ts';
import type { Log } from '../domain/log.ts';
import { QuireError, StartError } from '../errors.ts';
import { openStore } from '../storage/open-store.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';

const USAGE = `quire keys create --name NAME --scope read,submit,admin [--expires 2031-01-01] [limits]
quire keys list
quire keys revoke ID

The key is written to the standard output, once; Quire keeps only its hash. Running processes know of a change at once.

  --scope                what the key may do: ${SCOPES.join(', ')}; admin does everything
  --expires              when it ends, as a date or RFC 3339
  --requests-per-second, --links-per-day, --waiting-jobs
                         what the key may use; without them there is no limit
  --file PATH            keys of this file (API_KEYS_FILE) instead of the store

The store is the one that REDIS_URL, DATABASE_URL or DATA_DIR names. The embedded store belongs to one process: stop Quire first, or use
POST /keys, GET /keys and DELETE /keys/{keyId} of the running one. More: docs/keys.md
`;

/** Wrong arguments. The message is for the operator. */
class BadArguments extends Error {}

export interface KeysCommand {
  /** What follows `keys`. */
  args: readonly string[];
  env: Record<string, string | undefined>;
  output: { write(text: string): unknown };
  errors: { write(text: string): unknown };
}

const OPTIONS = {
  name: { type: 'string' },
  scope: { type: 'string' },
  expires: { type: 'string' },
  file: { type: 'string' },
  'requests-per-second': { type: 'string' },
  'links-per-day': { type: 'string' },
  'waiting-jobs': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}

function limitOf(values: Values, option: 'requests-per-second' | 'links-per-day' | 'waiting-jobs'): number | null {
  const text = values[option];
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new BadArguments(`--${option} must be a whole number from 1 to 999999999.`);
  return Number(text);
}

function newKeyOf(values: Values): NewKey {
  const name = values.name?.trim() ?? '';
  if (name === '' || name.length > 100) throw new BadArguments('--name must say in 1 to 100 characters who or what gets the key.');
  const scopes = (values.scope ?? '').split(',').map((scope) => scope.trim());
  const wrong = scopes.find((scope) => !SCOPES.some((known) => known === scope));
  if (wrong !== undefined)
    throw new BadArguments(`--scope must be one or more of ${SCOPES.join(', ')}, with commas, but has ${JSON.stringify(wrong)}.`);
  const expiresAtMs = values.expires === undefined ? null : Date.parse(values.expires);
  if (expiresAtMs !== null && !(expiresAtMs > Date.now()))
    throw new BadArguments('--expires must be a time in the future, such as 2031-01-01.');
  const limits: KeyLimits = {
    requestsPerSecond: limitOf(values, 'requests-per-second'),
    linksPerDay: limitOf(values, 'links-per-day'),
    waitingJobs: limitOf(values, 'waiting-jobs'),
  };
  return { name, scopes: sortedScopes(scopes as Scope[]), limits, expiresAtMs };
}

/** What the command needs of a place where keys are kept. */
type Place = Pick<Keys, 'create' | 'list' | 'revoke'>;

/** The keys of a file. */
async function inFile(path: string): Promise<Place> {
  const file = createKeyFile(path);
  if (existsSync(path)) await file.read();
  return {
    list: async () => file.keys(),
    async create(wanted) {
      const text = newKeyText();
      const key: ApiKey = { ...wanted, id: newKeyId(), hash: hashOf(text), createdAtMs: Date.now(), revokedAtMs: null, from: 'file' };
      await writeKeyFile(path, [...file.keys(), key]);
      return { key, text };
    },
    async revoke(id) {
      const key = file.keys().find((one) => one.id === id);
      if (key === undefined) return null;
      await writeKeyFile(
        path,
        file.keys().filter((one) => one !== key),
      );
      return key;
    },
  };
}

/** Runs `work` on the keys of the store, and writes changes to the audit log. */
async function inStore({ env, errors }: KeysCommand, work: (place: Place) => Promise<number>): Promise<number> {
  const quiet = (): void => undefined;
  const log: Log = { trace: quiet, debug: quiet, info: quiet, warn: (_fields, message) => void errors.write(`${message}\n`), error: quiet };
  const config = readConfig(env);
  const store = openStore(config, () => undefined);
  try {
    await store.start();
    const keys = createKeys({ store, apiKeys: config.apiKeys, file: config.apiKeysFile, log });
    const audit = createAudit({ store, log });
    const note = (action: string, target: string): Promise<void> =>
      audit.add({ name: null, keyId: null, from: 'command line', action, target, status: null });
    return await work({
      list: keys.list,
      async create(wanted) {
        const made = await keys.create(wanted);
        await note('createKey', `${made.key.id} ${JSON.stringify(wanted.name)} (${wanted.scopes.join(', ')})`);
        return made;
      },
      async revoke(id) {
        const revoked = await keys.revoke(id);
        if (revoked !== null) await note('revokeKey', id);
        return revoked;
      },
    });
  } finally {
    await store.stop();
  }
}

function rowOf(key: ApiKey): string[] {
  const day = (ms: number | null): string => (ms === null ? '-' : new Date(ms).toISOString().slice(0, 16).replace('T', ' '));
  const state = key.revokedAtMs !== null ? 'revoked' : isLive(key, Date.now()) ? 'live' : 'expired';
  return [key.id, state, key.from, key.scopes.join(','), day(key.createdAtMs), day(key.expiresAtMs), key.name];
}

function table(keys: readonly ApiKey[]): string {
  const rows = [['ID', 'STATE', 'FROM', 'SCOPES', 'CREATED (UTC)', 'EXPIRES (UTC)', 'NAME'], ...keys.map(rowOf)];
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((text, at) => text.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

/** What the arguments ask for. It runs on either place. */
function workOf({ args, output, errors }: KeysCommand): { file: string | undefined; work: (place: Place) => Promise<number> } | null {
  const { values, positionals } = parse(args);
  const [verb, id, ...more] = positionals;
  if (values.help) return null;
  const { file } = values;
  if (more.length > 0) throw new BadArguments(`${verb} takes no ${JSON.stringify(more[0])}.`);
  switch (verb) {
    case 'create': {
      if (id !== undefined) throw new BadArguments(`create takes no ${JSON.stringify(id)}: use --name.`);
      const wanted = newKeyOf(values);
      return {
        file,
        async work(place) {
          const { key, text } = await place.create(wanted);
          output.write(`${text}\n`);
          errors.write(`That is the key ${key.id} (${key.name}: ${key.scopes.join(', ')}). It is shown this once: keep it now.\n`);
          return 0;
        },
      };
    }
    case 'list':
      return {
        file,
        async work(place) {
          output.write(table(await place.list()));
          return 0;
        },
      };
    case 'revoke':
      if (id === undefined) throw new BadArguments('revoke needs the ID of a key, which `quire keys list` tells.');
      return {
        file,
        async work(place) {
          if ((await place.revoke(id)) !== null) {
            errors.write(`The key ${id} is revoked: it opens nothing any more.\n`);
            return 0;
          }
          errors.write(`There is no key ${id} that could be revoked here. Keys of API_KEYS and of a file are changed there.\n`);
          return EXIT.failed;
        },
      };
    default:
      throw new BadArguments(verb === undefined ? 'keys needs create, list or revoke.' : `keys knows no ${JSON.stringify(verb)}.`);
  }
}

/** Runs the command. Resolves to the exit code, and writes failures to `errors`. */
export async function runKeys(command: KeysCommand): Promise<number> {
  const { output, errors } = command;
  try {
    const asked = workOf(command);
    if (asked === null) {
      output.write(USAGE);
      return 0;
    }
    return asked.file === undefined ? await inStore(command, asked.work) : await asked.work(await inFile(asked.file));
  } catch (error) {
    if (error instanceof BadArguments) {
      errors.write(`${error.message}\n\n${USAGE}`);
      return EXIT.commandLine;
    }
    const isSentence = error instanceof QuireError || error instanceof ConfigError || error instanceof StartError;
    errors.write(`${isSentence ? error.message : ((error as Error).stack ?? String(error))}\n`);
    return exitCodeOf(error);
  }
}
