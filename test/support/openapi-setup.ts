/** Reads openapi.yaml once for all tests: to parse it takes long, and every file of tests needs it. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** openapi.yaml, as JSON. */
    openapi: string;
  }
}

let document: Promise<string> | undefined;

const read = async (): Promise<string> => JSON.stringify(parse(await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')));

export default async function setup(project: TestProject): Promise<void> {
  project.provide('openapi', await (document ??= read()));
}
