/**
 * TypeBox as Fastify's validator: the same schema object checks the request, types the handler and prints the OpenAPI
 * document. Bodies are taken as they are; query strings and paths, which are all text, are read as the schema's types first.
 */
import { Compile, type Validator } from 'typebox/compile';
import type { TSchema } from 'typebox';
import { QuireError, type Fault } from '../../errors.ts';
import { faultSentence } from '../answers/fault-sentences.ts';

/** Where in a request a schema applies. Faults in a query string are told as `/query/…`, in a body with a plain pointer into it. */
export type HttpPart = 'body' | 'querystring' | 'params' | 'headers';

/** What is looked at of a schema here. */
interface Shape {
  type?: unknown;
  maxItems?: number;
  properties?: Properties;
}
type Properties = Record<string, Shape | undefined>;

/** Faults that are told at most. */
const MOST_FAULTS = 20;

/** Reads numbers and truth values where the schema wants them; whatever is not one stays text and fails the check. */
function readText(properties: Properties, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, given]: [string, unknown]) => {
      const type = properties[name]?.type;
      if (typeof given !== 'string') return [name, given];
      if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(given)) return [name, Number(given)];
      if (type === 'boolean' && (given === 'true' || given === '1' || given === '')) return [name, true];
      if (type === 'boolean' && (given === 'false' || given === '0')) return [name, false];
      return [name, given];
    }),
  );
}

/**
 * `value` with no more of it than tells what is wrong: to look for all faults in two megabytes of numbers takes a second and more, in which
 * nobody else is answered. A list that is too long stays too long, and of unknown members the first stay.
 */
function shortened({ maxItems, properties }: Shape, value: unknown): unknown {
  if (Array.isArray(value)) return maxItems !== undefined && value.length > maxItems ? value.slice(0, maxItems + 1) : value;
  if (typeof value !== 'object' || value === null || properties === undefined) return value;
  let unknown = 0;
  const kept: [string, unknown][] = [];
  for (const [name, child] of Object.entries(value)) {
    const shape = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (shape !== undefined) kept.push([name, shortened(shape, child)]);
    else if ((unknown += 1) <= MOST_FAULTS) kept.push([name, child]);
  }
  return Object.fromEntries(kept);
}

/** What is wrong with `value`, as pointers and sentences; at most 20. */
function faultsOf(check: Validator, shape: Shape, value: unknown, base: string): Fault[] {
  const found = check.Errors(shortened(shape, value));
  const faults = found.flatMap((fault) => {
    const { keyword, instancePath } = fault;
    // The alternatives tell themselves why they are none.
    const isTold = keyword === 'anyOf' && found.some((other) => other !== fault && other.instancePath.startsWith(instancePath));
    const detail = isTold ? null : faultSentence(fault);
    return detail === null ? [] : [{ pointer: base + instancePath, detail }];
  });
  return faults.slice(0, MOST_FAULTS);
}

/** Checks `value` against `schema`; throws `invalid-request` with all its faults. `base` is the pointer to where the value stands. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- the caller names the type that the schema stands for
export function createCheck<T>(schema: TSchema, part: HttpPart = 'body'): (value: unknown, base?: string) => T {
  const check = Compile(schema);
  const shape = schema as Shape;
  const { properties = {} } = shape;
  const prefix = part === 'body' ? '' : part === 'querystring' ? '/query' : `/${part}`;
  return (value, base = prefix) => {
    const read = part === 'body' ? value : readText(properties, value);
    if (check.Check(read)) return read as T;
    const faults = faultsOf(check, shape, read, base);
    const [first] = faults;
    const where = first?.pointer ? `${first.pointer} ` : '';
    throw new QuireError('invalid-request', first ? `${where}${first.detail}.` : 'The request is not of the form this endpoint takes.', {
      errors: faults,
    });
  };
}

/** Fastify's validator compiler. The `default` of a schema is documentation alone: handlers fill in defaults themselves. */
export function validatorCompiler({ schema, httpPart }: { schema: unknown; httpPart?: string | undefined }) {
  const check = createCheck<unknown>(schema as TSchema, (httpPart ?? 'body') as HttpPart);
  return (value: unknown): { value: unknown } | { error: Error } => {
    try {
      return { value: check(value) };
    } catch (error) {
      return { error: error as Error };
    }
  };
}
