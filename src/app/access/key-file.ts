/** Keys in a file: `API_KEYS_FILE`. The file has the hashes of its keys, so it may be read by those who run the machine. */
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ApiKey, KeyLimits } from '../../domain/access/api-key.ts';
import { SCOPES, sortedScopes } from '../../domain/access/scope.ts';
import { StartError } from '../../errors.ts';

const Limit = Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]));

const FileSchema = Type.Object({
  keys: Type.Array(
    Type.Object({
      id: Type.String({ pattern: '^[A-Za-z0-9-]{1,40}$' }),
      name: Type.String({ minLength: 1, maxLength: 100 }),
      scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      createdAt: Type.Optional(Type.String()),
      expiresAt: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      limits: Type.Optional(Type.Object({ requestsPerSecond: Limit, linksPerDay: Limit, waitingJobs: Limit })),
    }),
  ),
});

const check = Compile(FileSchema);

const FORM = 'a file that `quire keys create --file` wrote: {"keys": [{"id", "name", "scopes", "sha256"}]}';

const msOf = (text: string | null | undefined): number | null => {
  const ms = text === undefined || text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
};

function parse(path: string, text: string): ApiKey[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new StartError(`API_KEYS_FILE must be ${FORM}, but ${path} is not JSON.`, { cause: error });
  }
  if (!check.Check(content)) {
    const [fault] = check.Errors(content);
    throw new StartError(`API_KEYS_FILE must be ${FORM}, but in ${path} ${fault?.instancePath || 'the whole'} ${fault?.message ?? ''}.`);
  }
  return content.keys.map(({ id, name, scopes, sha256, createdAt, expiresAt, limits = {} }) => {
    // A time that cannot be read must not make a key that never ends.
    const expiresAtMs = expiresAt === undefined || expiresAt === null ? null : (msOf(expiresAt) ?? 0);
    return {
      id,
      name,
      scopes: sortedScopes(scopes),
      hash: sha256,
      limits: limitsOf(limits),
      createdAtMs: msOf(createdAt),
      expiresAtMs,
      revokedAtMs: null,
      from: 'file',
    };
  });
}

const limitsOf = (limits: Partial<Record<keyof KeyLimits, number | null | undefined>>): KeyLimits => ({
  requestsPerSecond: limits.requestsPerSecond ?? null,
  linksPerDay: limits.linksPerDay ?? null,
  waitingJobs: limits.waitingJobs ?? null,
});

export interface KeyFile {
  /** The keys of the last read. */
  keys(): ApiKey[];
  /** Reads the file when it changed. Rejects with a {@link StartError} where it cannot be read; the keys of the last read stay. */
  read(): Promise<void>;
}

export function createKeyFile(path: string): KeyFile {
  let known: ApiKey[] = [];
  let seen = '';
  return {
    keys: () => known,
    async read() {
      try {
        const { mtimeMs, size, ino } = await stat(path);
        const mark = `${mtimeMs} ${size} ${ino}`;
        if (mark === seen) return;
        known = parse(path, await readFile(path, 'utf8'));
        seen = mark;
      } catch (error) {
        if (error instanceof StartError) throw error;
        throw new StartError(`API_KEYS_FILE is ${path}, which cannot be read: ${(error as Error).message}.`, { cause: error });
      }
    },
  };
}

/** Writes the file anew: as a whole, so that no process reads a half. */
export async function writeKeyFile(path: string, keys: readonly ApiKey[]): Promise<void> {
  const content = {
    keys: keys.map(({ id, name, scopes, hash, createdAtMs, expiresAtMs, limits }) => ({
      id,
      name,
      scopes: [...scopes],
      sha256: hash,
      ...(createdAtMs === null ? {} : { createdAt: new Date(createdAtMs).toISOString() }),
      ...(expiresAtMs === null ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }),
      limits,
    })),
  };
  const beside = `${path}.new`;
  await writeFile(beside, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(beside, path);
}
