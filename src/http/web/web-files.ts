/** The files of the page, as the build left them in `dist/web`. Their common digest is part of their address, so a browser may keep them for ever. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WebFiles {
  /** The folder with the files. */
  root: string;
  /** Digest of all files, as it stands in their addresses. */
  digest: string;
  /** The page itself. `%ASSETS%` stands for the address of the folder, `%BASE%` for that of the page. */
  page: string;
}

/** Beside this file in a build. From the sources, such as by `npm run dev`, it is the folder that `npm run build:web` fills. */
const PLACES = ['../../web', '../../../dist/web'].map((place) => fileURLToPath(new URL(place, import.meta.url)));
const PAGE = 'index.html';

/** Reads the files once. `null` when the page is not built, as in a checkout that was never built. */
export function readWebFiles(): WebFiles | null {
  const root = PLACES.find((place) => existsSync(join(place, PAGE)) && existsSync(join(place, 'app.js')));
  if (root === undefined) return null;
  const names = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
  const digest = createHash('sha256');
  for (const name of names) digest.update(`${name}\0`).update(readFileSync(join(root, name)));
  // Without this the browser learns of a module only after it has read the one that imports it.
  const modules = names.filter((name) => name.endsWith('.js')).map((name) => `<link rel="modulepreload" href="%ASSETS%/${name}">`);
  const page = readFileSync(join(root, PAGE), 'utf8').replace('<!--modules-->', modules.join('\n'));
  return { root, digest: digest.digest('hex').slice(0, 16), page };
}
