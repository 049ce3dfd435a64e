/** `/`: the page on which people use Quire, and its files. */
import { createHash } from 'node:crypto';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { HttpDependencies } from '../dependencies.ts';
import { escapeHtml, sendPage } from '../answers/html.ts';
import { HTML_RESPONSE } from '../schemas/html-response.ts';
import { problems } from '../schemas/problem.ts';
import { readWebFiles } from './web-files.ts';

/** The page loads its own files and nothing else, and no text becomes markup or script in it. */
const PAGE_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const YEAR_MS = 365 * 24 * 3600 * 1000;

type Deps = Pick<HttpDependencies, 'config' | 'version'>;

/**
 * What stands before the paths of this page in the browser. A proxy may serve Quire below a path, which PUBLIC_URL names; then `/quire` without
 * a slash at the end works too. Under any other name relative addresses do.
 */
function baseOf(request: FastifyRequest, publicUrl: string | null): string {
  if (publicUrl === null) return '.';
  const { host, pathname } = new URL(publicUrl);
  const prefix = pathname.replace(/\/+$/, '');
  return host === request.headers.host?.toLowerCase() && prefix !== '' ? prefix : '.';
}

export async function webRoutes(app: FastifyInstance, { deps }: { deps: Deps }): Promise<void> {
  const { config, version } = deps;
  const files = readWebFiles();

  if (files !== null) {
    await app.register(async (scope) => {
      // The page asks for the key itself, so it comes without one.
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, open: true, anyParameter: true };
      });
      await scope.register(fastifyStatic, {
        root: files.root,
        prefix: `/assets/${files.digest}/`,
        decorateReply: false,
        index: false,
        immutable: true,
        maxAge: YEAR_MS,
        setHeaders: (reply) => void reply.header('x-content-type-options', 'nosniff'),
      });
    });
  }

  app.get('/', {
    config: { open: true, anyParameter: true },
    schema: {
      operationId: 'home',
      tags: ['Operations'],
      summary: 'Show the page',
      description: 'The page on which people submit links, watch batches and read books. Needs no key; it asks for one.',
      response: { 200: HTML_RESPONSE, 304: Type.Null({ description: 'The browser has it already.' }), ...problems() },
    },
    handler: (request, reply) => {
      if (files === null)
        return sendPage(
          reply,
          'Quire',
          `<h1>Quire ${escapeHtml(version)}</h1><p>The page is not built. Run <code>npm run build</code> and start again.</p><p><a href="docs/">API</a></p>`,
        );
      const base = baseOf(request, config.publicUrl);
      const html = files.page
        .replaceAll('%ASSETS%', `${base}/assets/${files.digest}`)
        .replaceAll('%BASE%', base)
        .replaceAll('%VERSION%', escapeHtml(version));
      const etag = `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"`;
      reply
        .header('content-security-policy', PAGE_CSP)
        .header('cache-control', 'no-cache')
        .header('etag', etag)
        .header('referrer-policy', 'no-referrer')
        .header('x-content-type-options', 'nosniff');
      if (request.headers['if-none-match'] === etag) return reply.code(304).send(null);
      return reply.header('content-type', 'text/html; charset=utf-8').send(html);
    },
  });
}
