import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Builds `dist/` before the end-to-end tests, which run `dist/main.js`: a stale build would test yesterday's code. */
export default async function setup(): Promise<void> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  try {
    await promisify(execFile)('npm', ['run', 'build'], { cwd: root, timeout: 120_000 });
  } catch (error) {
    throw new Error(`the build failed:\n${(error as { stdout?: string }).stdout ?? ''}`, { cause: error });
  }
}
