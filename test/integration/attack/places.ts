/** Every place of openapi.yaml where a caller may write text, each with hostile texts of half the kinds. */
import type { Attack, Ground } from './attack.ts';
import { TEXTS } from './texts.ts';

interface Parameter {
  name: string;
  in: string;
  $ref?: string;
}

export interface Document {
  paths: Record<string, Record<string, { parameters?: Parameter[] }>>;
  components: { parameters?: Record<string, Parameter> };
}

/** A place, and the request with a text in it. */
interface Place {
  name: string;
  request: (text: string) => Pick<Attack, 'method' | 'path' | 'headers' | 'body'>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const LINK = (bookId: string): string => `https://www.goodreads.com/book/show/${bookId}`;

/** As `encodeURIComponent`, which throws on half a character. */
export const encoded = (text: string): string => encodeURIComponent(text.replaceAll(/[\ud800-\udfff]/gu, '\ufffd'));

/** Headers take Latin-1 without control characters: what has others goes in UTF-8, as a careless client sends it. */
const headerText = (text: string): string =>
  Buffer.from(text)
    .toString('latin1')
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, ' ');

/** What a path is asked for when the text goes elsewhere: things that are there. */
const pathOf = (template: string, { bookId, batchId, openBatchId, webhookId }: Ground): string =>
  template
    .replace('{bookId}', bookId)
    .replace('{batchId}', template.endsWith('/links') ? openBatchId : batchId)
    .replace('{jobId}', `book-${bookId}`)
    .replace('{webhookId}', webhookId)
    .replace('{deliveryId}', 'dl0mhf5k2x3a1b2c3d4e5f6')
    .replace('{code}', 'forbidden');

/** A query that the route needs before it looks at anything else. */
const NEEDED: Record<string, string> = { '/find': 'q=a', '/books/search': 'q=a' };

function queryPlaces(document: Document, ground: Ground): Place[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
      parameters.flatMap((given) => {
        const { name, in: where } = given.$ref ? (document.components.parameters?.[given.$ref.split('/').at(-1) ?? ''] ?? given) : given;
        if (where !== 'query') return [];
        const path = pathOf(template, ground);
        const needed = NEEDED[template]?.startsWith(`${name}=`) ? '' : `${NEEDED[template] ?? ''}&`;
        const body = method === 'post' ? { headers: JSON_TYPE, body: JSON.stringify([LINK(ground.bookId)]) } : {};
        return [
          {
            name: `${method} ${template} ?${name}`,
            request: (text: string) => ({ method: method.toUpperCase(), path: `${path}?${needed}${name}=${encoded(text)}`, ...body }),
          },
        ];
      }),
    ),
  );
}

function pathPlaces(document: Document): Place[] {
  return Object.entries(document.paths).flatMap(([template, methods]) =>
    template.includes('{')
      ? Object.keys(methods).map((method) => ({
          name: `${method} ${template}`,
          request: (text: string) => ({ method: method.toUpperCase(), path: template.replace(/\{\w+\}/, encoded(text)) }),
        }))
      : [],
  );
}

/** Members of JSON bodies. `null` stands where the text goes. */
const BODIES: readonly [path: string, body: (text: string, ground: Ground) => unknown][] = [
  ['/parse-links', (text) => [text]],
  ['/parse-links', (text, { bookId }) => [LINK(bookId), `${LINK(bookId)}-${text}`]],
  ['/parse-links', (text, { bookId }) => [LINK(bookId), { [text]: text }]],
  ['/parse-links', (text) => ({ urls: text })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], [text]: text })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], priority: text, maxAge: text, deadline: text, editions: text })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], webhook: { url: text, secret: text } })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], dryRun: text })],
  ['/parse-links', (text, { bookId }) => ({ urls: [text, LINK(bookId)], dryRun: 'offline' })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], until: { field: text, equals: text } })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], until: { field: 'title', equals: text.slice(0, 100) } })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], until: { field: 'description', contains: text.slice(0, 100) } })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], until: { field: 'description', matches: text.slice(0, 200) } })],
  ['/parse-links', (text, { bookId }) => ({ urls: [LINK(bookId)], until: { field: 'rating', gte: text, [text]: 1 } })],
  ['/batches/{batchId}/links', (text) => [text]],
  ['/batches/{batchId}/links', (text, { bookId }) => ({ urls: [LINK(bookId)], [text]: text })],
  ['/webhooks', (text) => ({ url: text })],
  ['/webhooks', (text) => ({ url: `https://127.0.0.1/${encoded(text)}`, events: [text], secret: text })],
  ['/webhooks', (text) => ({ url: 'https://127.0.0.1/', events: ['*'], [text]: text })],
  ['/webhooks/{webhookId}/rotate', (text) => ({ secret: text })],
  ['/webhooks/{webhookId}/rotate', (text) => ({ [text]: text })],
  ['/failures/redrive', (text) => ({ reason: text })],
  ['/failures/redrive', (text) => ({ limit: text, [text]: text })],
];

const bodyPlaces = (ground: Ground): Place[] =>
  BODIES.map(([template, body], at) => ({
    name: `post ${template}, body ${at}`,
    request: (text) => ({
      method: 'POST',
      path: pathOf(template.replace('{batchId}', ground.openBatchId), ground),
      headers: JSON_TYPE,
      body: JSON.stringify(body(text, ground)),
    }),
  }));

/** Bodies of other types. */
const typedPlaces = (ground: Ground): Place[] =>
  (
    [
      ['text/plain', (text) => `${text}\n${LINK(ground.bookId)}`],
      ['text/csv', (text) => `Book Id,Title\r\n${ground.bookId},"${text.replaceAll('"', '""')}"\r\n`],
      ['text/csv', (text) => `${text},Book Id\r\nx,${ground.bookId}\r\n`],
      ['text/csv', (text) => `Book Id,ISBN\r\n${text},${text}\r\n`],
    ] as [string, (text: string) => string][]
  ).map(([type, body], at) => ({
    name: `post /parse-links as ${type} ${at}`,
    request: (text) => ({ method: 'POST', path: '/parse-links', headers: { 'content-type': type }, body: body(text) }),
  }));

const HEADERS = [
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'content-type',
  'cookie',
  'forwarded',
  'from',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'last-event-id',
  'origin',
  'prefer',
  'range',
  'referer',
  'sec-fetch-site',
  'te',
  'traceparent',
  'user-agent',
  'via',
  'x-api-key',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-http-method-override',
  'x-original-url',
  'x-request-id',
];

/** A read and a submission with the header; an event stream where it is of that. */
const headerPlaces = ({ bookId, batchId }: Ground): Place[] =>
  HEADERS.map((name, at) => ({
    name: `header ${name}`,
    request: (text) =>
      name === 'last-event-id'
        ? { method: 'GET', path: `/batches/${batchId}/events`, headers: { [name]: headerText(text) || '-' } }
        : at % 2 === 0
          ? { method: 'GET', path: `/book-info?id=${bookId}`, headers: { [name]: headerText(text) } }
          : {
              method: 'POST',
              path: '/parse-links',
              headers: { ...JSON_TYPE, [name]: headerText(text) },
              body: JSON.stringify([LINK(bookId)]),
            },
  }));

/** Requests that change nothing of the ground, whatever the text is: no text is an id. */
export function attacksOnPlaces(document: Document, ground: Ground): Attack[] {
  const places = [
    ...queryPlaces(document, ground),
    ...pathPlaces(document),
    ...bodyPlaces(ground),
    ...typedPlaces(ground),
    ...headerPlaces(ground),
  ];
  // Half of the places for each kind, by turns: so each place gets a text of every other kind.
  return Object.entries(TEXTS).flatMap(([kind, texts], shift) =>
    places.flatMap(({ name, request }, at) => {
      if ((at + shift) % 2 === 1) return [];
      const text = texts[((at + shift) / 2) % texts.length] ?? '';
      return Object.assign(request(text), { kind, what: `${JSON.stringify(text.slice(0, 40))} at ${name}` });
    }),
  );
}
