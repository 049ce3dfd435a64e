/**
 * Loaded before every file of integration and end-to-end tests: each answer that comes to `fetch` is held to openapi.yaml. The test during which
 * an answer came that the document does not describe fails. What comes another way, such as over a bare socket, a test hands to {@link holdAnswer}.
 */
import { afterAll, afterEach, inject } from 'vitest';
import { createContractCheck, type Answer, type OpenApi } from './contract.ts';

const check = createContractCheck(JSON.parse(inject('openapi')) as OpenApi);
const faults: string[] = [];
const others = new Set<string>();

/** Says that what listens at `origin` is not Quire, or an older version of it. */
export function isNotQuire(origin: string): void {
  others.add(origin);
}

/** Holds one answer to openapi.yaml. The test fails at its end. */
export function holdAnswer(answer: Answer): void {
  faults.push(...check(answer));
}

/** Files of tests that run in one process load this file again and again: the first has kept what `fetch` was. */
const onProcess = globalThis as typeof globalThis & { quireFetch?: typeof fetch };
const original = (onProcess.quireFetch ??= globalThis.fetch);

/** As `fetch`. An answer of JSON comes when all of it has been received. */
globalThis.fetch = async (input, init) => {
  const response = await original(input, init);
  const { origin, pathname, search } = new URL(response.url);
  if (others.has(origin)) return response;
  const { status, statusText, headers } = response;
  const method = (init?.method ?? (input instanceof Request ? input.method : 'GET')).toUpperCase();
  const answer = { method, path: pathname + search, status, headers };
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  if (method !== 'HEAD' && type !== '' && !type.endsWith('json')) {
    holdAnswer({ ...answer, body: null });
    return response;
  }
  const bytes = await response.arrayBuffer();
  holdAnswer({ ...answer, body: Buffer.from(bytes).toString('utf8') });
  const copy = new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers });
  return Object.defineProperty(copy, 'url', { value: response.url });
};

function tell(): void {
  const told = faults.splice(0);
  if (told.length > 0)
    throw new Error(`${told.length} answers are not as openapi.yaml has them:\n${[...new Set(told)].slice(0, 50).join('\n')}`);
}
afterEach(tell);
afterAll(tell);
