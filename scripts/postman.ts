/**
 * The Postman collection of `clients/postman`, made from the OpenAPI document: a request for each operation, in an order in which
 * each finds what it needs. So a run of the whole collection passes on an empty Quire whose source answers.
 */
import { createHash } from 'node:crypto';
import { parse } from 'yaml';

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required?: boolean;
  example?: string | number | boolean;
  description?: string;
  schema: { default?: string | number | boolean };
}
type Schema = Record<string, unknown> & { $ref?: string; anyOf?: Schema[] };
interface Media {
  schema?: Schema;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}
interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
}
export interface OpenApiDocument {
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; parameters: Record<string, Parameter> };
}

interface Request {
  method: string;
  path: string;
  operation: Operation;
}

/** What a request of the collection has beside what the document says of its operation. */
interface Step {
  /** A body other than the document's example. */
  body?: unknown;
  /** Query parameters that are sent; others are listed and switched off. */
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** Variables that the answer gives: name of the variable to a path in the body. */
  saves?: Record<string, string>;
  /** The statuses that are right here; without it the document's statuses of success. */
  status?: number[];
}

const STEPS: Record<string, Step> = {
  parseLinks: {
    body: { urls: ['{{bookLink}}'], priority: 'interactive' },
    headers: { prefer: 'wait=30' },
    saves: { batchId: 'batchId', jobId: 'items.0.jobId' },
  },
  getBookInfo: { query: { id: '{{bookId}}' } },
  searchBooks: { query: { q: 'the' } },
  find: { query: { q: 'the' } },
  putPage: { status: [200, 422], body: '<html><title>Paste a saved page here</title></html>' },
  uploadPages: { status: [200, 422], body: '<html><title>Paste a saved page here</title></html>' },
  addLinks: { status: [409], body: { urls: ['{{bookLink}}'] } },
  closeBatch: { status: [200, 409] },
  streamBatchEvents: { status: [200, 204] },
  cancelJob: { status: [200, 404, 409] },
  retryJob: { status: [200, 202, 404, 409] },
  getJobPage: { status: [200, 404] },
  createWebhook: {
    body: { url: '{{receiver}}', events: ['batch.*'] },
    saves: { webhookId: 'id' },
    status: [201],
  },
  listBatchDeliveries: { query: { batchId: '{{batchId}}' } },
  getDelivery: { status: [200, 404] },
  redeliver: { status: [200, 202, 404] },
  createKey: { saves: { keyId: 'id' }, status: [201] },
  signIn: { body: { key: '{{apiKey}}' } },
  getError: { status: [200] },
};

/** What a path parameter is called as a variable, with its first value. */
const VARIABLES: Record<string, string> = {
  bookLink: 'https://www.goodreads.com/book/show/2767052',
  bookId: '2767052',
  jobId: 'book-2767052',
  batchId: '',
  webhookId: '',
  keyId: '',
  deliveryId: 'none',
  code: 'book-unknown',
};
/** In this order, so that nothing is deleted before it was read. */
const METHODS = ['post', 'get', 'put', 'delete'];

const lastPart = (ref: string): string => ref.split('/').at(-1) ?? '';
/** The same id each time, so that the file only changes with what it says. */
const idOf = (text: string): string =>
  createHash('sha256')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, '$1-$2-$3-$4-$5');
const byName = (names: readonly string[], name: string): number => (names.includes(name) ? names.indexOf(name) : names.length);

/** What `/docs` shows for a body: its own example, or that of its schema. */
function exampleOf(document: OpenApiDocument, media: Media): unknown {
  const shown = (schema: Schema): unknown => {
    const { $ref, anyOf } = schema;
    if ($ref !== undefined) return shown(document.components.schemas[lastPart($ref)] ?? {});
    return schema['example'] ?? (schema['examples'] as unknown[] | undefined)?.[0] ?? (anyOf?.[0] && shown(anyOf[0]));
  };
  return media.example ?? Object.values(media.examples ?? {})[0]?.value ?? (media.schema && shown(media.schema));
}

function bodyOf(document: OpenApiDocument, { operation }: Request): { type: string; raw: string } | null {
  const [type, media] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type === undefined || media === undefined) return null;
  const body = STEPS[operation.operationId]?.body ?? exampleOf(document, media) ?? '';
  return { type, raw: typeof body === 'string' ? body : JSON.stringify(body, null, 2) };
}

/** The script that runs after a request: it holds the status, and keeps what later requests need. */
function testScript(operation: Operation): string[] {
  const { status, saves = {} } = STEPS[operation.operationId] ?? {};
  const statuses =
    status ??
    Object.keys(operation.responses)
      .map(Number)
      .filter((code) => code >= 200 && code < 400);
  return [
    `pm.test('${operation.summary.replaceAll("'", '’')}: ${statuses.join(' or ')}', () => pm.expect(pm.response.code).to.be.oneOf([${statuses.join(', ')}]));`,
    ...Object.entries(saves).map(
      ([name, path]) =>
        `pm.collectionVariables.set('${name}', '${path}'.split('.').reduce((value, key) => value[key], pm.response.json()));`,
    ),
  ];
}

function itemOf(document: OpenApiDocument, request: Request): object {
  const { method, path, operation } = request;
  const step = STEPS[operation.operationId] ?? {};
  const parameters = (operation.parameters ?? []).map((one) =>
    '$ref' in one ? (document.components.parameters[lastPart(one.$ref)] as Parameter) : one,
  );
  const body = bodyOf(document, request);
  const query = parameters
    .filter((one) => one.in === 'query')
    .map(({ name, example, schema, description = '' }) => ({
      key: name,
      value: step.query?.[name] ?? String(example ?? schema.default ?? ''),
      description,
      disabled: step.query?.[name] === undefined,
    }));
  const headers = Object.entries({ ...(body ? { 'content-type': body.type } : {}), ...step.headers });
  const parts = path.split('/').filter((part) => part !== '');
  return {
    id: idOf(operation.operationId),
    name: operation.summary,
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: testScript(operation) } }],
    request: {
      method: method.toUpperCase(),
      description: operation.description ?? '',
      header: headers.map(([key, value]) => ({ key, value })),
      ...(body ? { body: { mode: 'raw', raw: body.raw } } : {}),
      url: {
        raw: `{{baseUrl}}${path.replaceAll(/\{(\w+)\}/g, '{{$1}}')}`,
        host: ['{{baseUrl}}'],
        path: parts.map((part) => part.replaceAll(/\{(\w+)\}/g, '{{$1}}')),
        query,
      },
    },
  };
}

/** The collection as JSON. */
export function postmanCollection(yaml: string): string {
  const document = parse(yaml) as OpenApiDocument;
  const requests: Request[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const tags = [...new Set(requests.map(({ operation }) => operation.tags[0] ?? ''))];
  const folders = tags.map((tag) => ({
    id: idOf(tag),
    name: tag,
    item: requests
      .filter(({ operation }) => operation.tags[0] === tag)
      .toSorted((a, b) => byName(METHODS, a.method) - byName(METHODS, b.method))
      .map((request) => itemOf(document, request)),
  }));
  const { title, version, description } = document.info;
  const collection = {
    info: {
      _postman_id: idOf(title),
      name: title,
      version,
      description,
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{apiKey}}', type: 'string' }] },
    item: folders,
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
  };
  return `${JSON.stringify(collection, null, 2)}\n`;
}

/** The environment as JSON: where Quire is, and with which key. */
export function postmanEnvironment(): string {
  const values = { baseUrl: 'http://localhost:3000', apiKey: 'none', receiver: 'https://receiver.example.com/quire' };
  const environment = {
    id: idOf('environment'),
    name: 'Quire on this machine',
    values: Object.entries(values).map(([key, value]) => ({ key, value, enabled: true })),
    _postman_variable_scope: 'environment',
  };
  return `${JSON.stringify(environment, null, 2)}\n`;
}
