/** Makes an OpenAPI document short: a part that several operations share stands once in `components`, and the operations refer to it. */
import { STATUS_CODES } from 'node:http';

type Node = Record<string, unknown>;

interface Operation extends Node {
  parameters?: Node[];
  responses?: Record<string, Node>;
}

/** Where a part of the document stands, and the name that it gets once it is shared. */
interface Place {
  parent: Node;
  key: string;
  name: string;
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodes = (value: unknown): [string, Node][] => Object.entries(value ?? {}) as [string, Node][];

/** `book-unknown`, `Retry-After` and `Not Found` as names: `BookUnknown`, `RetryAfter`, `NotFound`. */
const pascal = (text: string): string => text.replaceAll(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_all, first: string) => first.toUpperCase());

/** `anyOf` a plain type and null, as one list of types. Both forms take the same values. */
function shortNullable(node: Node): Node {
  const { anyOf, ...rest } = node;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return node;
  const [first, second] = anyOf as Node[];
  const isPlain = typeof first?.['type'] === 'string' && !('enum' in first) && !('title' in first);
  return isPlain && second?.['type'] === 'null' ? { ...first, ...rest, type: [first['type'], 'null'] } : node;
}

/** `fastify-swagger` leaves the `required` of a header in its schema. OpenAPI has it beside the schema. */
function headerWithRequired(node: Node): Node {
  const { schema } = node;
  if (!isNode(schema) || typeof schema['required'] !== 'boolean') return node;
  const { required, ...bare } = schema;
  return { ...node, schema: bare, ...(required ? { required } : {}) };
}

/** Copies a part of the document in its short form. Schemas with a title go to `named`. Examples stay as they are. */
function shorten(value: unknown, named: Node): unknown {
  if (Array.isArray(value)) return value.map((one) => shorten(one, named));
  if (!isNode(value)) return value;
  const copy = Object.entries(value).map(([key, child]) => [key, key.startsWith('example') ? child : shorten(child, named)]);
  const node = headerWithRequired(shortNullable(Object.fromEntries(copy) as Node));
  const { title } = node;
  if (typeof title !== 'string') return node;
  named[title] = node;
  return { $ref: `#/components/schemas/${title}` };
}

/** Moves every part that stands at two places or more to `components[kind]`. */
function share(components: Node, kind: string, places: Place[]): void {
  const alike = new Map<string, Place[]>();
  for (const place of places) {
    const text = JSON.stringify(place.parent[place.key]);
    alike.set(text, [...(alike.get(text) ?? []), place]);
  }
  const shared: Node = {};
  for (const group of alike.values()) {
    const [first] = group;
    if (first === undefined || group.length < 2) continue;
    if (first.name in shared) throw new Error(`Two different ${kind} of the OpenAPI document would be called ${first.name}.`);
    shared[first.name] = first.parent[first.key];
    for (const { parent, key, name: _name } of group) parent[key] = { $ref: `#/components/${kind}/${first.name}` };
  }
  components[kind] = Object.fromEntries(Object.entries(shared).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** An error answer is named after its examples, which are named after its codes. Any other answer is named after its schema. */
function responseName(status: string, { content }: Node): string {
  const [media] = nodes(content).map(([, one]) => one);
  const phrase = pascal(STATUS_CODES[status] ?? '');
  const codes = Object.keys(media?.['examples'] ?? {});
  if (Number(status) >= 400) return codes.length > 2 ? phrase : codes.map(pascal).join('Or');
  const schema = isNode(media?.['schema']) ? String(media['schema']['$ref']).split('/').at(-1) : '';
  return `${schema}${status === '200' ? '' : phrase}`;
}

const responsePlaces = ({ responses = {} }: Operation): Place[] =>
  Object.entries(responses).map(([key, response]) => ({ parent: responses, key, name: responseName(key, response) }));

const headerPlaces = ({ headers }: Node): Place[] =>
  Object.keys(headers ?? {}).map((key) => ({ parent: headers as Node, key, name: pascal(key) }));

const parameterPlaces = ({ parameters = [] }: Operation): Place[] =>
  parameters.map(({ name }, at) => ({ parent: parameters as unknown as Node, key: String(at), name: pascal(String(name)) }));

/** The same document with its schemas, answers, headers and parameters in `components`. The document given stays as it is. */
export function withSharedComponents<T extends object>(document: T): T {
  const { paths, components = {} } = document as { paths?: unknown; components?: Node };
  const named: Node = {};
  const known = Object.fromEntries(
    nodes(components['schemas']).map(([name, { title: _title, ...schema }]) => [name, shorten(schema, named)]),
  );
  const short = shorten(paths, named);
  const operations = nodes(short).flatMap(([, methods]) => nodes(methods).map(([, operation]) => operation as Operation));
  const all: Node = { ...components, schemas: { ...known, ...named } };
  share(all, 'responses', operations.flatMap(responsePlaces));
  const responses = [...operations.flatMap((one) => nodes(one.responses)), ...nodes(all['responses'])];
  share(
    all,
    'headers',
    responses.flatMap(([, response]) => headerPlaces(response)),
  );
  share(all, 'parameters', operations.flatMap(parameterPlaces));
  return { ...document, components: all, paths: short };
}
