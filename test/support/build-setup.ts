import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** When the youngest of these files, or of the files below these folders, was written. */
async function writtenAt(...paths: string[]): Promise<number> {
  const times = paths.map(async (path) => {
    const full = join(root, path);
    const own = await stat(full);
    if (!own.isDirectory()) return own.mtimeMs;
    const below = await readdir(full, { recursive: true });
    // A folder is as young as the last file that came or went.
    return Math.max(own.mtimeMs, ...(await Promise.all(below.map(async (name) => (await stat(join(full, name))).mtimeMs))));
  });
  return Math.max(...(await Promise.all(times)));
}

/** Compiles `src/` for tests that run `dist/main.js`, unless it was compiled after its last change. */
export default async function setup(): Promise<void> {
  const built = await stat(join(root, 'dist/main.js')).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (built > (await writtenAt('src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/copy-web.mjs'))) return;
  try {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: root, timeout: 240_000 });
  } catch (error) {
    throw new Error(`the build failed:\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
}
