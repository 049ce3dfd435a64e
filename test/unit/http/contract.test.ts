/** What the check behind every integration and end-to-end test finds. */
import { describe, expect, it } from 'vitest';
import { createContractCheck, type Answer, type OpenApi } from '../../support/contract.ts';

const ref = (name: string): { schema: object } => ({ schema: { $ref: `#/components/schemas/${name}` } });
const problem = { 'application/problem+json': ref('Problem') };
// Answers and headers that several operations share stand in the components.
const document = {
  paths: {
    '/things/{id}': {
      get: {
        responses: {
          200: {
            description: 'A thing.',
            headers: { ETag: { $ref: '#/components/headers/ETag' }, Age: { schema: { type: 'integer' } } },
            content: { 'application/json': ref('Thing') },
          },
          404: { $ref: '#/components/responses/ThingUnknown' },
        },
      },
      delete: { responses: { 204: { description: 'Gone.' } } },
    },
  },
  components: {
    responses: { ThingUnknown: { description: '`thing-unknown`: There is none.', content: problem } },
    headers: { ETag: { required: true, schema: { type: 'string' } } },
    schemas: {
      Thing: {
        type: 'object',
        required: ['id'],
        properties: {
          id: { type: 'string' },
          part: { type: ['object', 'null'], properties: { size: { type: 'integer' } } },
          any: { type: 'object' },
        },
      },
      Problem: {
        type: 'object',
        required: ['type', 'status', 'instance'],
        properties: { type: { type: 'string' }, status: { type: 'integer' }, instance: { type: 'string' }, code: { type: 'string' } },
      },
    },
  },
};
const check = createContractCheck(document as unknown as OpenApi);

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8', etag: '"x"' };
const answer = (status: number, body: unknown, headers: Record<string, string> = JSON_TYPE, more: Partial<Answer> = {}): string[] =>
  check({
    method: 'GET',
    path: '/things/1?x=1',
    status,
    headers: new Headers(headers),
    body: body === '' ? '' : JSON.stringify(body),
    ...more,
  });
const PROBLEM = { 'content-type': 'application/problem+json', 'x-request-id': 'r1' };
const unknown = { type: '/errors/thing-unknown', status: 404, instance: 'r1', code: 'thing-unknown' };

describe('the contract check', () => {
  it('takes what is described', () => {
    expect(answer(200, { id: '1', part: { size: 1 }, any: { more: 1 } })).toEqual([]);
    expect(answer(200, '', JSON_TYPE, { method: 'HEAD' })).toEqual([]);
    expect(answer(404, unknown, PROBLEM)).toEqual([]);
    expect(answer(204, '', {}, { method: 'DELETE' })).toEqual([]);
    expect(answer(405, '', { allow: 'GET, HEAD, DELETE' }, { method: 'HEAD' })).not.toEqual([]);
    expect(answer(404, { ...unknown, type: '/errors/not-found', code: 'not-found' }, PROBLEM, { path: '/nothing' })).toEqual([]);
    expect(answer(400, { type: 'about:blank', status: 400, instance: 'r1' }, PROBLEM)).toEqual([]);
  });

  it.each([
    ['an unknown member', answer(200, { id: '1', colour: 'red' }), /GET \/things\/1\?x=1 answered 200: .*colour/],
    ['an unknown member of a member', answer(200, { id: '1', part: { weight: 1 } }), /\/part.*weight/],
    ['a member that is missing', answer(200, {}), /id/],
    ['an unknown status', answer(201, { id: '1' }), /the status 201 is not described; it may be 200, 404/],
    ['an unknown content type', answer(200, 'x', { ...JSON_TYPE, 'content-type': 'text/plain' }), /text\/plain is not described/],
    ['a body where none is described', answer(204, 'x', {}, { method: 'DELETE' }), /a body where none/],
    ['a body that is no JSON', answer(200, '', JSON_TYPE), /not JSON/],
    ['a promised header that is missing', answer(200, { id: '1' }, { 'content-type': 'application/json' }), /ETag is missing/],
    ['a header of another type', answer(200, { id: '1' }, { ...JSON_TYPE, age: 'old' }), /Age is "old"/],
    ['an unknown code', answer(404, { ...unknown, type: '/errors/gone', code: 'gone' }, PROBLEM), /code gone is not described/],
    ['a problem of another status', answer(404, { ...unknown, status: 500 }, PROBLEM), /says status 500/],
    ['a problem of another request', answer(404, unknown, { ...PROBLEM, 'x-request-id': 'r2' }), /not the x-request-id/],
    ['a problem without an instance', answer(400, { type: 'about:blank', status: 400 }, PROBLEM), /instance/],
    ['a problem without a code', answer(404, { type: 'about:blank', status: 404, instance: 'r1' }, PROBLEM), /it has no code/],
    ['a path that is not described', answer(200, { id: '1' }, JSON_TYPE, { path: '/others/1' }), /the path is not described/],
    ['a method that is not described', answer(200, '', {}, { method: 'PUT' }), /the method is not described/],
    ['a method that is not found', answer(404, unknown, PROBLEM, { method: 'LOCK' }), /the method is not described/],
    ['Allow that is wrong', answer(405, '', { allow: 'GET' }, { method: 'PUT' }), /described are GET, DELETE/],
  ])('finds %s', (_name, faults, said) => {
    expect(faults.join('\n')).toMatch(said);
  });
});
