/** The page at /docs fills in every example: each operation must take them as they stand. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openScene, type HttpScene } from './scene.ts';

interface Parameter {
  name: string;
  in: 'query' | 'path' | 'header';
  required?: boolean;
  example?: string | number | boolean;
  schema: { default?: string | number | boolean };
}
type Node = Record<string, unknown> & { $ref?: string; anyOf?: Node[]; example?: unknown; examples?: unknown };
interface Operation {
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { content: Record<string, { schema: Node; example?: unknown; examples?: Record<string, { value: unknown }> }> };
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Node>; parameters: Record<string, Parameter> };
}

/** With a key, since the first key that is created must be one for everything. */
const KEY = 'a-key-of-the-examples-test';
let scene: HttpScene;
let document: Document;
beforeAll(async () => {
  scene = await openScene('redis', { API_KEYS: KEY });
  document = (await scene.ask<Document>('/openapi.json', { headers: { authorization: `Bearer ${KEY}` } })).body;
});
afterAll(() => scene.stop());

/** What the page shows for a schema: its own example, or that of the first of its alternatives. */
function shown(schema: Node): unknown {
  const { $ref, anyOf, example, examples } = schema;
  if (example !== undefined) return example;
  if (Array.isArray(examples)) return examples[0];
  if ($ref !== undefined) return shown(document.components.schemas[lastPart($ref)] ?? {});
  return anyOf?.[0] && shown(anyOf[0]);
}

const lastPart = (ref: string): string => ref.split('/').at(-1) ?? '';

it('every operation takes its examples as they stand', async () => {
  const refused: string[] = [];
  for (const [template, methods] of Object.entries(document.paths)) {
    for (const [method, { parameters = [], requestBody }] of Object.entries(methods)) {
      // A stream has no end, and nobody has an example of a page.
      if (template.endsWith('/events') || template.endsWith('/page')) continue;
      let path = template;
      const query = new URLSearchParams();
      const headers: Record<string, string> = { authorization: `Bearer ${KEY}` };
      for (const parameter of parameters) {
        const found = '$ref' in parameter ? document.components.parameters[lastPart(parameter.$ref)] : parameter;
        if (!found) throw new Error(`${JSON.stringify(parameter)} leads nowhere`);
        const { name, in: place, example, schema, required } = found;
        const value = example ?? schema.default;
        if (value === undefined && place !== 'path' && !required) continue;
        const text = String(value ?? 'x');
        if (place === 'path') path = path.replace(`{${name}}`, text);
        else if (place === 'query') query.set(name, text);
        else if (name !== 'prefer') headers[name] = text;
      }
      const [type, media] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      const example = media && (media.example ?? Object.values(media.examples ?? {})[0]?.value ?? shown(media.schema));
      const body = media === undefined ? {} : { body: JSON.stringify(example), headers: { ...headers, 'content-type': type ?? '' } };
      const { status } = await scene.ask(`${path}${query.size > 0 ? `?${query.toString()}` : ''}`, {
        method: method.toUpperCase(),
        headers,
        ...body,
      });
      if ([400, 405, 413, 415, 422].includes(status) || status >= 500) refused.push(`${method} ${path}?${query.toString()}: ${status}`);
    }
  }
  // Its example names a host that is set apart for examples, so no receiver can be there.
  expect(refused.filter((one) => !one.startsWith('post /webhooks?'))).toEqual([]);
});
