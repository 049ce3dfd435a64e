/**
 * Completes the page after the compiler: the page itself, its style, and Preact with htm in one file in place of the module that only names their
 * types. Files that `src/web` no longer has are removed, since they would be served. The last step of `npm run build:web`.
 */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const source = fileURLToPath(new URL('../src/web', import.meta.url));
const target = process.argv[2] ?? fileURLToPath(new URL('../dist/web', import.meta.url));
const PREACT = fileURLToPath(new URL('../node_modules/htm/preact/standalone.module.js', import.meta.url));

for (const name of readdirSync(target, { recursive: true })) {
  const from = join(source, name.replace(/\.js$/, '.ts'));
  if (/\.\w+$/.test(name) && !existsSync(from)) rmSync(join(target, name));
}
for (const name of readdirSync(source)) if (/\.(html|css|svg)$/.test(name)) copyFileSync(join(source, name), join(target, name));
copyFileSync(PREACT, join(target, 'preact.js'));

// Without spaces and comments it is a quarter less to load. Names stay, so that an error in the console can be read.
for (const name of readdirSync(target, { recursive: true })) {
  const [, loader] = /\.(js|css)$/.exec(name) ?? [];
  if (loader === undefined) continue;
  const path = join(target, name);
  const { code } = transformSync(readFileSync(path, 'utf8'), {
    loader,
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'utf8',
    target: 'es2022',
  });
  // Space at the begin of a line within a template of htm means nothing.
  writeFileSync(path, loader === 'js' ? code.replaceAll(/\n[ \t]+/g, '\n') : code);
}
