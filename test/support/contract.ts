/** Holds answers to openapi.yaml: status, content type, promised headers and body, in which no member may be unknown. */
import { Compile, type Validator } from 'typebox/schema';

/** An answer as it came. `body` is `null` where nobody read it: a stream. */
export interface Answer {
  method: string;
  /** Path and query string. */
  path: string;
  status: number;
  headers: Headers;
  body: string | null;
}

interface Header {
  required?: boolean;
  schema?: { type?: string };
}

interface Response {
  description: string;
  headers?: Record<string, Header>;
  content?: Record<string, { schema?: object }>;
}

export interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, Response> }>>;
  components: { schemas: Record<string, object>; responses?: Record<string, Response>; headers?: Record<string, Header> };
}

/** Says what is wrong with an answer, one sentence a fault; nothing when the document describes it. */
export type ContractCheck = (answer: Answer) => string[];

/** What HTTP itself refuses, whatever the path: no operation lists these. */
const OF_HTTP = new Set([400, 408, 413, 417, 431, 501]);
/** What a path that is not in the document may answer: a bad URL, no key, another origin's page, nothing there. */
const OF_NO_OPERATION = new Set([400, 401, 403, 404]);
/** Pages and assets for browsers, which the document leaves out. */
const FOR_BROWSERS = /^\/(docs|dashboard|favicon\.ico)(\/|$)/;
const PROBLEM = 'application/problem+json';

type Node = Record<string, unknown>;

/** A copy of `value` in which every object with listed members has no others. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const node: Node = Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, key.startsWith('example') ? (child as unknown) : closed(child)]),
  );
  // A member that is called `properties` is a schema itself, or a map of them: it has no `type: object` of its own.
  return [node['type']].flat().includes('object') && 'properties' in node && !('additionalProperties' in node)
    ? { ...node, additionalProperties: false }
    : node;
}

/** `document` with its shared answers and headers written out wherever an operation refers to them. References to schemas stay. */
function withAnswersInPlace({ paths, components }: OpenApi): OpenApi {
  const kinds = components as Record<string, Record<string, unknown> | undefined>;
  const inPlace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inPlace);
    if (typeof value !== 'object' || value === null) return value;
    const [, kind = '', name = ''] = /^#\/components\/(responses|headers)\/(.+)$/.exec(String((value as Node)['$ref'])) ?? [];
    if (kind !== '') return inPlace(kinds[kind]?.[name]);
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inPlace(child)]));
  };
  return { paths: inPlace(paths) as OpenApi['paths'], components };
}

/** Finds the template that a path was made of: `/jobs/{jobId}` for `/jobs/book-1`. Exact segments win. */
function templateFinder(paths: string[]): (path: string) => string | undefined {
  const patterns = paths
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
    .map((template) => ({ template, pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));
  return (path) => patterns.find(({ pattern }) => pattern.test(path))?.template;
}

function headerFaults(promised: Record<string, Header>, headers: Headers): string[] {
  return Object.entries(promised).flatMap(([name, { required, schema }]) => {
    const value = headers.get(name);
    if (value === null) return required === true ? [`the promised header ${name} is missing`] : [];
    return schema?.type === 'integer' && !/^\d+$/.test(value) ? [`the header ${name} is ${JSON.stringify(value)}, not a whole number`] : [];
  });
}

/** Makes a check against a document. Schemas are compiled when they are first needed. */
export function createContractCheck(shared: OpenApi): ContractCheck {
  const document = withAnswersInPlace(shared);
  const templateOf = templateFinder(Object.keys(document.paths));
  const components = closed({ schemas: document.components.schemas }) as OpenApi['components'];
  const validators = new Map<object, Validator>();

  const bodyFaults = (schema: object, text: string): string[] => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      return [`the body is not JSON: ${text.slice(0, 200)}`];
    }
    const validator = validators.get(schema) ?? Compile({ components, ...(closed(schema) as object) });
    validators.set(schema, validator);
    if (validator.Check(body)) return [];
    const [, errors] = validator.Errors(body);
    const said = errors.map(({ instancePath, message, params }) => `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`);
    return [`the body is not of its schema: ${said.slice(0, 5).join('; ')}. It is ${text.slice(0, 500)}`];
  };

  /** A problem has one shape everywhere, and repeats what the head of the answer says. */
  const problemFaults = ({ status, headers, body }: Answer, response: Response | undefined): string[] => {
    const faults = bodyFaults({ $ref: '#/components/schemas/Problem' }, body ?? '');
    if (faults.length > 0) return faults;
    const problem = JSON.parse(body ?? '') as { type: string; status: number; instance: string; code?: string };
    const { code } = problem;
    if (problem.status !== status) faults.push(`the problem says status ${problem.status}`);
    if (problem.instance !== headers.get('x-request-id')) faults.push(`instance ${problem.instance} is not the x-request-id`);
    if (problem.type !== (code === undefined ? 'about:blank' : `/errors/${code}`))
      faults.push(`type ${problem.type} is not of code ${code}`);
    // A name that is too long for any resource is not found, whatever the path.
    if (response && code !== undefined && code !== 'not-found' && !response.description.includes(`\`${code}\``))
      faults.push(`the code ${code} is not described for this status`);
    if (code === undefined && !OF_HTTP.has(status)) faults.push('it has no code');
    return faults;
  };

  const contentFaults = (response: Response, answer: Answer, type: string): string[] => {
    const { method, body } = answer;
    if (method === 'HEAD' || !response.content) return body ? [`there is a body where none is described: ${body.slice(0, 200)}`] : [];
    const media = response.content[type];
    if (!media) return [`the content type ${type || '(none)'} is not described; it may be ${Object.keys(response.content).join(', ')}`];
    if (type === PROBLEM) return problemFaults(answer, response);
    return type.endsWith('json') && media.schema && body !== null ? bodyFaults(media.schema, body) : [];
  };

  /** Faults of an answer that no operation describes: of an unknown path, or of a method that its path does not take. */
  const undescribed = (answer: Answer, known: string[] | undefined, type: string): string[] => {
    const { method, status, headers } = answer;
    if (known === undefined) {
      const faults = OF_NO_OPERATION.has(status) ? [] : [`the path is not described, and the status is ${status}`];
      return type === PROBLEM || method === 'HEAD' ? faults : [...faults, `the path is not described, and the answer is ${type || 'bare'}`];
    }
    if (status === 405 || (status === 204 && method === 'OPTIONS')) {
      const allow = (headers.get('allow') ?? '').split(', ').filter((name) => name !== 'HEAD');
      const described = known.map((name) => name.toUpperCase());
      if (method === 'HEAD' && (headers.get('allow') ?? '').includes('HEAD')) return ['Allow holds HEAD'];
      return described.toSorted().join() === allow.toSorted().join()
        ? []
        : [`Allow is ${headers.get('allow')}, and described are ${described.join(', ')}`];
    }
    return OF_NO_OPERATION.has(status) && status !== 404 ? [] : [`the method is not described, and the status is ${status}`];
  };

  const faultsOf = (answer: Answer): string[] => {
    const { method, path, status, headers, body } = answer;
    const [bare = ''] = path.split('?');
    const type = headers.get('content-type')?.split(';')[0] ?? '';
    const template = templateOf(bare);
    const operations = template === undefined ? undefined : document.paths[template];
    // A path may take GET without HEAD: an event stream has no end to measure.
    const asked = method === 'HEAD' && status !== 405 ? 'get' : method.toLowerCase();
    const operation = operations?.[asked];
    const response = operation?.responses[String(status)];
    const isOfHttp = type === PROBLEM && OF_HTTP.has(status) && /"type":"about:blank"/.test(body ?? '');
    if (response && !isOfHttp) return [...headerFaults(response.headers ?? {}, headers), ...contentFaults(response, answer, type)];
    const faults = type === PROBLEM && method !== 'HEAD' ? problemFaults(answer, undefined) : [];
    if (isOfHttp || FOR_BROWSERS.test(bare)) return faults;
    if (operation)
      return [
        ...faults,
        `the status ${status} is not described; it may be ${Object.keys(operation.responses).join(', ')}. It came with ${(body ?? '').slice(0, 300)}`,
      ];
    return [...faults, ...undescribed(answer, operations && Object.keys(operations), type)];
  };

  return (answer) => {
    const where = `${answer.method} ${answer.path.slice(0, 200)} answered ${answer.status}`;
    return faultsOf(answer).map((fault) => `${where}: ${fault}`);
  };
}
