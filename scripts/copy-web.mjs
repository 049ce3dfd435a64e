/**
 * Completes the page after the compiler: the page itself, its style, and Preact with htm in one file in place of the module that only names their
 * types. Files that `src/web` no longer has are removed, since they would be served. The last step of `npm run build:web`.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/web', import.meta.url));
const target = process.argv[2] ?? fileURLToPath(new URL('../dist/web', import.meta.url));
const PREACT = fileURLToPath(new URL('../node_modules/htm/preact/standalone.module.js', import.meta.url));

for (const name of readdirSync(target, { recursive: true })) {
  const from = join(source, name.replace(/\.js$/, '.ts'));
  if (/\.\w+$/.test(name) && !existsSync(from)) rmSync(join(target, name));
}
for (const name of readdirSync(source)) if (/\.(html|css|svg)$/.test(name)) copyFileSync(join(source, name), join(target, name));
copyFileSync(PREACT, join(target, 'preact.js'));

// What indents the lines is a tenth of what the browser would load.
for (const name of readdirSync(target, { recursive: true })) {
  if (!/\.(js|css|html)$/.test(name)) continue;
  const path = join(target, name);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^[ \t]+|^\n/gm, ''));
}
