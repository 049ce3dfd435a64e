import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { buildBareApp, buildDocument } from '../../../scripts/openapi-document.ts';
import { ERRORS } from '../../../src/errors.ts';
import { problems } from '../../../src/http/schemas/problem.ts';

interface Operation {
  operationId?: string;
  tags?: string[];
  summary?: string;
  description?: string;
  requestBody?: { content: Record<string, { schema?: object }> };
  security?: object[];
  parameters?: { name: string; description?: string }[];
  responses: Record<string, { description?: string; content?: Record<string, { schema?: { $ref?: string } }> }>;
}
interface Document {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const app = await buildBareApp();
const document = app.swagger() as unknown as Document;
await app.close();
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
    for (const parameter of operation.parameters ?? []) expect(parameter.description ?? parameter.name, parameter.name).toBeDefined();
    expect(Object.values(operation.requestBody?.content ?? {}).filter(({ schema }) => schema === undefined)).toEqual([]);
    const statuses = Object.keys(operation.responses);
    expect(statuses.some((status) => /^[23]/.test(status))).toBe(true);
    for (const status of ['400', '500', '503']) expect(statuses).toContain(status);
    expect(statuses.includes('401')).toBe(operation.security?.length !== 0);
    const responses = Object.entries(operation.responses);
    expect(responses.filter(([, { description = '' }]) => description.length < 4)).toEqual([]);
    const withoutProblem = responses.filter(
      ([status, { content }]) =>
        Number(status) >= 400 && content?.['application/problem+json']?.schema?.$ref !== '#/components/schemas/Problem',
    );
    expect(withoutProblem).toEqual([]);
    expect(statuses).toEqual(expect.arrayContaining(name.startsWith('GET') ? [] : ['403', '413', '415']));
  });

  it('gives every operation an id of its own, and refers to nothing that is not there', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name);
    expect(references.filter((name) => !(name in document.components.schemas))).toEqual([]);
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
    expect(secured.security).toEqual([{ bearer: [] }, { apiKey: [] }, { basic: [] }]);
    expect((document as unknown as { security: object[] }).security).toEqual([{}, ...secured.security]);
  });

  it('shares one response among codes of one status', () => {
    const responses = problems('book-unknown', 'book-not-found');
    expect(Object.keys(responses)).toEqual(['400', '401', '403', '404', '500', '503']);
    expect(responses[404].description).toBe(
      `\`book-unknown\`: ${ERRORS['book-unknown'].title}. \`book-not-found\`: ${ERRORS['book-not-found'].title}.`,
    );
  });
});
