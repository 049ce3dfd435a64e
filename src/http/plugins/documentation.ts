/** The OpenAPI document, made of the routes' schemas, and the page where it can be tried. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { SESSION_COOKIE } from '../access/credentials.ts';
import { problems } from '../schemas/problem.ts';
import { asYaml } from './document-yaml.ts';
import { withSharedComponents } from './document-components.ts';

const TAGS = [
  { name: 'Books', description: 'Submit links, read books.' },
  { name: 'Batches', description: 'What became of a submission.' },
  { name: 'Jobs', description: 'What happens to a book, and what to do about failures.' },
  { name: 'Webhooks', description: 'Who is called when something happens, and what came of the calls.' },
  { name: 'Source', description: 'How Goodreads treats us, and how we treat it.' },
  { name: 'Operations', description: 'For those who run Quire.' },
];

const DESCRIPTION = `Takes links to Goodreads books, fetches and parses their pages in the background, politely, and serves clean records.

Submit links with \`POST /parse-links\`, read books with \`GET /book-info\`. Every error is a problem (RFC 9457) whose \`type\` leads to a page that says what to do.
A path answers methods that it does not take with 405 and \`Allow\`. What HTTP itself refuses (400, 408, 413, 417, 431, 501) is a problem of type \`about:blank\`.
Once there are keys, every request but the health checks needs one. \`x-scope\` of an operation names the scope that the key needs; the scope \`admin\` opens everything.`;

/** Nothing is loaded from elsewhere, and no other page may frame this one. */
const CSP =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

/** Begins to collect the routes, so it must be registered before them. `keyed`: this service asks for a key. */
export async function collectDocumentation(app: FastifyInstance, { version, keyed }: { version: string; keyed: boolean }): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Quire', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: '/', description: 'This service' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key of the API.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          basic: { type: 'http', scheme: 'basic', description: 'Any user; the password is a key.' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'Set by `POST /session`, for the web page.' },
        },
      },
      security: [...(keyed ? [] : [{}]), { bearer: [] }, { apiKey: [] }, { basic: [] }, { session: [] }],
    },
    // Copies: a schema that two routes share would become an alias in the YAML.
    transform: ({ schema, url }) => ({ schema: schema === undefined ? {} : (JSON.parse(JSON.stringify(schema)) as typeof schema), url }),
    transformObject: (document) => ('openapiObject' in document ? withSharedComponents(document.openapiObject) : {}),
    refResolver: { buildLocalReference: (json, _baseUri, _fragment, i) => (typeof json['$id'] === 'string' ? json['$id'] : `def-${i}`) },
  });
}

/** `/openapi.json`, `/openapi.yaml` and `/docs`. */
export async function documentationRoutes(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CSP,
    uiConfig: { tryItOutEnabled: true, displayRequestDuration: true, docExpansion: 'list' },
  });

  app.get('/openapi.json', {
    config: { anyParameter: true },
    schema: {
      operationId: 'openapiJson',
      tags: ['Operations'],
      summary: 'Get this document as JSON',
      description: 'OpenAPI 3.1.',
      response: {
        200: { description: 'The document.', content: { 'application/json': { schema: Type.Object({}, { additionalProperties: true }) } } },
        ...problems(),
      },
    },
    handler: (_request, reply) => reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(app.swagger())),
  });

  let yaml: string | undefined;
  app.get('/openapi.yaml', {
    config: { anyParameter: true },
    schema: {
      operationId: 'openapiYaml',
      tags: ['Operations'],
      summary: 'Get this document as YAML',
      description: 'OpenAPI 3.1.',
      response: { 200: { description: 'The document.', content: { 'application/yaml': { schema: Type.String() } } }, ...problems() },
    },
    handler: (_request, reply) => reply.header('content-type', 'application/yaml; charset=utf-8').send((yaml ??= asYaml(app.swagger()))),
  });
}
