import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { buildBareApp, buildDocument } from '../../../scripts/openapi-document.ts';
import { ERRORS } from '../../../src/errors.ts';
import { problems } from '../../../src/http/schemas/problem.ts';

type Node = Record<string, unknown>;

interface Response {
  description?: string;
  content?: Record<string, { schema?: { $ref?: string }; examples?: Record<string, { value: Problem }> }>;
}
interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: keyof typeof ERRORS;
}
interface Parameter {
  name: string;
  description?: string;
}
interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  requestBody?: { content: Record<string, { schema?: object }> };
  security?: object[];
  parameters?: Parameter[];
  responses: Record<string, Response>;
}
interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Node>>;
}

const app = await buildBareApp();
const document = app.swagger() as unknown as Document;
await app.close();

/** What a reference of the document leads to; all else as it is. */
function followed<T>(value: T): T {
  const ref = (value as { $ref?: string }).$ref;
  if (ref === undefined) return value;
  const [, , kind = '', name = ''] = ref.split('/');
  const found = document.components[kind]?.[name];
  if (found === undefined) throw new Error(`${ref} leads nowhere`);
  return found as T;
}

const responsesOf = ({ responses }: Operation): [status: string, response: Response][] =>
  Object.entries(responses).map(([status, response]) => [status, followed(response)]);

/** Every object of the document, with the way to it. What stands in an example is data. */
function* nodesOf(value: unknown, path: string): Generator<[path: string, node: Node]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [path, value as Node];
  for (const [key, child] of Object.entries(value)) if (!/^examples?$/.test(key)) yield* nodesOf(child, `${path}/${key}`);
}
const nodes = [...nodesOf({ paths: document.paths, components: document.components }, '#')];

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

describe('the OpenAPI document', () => {
  it('is the openapi.yaml that is committed (`npm run openapi` writes it)', async () => {
    expect(await readFile(new URL('../../../openapi.yaml', import.meta.url), 'utf8')).toBe(await buildDocument());
  });

  it('holds the endpoints of the contract', () => {
    const wanted = [
      'POST /parse-links',
      'GET /book-info',
      'GET /books',
      'GET /books/export',
      'GET /books/{bookId}',
      'DELETE /books/{bookId}',
      'POST /books/{bookId}/refresh',
      'PUT /books/{bookId}/page',
      'GET /batches',
      'GET /batches/{batchId}',
      'DELETE /batches/{batchId}',
      'GET /batches/{batchId}/items',
      'GET /batches/{batchId}/events',
      'GET /batches/{batchId}/export',
      'GET /jobs',
      'GET /jobs/{jobId}',
      'DELETE /jobs/{jobId}',
      'POST /jobs/{jobId}/retry',
      'POST /failures/redrive',
      'GET /source',
      'GET /source/ledger',
      'GET /webhooks',
      'POST /webhooks',
      'GET /livez',
      'GET /readyz',
      'GET /metrics',
      'GET /stats',
      'GET /openapi.json',
      'GET /openapi.yaml',
      'GET /',
      'GET /errors/{code}',
    ];
    expect(wanted.filter((name) => !operations.some(([known]) => known === name))).toEqual([]);
    expect(document.openapi).toBe('3.1.0');
  });

  it.each(operations)('%s is described', (name, operation) => {
    expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(operation.summary?.length).toBeGreaterThan(5);
    expect(operation.description?.length).toBeGreaterThan(3);
    expect(document.tags.map((tag) => tag.name)).toEqual(expect.arrayContaining(operation.tags ?? ['none']));
    const silent = (operation.parameters ?? []).map(followed).filter(({ description = '' }) => description.length < 10);
    expect(silent).toEqual([]);
    expect(Object.values(operation.requestBody?.content ?? {}).filter(({ schema }) => schema === undefined)).toEqual([]);
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => /^[23]/.test(status))).toBe(true);
    for (const status of ['400', '500', '503']) expect(statuses).toContain(status);
    expect(statuses.includes('401')).toBe(operation.security?.length !== 0);
    const responses = responsesOf(operation);
    expect(responses.filter(([, { description = '' }]) => description.length < 4)).toEqual([]);
    const withoutProblem = responses.filter(
      ([status, { content }]) =>
        Number(status) >= 400 && content?.['application/problem+json']?.schema?.$ref !== '#/components/schemas/Problem',
    );
    expect(withoutProblem).toEqual([]);
    expect(statuses).toEqual(expect.arrayContaining(name.startsWith('GET') ? [] : ['403', '413', '415']));
  });

  it('gives every operation an id of its own, and an object behind every reference', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const dangling = nodes.filter(([, { $ref }]) => {
      if (typeof $ref !== 'string') return false;
      const [hash, components, kind = '', name = '', ...rest] = $ref.split('/');
      return hash !== '#' || components !== 'components' || rest.length > 0 || !(name in (document.components[kind] ?? {}));
    });
    expect(dangling).toEqual([]);
  });

  it('refers to every shared part somewhere', () => {
    const text = JSON.stringify(document);
    const unused = ['schemas', 'responses', 'headers', 'parameters'].flatMap((kind) =>
      Object.keys(document.components[kind] ?? {}).filter((name) => !text.includes(`"#/components/${kind}/${name}"`)),
    );
    expect(unused).toEqual([]);
  });

  it('describes every property, header and parameter', () => {
    const isDescribed = (node: Node): boolean =>
      (((followed(node)['description'] ?? node['description']) as string | undefined) ?? '').length >= 10;
    const members = nodes.flatMap(([path, node]) =>
      ['properties', 'headers'].flatMap((kind) =>
        // A property may be called `headers` or `properties` itself.
        path.endsWith('/properties')
          ? []
          : Object.entries((node[kind] ?? {}) as Record<string, Node>).map(
              ([name, member]) => [`${path}/${kind}/${name}`, member] as const,
            ),
      ),
    );
    expect(members.length).toBeGreaterThan(150);
    expect(
      members.filter(([path, member]) => !path.startsWith('#/components/headers') && !isDescribed(member)).map(([path]) => path),
    ).toEqual([]);
  });

  it('gives the items of every array a type', () => {
    const arrays = nodes.filter(([, { type }]) => [type].flat().includes('array'));
    expect(arrays.length).toBeGreaterThan(15);
    const untyped = arrays.filter(([, { items }]) => {
      const item = items as Node | undefined;
      return item === undefined || !('type' in item || '$ref' in item);
    });
    expect(untyped.map(([path]) => path)).toEqual([]);
  });

  it.each(operations)('%s shows errors as the service words them', (_name, operation) => {
    for (const [status, { content, description = '' }] of responsesOf(operation)) {
      if (Number(status) < 400) continue;
      const examples = Object.values(content?.['application/problem+json']?.examples ?? {}).map(({ value }) => value);
      const codes = [...description.matchAll(/`([a-z-]+)`:/g)].map(([, code]) => code);
      expect([...new Set(examples.map(({ code }) => code))]).toEqual(codes);
      for (const { code, status: shown, title, type, detail } of examples) {
        expect([shown, ERRORS[code].status, ERRORS[code].title, type]).toEqual([Number(status), Number(status), title, `/errors/${code}`]);
        expect(detail.length).toBeGreaterThan(15);
        // The title says what the code means; the detail says what happened this time.
        expect(detail).not.toBe(`${ERRORS[code].title}.`);
      }
    }
  });

  it('is short enough to read', async () => {
    const lines = (await buildDocument()).split('\n');
    expect(lines.length).toBeLessThan(7000);
    expect(lines.filter((line) => line.length > 140)).toEqual([]);
  });

  it('promises Retry-After where the same request may succeed in a moment, and nowhere else', () => {
    const promise = { 'Retry-After': { type: 'integer', required: true, description: expect.any(String) } };
    expect(problems('idempotency-conflict')[409].headers).toEqual(promise);
    expect(problems('too-many-webhooks')[409].headers).toBeUndefined();
    expect(problems('webhook-disabled')[409].headers).toBeUndefined();
    expect(problems('rate-limited')[429].headers).toEqual(promise);
    expect(operations.filter(([, { responses }]) => '410' in responses)).toEqual([]);
  });

  it('asks for a key where the service does', async () => {
    const open = operations.filter(([, { security }]) => security?.length === 0).map(([name]) => name);
    expect(open).toEqual(expect.arrayContaining(['GET /livez', 'GET /readyz']));
    expect(open).not.toContain('GET /stats');
    const keyed = await buildBareApp({ apiKeys: ['a-key-of-ours'] });
    const secured = keyed.swagger() as unknown as { security: object[] };
    await keyed.close();
    expect(secured.security).toEqual([{ bearer: [] }, { apiKey: [] }, { basic: [] }, { session: [] }]);
    expect((document as unknown as { security: object[] }).security).toEqual([{}, ...secured.security]);
  });

  it('names the scope that each operation needs', () => {
    const scopes = operations.map(([name, operation]) => [name, (operation as { 'x-scope'?: string })['x-scope'] ?? 'none'] as const);
    const of = (scope: string): string[] => scopes.filter(([, one]) => one === scope).map(([name]) => name);
    expect(of('none')).toEqual(operations.filter(([, { security }]) => security !== undefined).map(([name]) => name));
    expect(of('submit')).toEqual(expect.arrayContaining(['POST /parse-links', 'DELETE /batches/{batchId}', 'POST /pages']));
    expect(of('admin')).toEqual(expect.arrayContaining(['GET /keys', 'DELETE /books/{bookId}', 'POST /failures/redrive', 'GET /webhooks']));
    expect(of('read').filter((name) => !name.startsWith('GET '))).toEqual([]);
  });

  it('shares one response among codes of one status', () => {
    const responses = problems('book-unknown', 'book-not-found');
    expect(Object.keys(responses)).toEqual(['400', '401', '403', '404', '500', '503']);
    expect(responses[404].description).toBe(
      `\`book-unknown\`: ${ERRORS['book-unknown'].title}. \`book-not-found\`: ${ERRORS['book-not-found'].title}.`,
    );
  });
});
