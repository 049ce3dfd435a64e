/** `/errors/{code}` and `/favicon.ico`: pages for people. */
import { Type } from 'typebox';
import { ERRORS, QuireError, type ErrorCode } from '../../errors.ts';
import type { TypedApp } from '../dependencies.ts';
import { ADVICE } from '../answers/error-advice.ts';
import { FAVICON } from '../answers/favicon.ts';
import { escapeHtml, sendPage } from '../answers/html.ts';
import { isPassing } from '../answers/problem.ts';
import { HTML_RESPONSE } from '../schemas/html-response.ts';
import { problems } from '../schemas/problem.ts';

const PASSING = '<p>The same request may succeed later: the answer says when, in <code>Retry-After</code>.</p>';

const isCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);

/** Text with `code` in backquotes as HTML. */
const inline = (text: string): string => escapeHtml(text).replace(/`([^`]*)`/g, '<code>$1</code>');

function listErrors(app: TypedApp): void {
  app.get('/errors', {
    config: { open: true, anyParameter: true },
    schema: {
      operationId: 'listErrors',
      tags: ['Operations'],
      summary: 'List all errors',
      description: 'A page with a link to each error. Needs no key.',
      response: { 200: HTML_RESPONSE, ...problems() },
    },
    handler: (_request, reply) => {
      const rows = Object.entries(ERRORS).map(
        ([code, { status, title }]) => `<tr><td>${status}<td><a href="/errors/${code}"><code>${code}</code></a><td>${escapeHtml(title)}`,
      );
      return sendPage(reply, 'Errors', `<h1>Errors</h1><table><tr><th>Status<th>Code<th>Meaning${rows.join('')}</table>`);
    },
  });
}

function getError(app: TypedApp): void {
  app.get('/errors/:code', {
    config: { open: true, anyParameter: true },
    schema: {
      operationId: 'getError',
      tags: ['Operations'],
      summary: 'Explain an error',
      description: 'The page that the `type` of a problem leads to. Needs no key.',
      params: Type.Object({ code: Type.String({ description: 'The code of the error.', examples: ['book-unknown'] }) }),
      response: { 200: HTML_RESPONSE, ...problems({ code: 'not-found', detail: 'There is no such error. /errors lists them.' }) },
    },
    handler: (request, reply) => {
      const { code } = request.params;
      if (!isCode(code)) throw new QuireError('not-found', 'There is no such error. /errors lists them.');
      const { status, title } = ERRORS[code];
      return sendPage(
        reply,
        title,
        `<h1>${escapeHtml(title)}</h1><p><code>${code}</code>, HTTP status ${status}.</p><p>${inline(ADVICE[code])}</p>${isPassing(code) ? PASSING : ''}`,
      );
    },
  });
}

export async function pagesRoutes(app: TypedApp): Promise<void> {
  listErrors(app);
  getError(app);
  app.get('/favicon.ico', { config: { open: true }, schema: { hide: true } }, (_request, reply) =>
    reply.header('content-type', 'image/x-icon').header('cache-control', 'public, max-age=86400').send(FAVICON),
  );
}
