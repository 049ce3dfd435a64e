/**
 * Copies what the compiler leaves out: the Lua and SQL that the program reads when it loads. The second step of `npm run build`.
 * Files that `src/` no longer has are removed, since the program installs every SQL file that it finds. An argument names another target than `dist/`.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src', import.meta.url));
const target = process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url));

const assetsIn = (folder) => readdirSync(folder, { recursive: true }).filter((name) => /\.(lua|sql)$/.test(name));

for (const name of assetsIn(target)) rmSync(join(target, name));
for (const name of assetsIn(source)) {
  mkdirSync(dirname(join(target, name)), { recursive: true });
  copyFileSync(join(source, name), join(target, name));
}
