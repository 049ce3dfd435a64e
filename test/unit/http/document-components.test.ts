import { describe, expect, it } from 'vitest';
import { withSharedComponents } from '../../../src/http/plugins/document-components.ts';

const problem = (...codes: string[]) => ({
  description: codes.join(),
  content: { 'application/problem+json': { schema: {}, examples: Object.fromEntries(codes.map((code) => [code, { value: { code } }])) } },
});
const paths = (...responses: object[]) => ({
  paths: Object.fromEntries(responses.map((one, n) => [`/${n}`, { get: { responses: one } }])),
  components: {},
});
const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });

describe('shared components', () => {
  it('hold an answer that two operations give, under the name of its codes', () => {
    const document = paths({ 404: problem('book-unknown') }, { 404: problem('book-unknown') }, { 404: problem('job-unknown') });
    const before = structuredClone(document);
    expect(withSharedComponents(document)).toMatchObject({
      paths: {
        '/0': { get: { responses: { 404: ref('responses', 'BookUnknown') } } },
        '/1': { get: { responses: { 404: ref('responses', 'BookUnknown') } } },
        '/2': { get: { responses: { 404: problem('job-unknown') } } },
      },
      components: { responses: { BookUnknown: problem('book-unknown') } },
    });
    expect(document).toEqual(before);
  });

  it('are named after two codes, and after the status when there are more', () => {
    const [two, four] = [problem('a-b', 'c'), problem('a', 'b', 'c', 'd')];
    const { components } = withSharedComponents(paths({ 404: two, 502: four }, { 404: two, 502: four }));
    expect(Object.keys((components as { responses: object }).responses)).toEqual(['ABOrC', 'BadGateway']);
  });

  it('hold headers and parameters that stand at two places, with `required` beside the schema', () => {
    const header = { 'Retry-After': { schema: { type: 'integer', required: true } } };
    const limit = { name: 'limit', in: 'query', schema: { type: 'integer' } };
    const operation = (description: string) => ({ get: { parameters: [limit], responses: { 200: { description, headers: header } } } });
    const shared = withSharedComponents({ paths: { '/a': operation('One.'), '/b': operation('Another.') }, components: {} });
    expect(shared).toMatchObject({
      paths: {
        '/a': {
          get: {
            parameters: [ref('parameters', 'Limit')],
            responses: { 200: { headers: { 'Retry-After': ref('headers', 'RetryAfter') } } },
          },
        },
      },
      components: { headers: { RetryAfter: { schema: { type: 'integer' }, required: true } }, parameters: { Limit: limit } },
    });
  });

  it('hold every schema with a title, and say of a plain value that it may be null in one list of types', () => {
    const text = { anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }], description: 'A note.' };
    const schema = { title: 'Thing', type: 'object', properties: { note: text } };
    const { components } = withSharedComponents(paths({ 200: { description: 'A thing.', content: { 'application/json': { schema } } } }));
    expect(components).toMatchObject({
      schemas: { Thing: { properties: { note: { type: ['string', 'null'], minLength: 1, description: 'A note.' } } } },
    });
  });

  it('never have one name for two things', () => {
    const [one, other] = [problem('a'), { ...problem('a'), description: 'Another.' }];
    expect(() => withSharedComponents(paths({ 404: one }, { 404: one }, { 404: other }, { 404: other }))).toThrow(/two|A\./i);
  });
});
