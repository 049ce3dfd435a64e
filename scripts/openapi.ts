/**
 * `npm run openapi` writes openapi.yaml from the schemas of the routes; with `--check` it compares instead, and ends with 1
 * when the file is out of step. Nothing runs meanwhile: the app is built, and asked nothing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildDocument } from './openapi-document.ts';

const FILE = fileURLToPath(new URL('../openapi.yaml', import.meta.url));

/** The first line in which two texts differ, for the hint. */
function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const at = left.findIndex((line, n) => line !== right[n]);
  const line = at < 0 ? left.length : at;
  return `line ${line + 1}:\n- ${left[line] ?? '(end of file)'}\n+ ${right[line] ?? '(end of file)'}`;
}

const wanted = await buildDocument();
if (process.argv.includes('--check')) {
  const found = await readFile(FILE, 'utf8').catch(() => '');
  if (found === wanted) {
    process.stdout.write('openapi.yaml is in step with the routes\n');
  } else {
    process.stderr.write(`openapi.yaml is out of step with the routes; run \`npm run openapi\`. First difference at ${firstDifference(found, wanted)}\n`);
    process.exitCode = 1;
  }
} else {
  await writeFile(FILE, wanted);
  process.stdout.write('openapi.yaml written\n');
}
