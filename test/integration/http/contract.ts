/** Holds answers to the contract: every body must be of the schema that the OpenAPI document gives for its route and status. */
import { Compile } from 'typebox/schema';
import { expect } from 'vitest';

interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

type Media = Record<string, { schema?: object }>;
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Media }> }>>;
  components: object;
}

const documents = new Map<string, Promise<Document>>();

async function documentOf(origin: string): Promise<Document> {
  const known = documents.get(origin) ?? fetch(`${origin}/openapi.json`).then((answer) => answer.json() as Promise<Document>);
  documents.set(origin, known);
  return known;
}

/** The template that a path was made of: `/jobs/{jobId}` for `/jobs/book-1`. Exact paths come first. */
function templateOf(document: Document, path: string): string | undefined {
  const bare = path.split('?')[0] ?? '';
  const templates = Object.keys(document.paths).toSorted((a, b) => a.split('{').length - b.split('{').length);
  return templates.find((template) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(bare));
}

/** Fails unless `answer` is one that the document describes. */
export async function expectDescribed(origin: string, method: string, path: string, { status, headers, body }: Answer): Promise<void> {
  const document = await documentOf(origin);
  const template = templateOf(document, path);
  expect(template, `${path} is not described`).toBeDefined();
  const operation = document.paths[template ?? '']?.[method.toLowerCase()];
  // A method that a path does not take, and what HTTP itself refuses, are not of one operation.
  if (operation === undefined || (body as { type?: string } | null)?.type === 'about:blank') return;
  const response = operation.responses[String(status)];
  expect(response, `${method} ${path} answered ${status}, which is not described: ${JSON.stringify(body)}`).toBeDefined();
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  const media = response?.content?.[type];
  if (response?.content === undefined) {
    expect(body).toBe('');
    return;
  }
  expect(media, `${method} ${path} answered ${status} with ${type}, which is not described`).toBeDefined();
  if (!type.endsWith('json') || media?.schema === undefined) return;
  const [, errors] = Compile({ components: document.components, ...media.schema }).Errors(body);
  expect(errors, `${method} ${path} answered ${status} with ${JSON.stringify(body).slice(0, 500)}`).toEqual([]);
}
