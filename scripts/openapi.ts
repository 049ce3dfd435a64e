/**
 * `npm run openapi` writes what is made from the code: openapi.yaml from the schemas of the routes, the types and the Postman
 * collection of `clients/` from that, the tables of settings and errors in docs/. With `--check` it compares instead, and ends with 1 when a file is out of step. Nothing runs meanwhile: the
 * app is built, and asked nothing.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { buildDocument } from './openapi-document.ts';
import { postmanCollection, postmanEnvironment } from './postman.ts';
import { REFERENCES, withTables } from './reference.ts';
import { typescriptSchema } from './typescript-schema.ts';

const at = (file: string): string => fileURLToPath(new URL(`../${file}`, import.meta.url));
const read = async (file: string): Promise<string> => readFile(at(file), 'utf8').catch(() => '');

/** The first line in which two texts differ, for the hint. */
function firstDifference(a: string, b: string): string {
  const [left, right] = [a.split('\n'), b.split('\n')];
  const found = left.findIndex((line, n) => line !== right[n]);
  const line = found < 0 ? left.length : found;
  return `line ${line + 1}:\n- ${left[line] ?? '(end of file)'}\n+ ${right[line] ?? '(end of file)'}`;
}

const yaml = await buildDocument();
const wanted: { file: string; text: string }[] = [
  { file: 'openapi.yaml', text: yaml },
  { file: 'clients/typescript/src/schema.ts', text: await typescriptSchema(yaml) },
  { file: 'clients/postman/quire.postman_collection.json', text: postmanCollection(yaml) },
  { file: 'clients/postman/quire.postman_environment.json', text: postmanEnvironment() },
];
for (const { file, tables } of REFERENCES) wanted.push({ file, text: withTables(await read(file), tables) });

for (const { file, text } of wanted) {
  const found = await read(file);
  if (found === text) {
    process.stdout.write(`${file} is in step with the code\n`);
  } else if (process.argv.includes('--check')) {
    process.stderr.write(
      `${file} is out of step with the code; run \`npm run openapi\`. First difference at ${firstDifference(found, text)}\n`,
    );
    process.exitCode = 1;
  } else {
    await writeFile(at(file), text);
    process.stdout.write(`${file} written\n`);
  }
}
