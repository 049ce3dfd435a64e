/**
 * `npm run lock` completes package-lock.json after a dependency changed.
 *
 * Packages with native parts list one optional package for each platform. A registry mirror that lacks some of them
 * makes `npm install` leave those out of the lock file, and then `npm ci` refuses it everywhere ("Missing: … from lock
 * file"). They are pinned to exact versions by their parents, so this writes the missing entries from there. The entry
 * has no checksum; npm fetches it only on the platform that it names.
 */
import { readFile, writeFile } from 'node:fs/promises';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const PLATFORM = /(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32)-([a-z0-9]+)(?:-(.+))?$/;
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** Adds to `packages` what optional platform packages it lacks, and returns their names. Others than platform packages are left alone. */
function completePlatforms(packages: Record<string, LockEntry>): string[] {
  const added: string[] = [];
  for (const parent of Object.values(packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const [, os, cpu, abi] = PLATFORM.exec(name) ?? [];
      const known = Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`));
      if (known || os === undefined || cpu === undefined || !EXACT_VERSION.test(version)) continue;
      const libc = os !== 'linux' ? undefined : abi?.startsWith('musl') ? 'musl' : abi?.startsWith('gnu') ? 'glibc' : undefined;
      packages[`node_modules/${name}`] = {
        version,
        cpu: [cpu],
        ...(parent.dev === true ? { dev: true } : {}),
        ...(libc === undefined ? {} : { libc: [libc] }),
        optional: true,
        os: [os],
      };
      added.push(`${name}@${version}`);
    }
  }
  return added;
}

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, LockEntry> };
const added = completePlatforms(lock.packages);
if (added.length > 0) {
  const { '': root, ...rest } = lock.packages;
  const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en')));
  lock.packages = { ...(root === undefined ? {} : { '': root }), ...sorted };
  await writeFile(path, `${JSON.stringify(lock, null, 2)}\n`);
}
console.log(`package-lock.json: ${added.length} platform packages added`);
