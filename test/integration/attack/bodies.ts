/** Bodies: deep and huge JSON, polluted objects, tables that are formulas, patterns that never end. */
import { gzipSync } from 'node:zlib';
import type { Attack, Ground } from './attack.ts';

const MIB = 1024 * 1024;
const link = (id: string | number): string => `https://www.goodreads.com/book/show/${id}`;
const json = (kind: string, what: string, path: string, body: string | Uint8Array, statuses?: number[]): Attack => ({
  kind,
  what,
  method: 'POST',
  path,
  headers: { 'content-type': 'application/json' },
  body,
  ...(statuses && { statuses }),
});

function deepAndHuge({ openBatchId, webhookId }: Ground): Attack[] {
  const bodies: [what: string, body: string | Buffer][] = [
    ['100,000 open brackets', '['.repeat(100_000)],
    ['100,000 nested lists', '['.repeat(100_000) + ']'.repeat(100_000)],
    ['100,000 nested objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a deep list among links', `["${link(1)}",${'['.repeat(50_000)}${']'.repeat(50_000)}]`],
    ['a deep value of an option', `{"urls":["${link(1)}"],"until":${'{"field":'.repeat(20_000)}1${'}'.repeat(20_000)}}`],
    ['a million numbers', `[${'0,'.repeat(900_000)}0]`],
    ['a million empty objects', `[${'{},'.repeat(600_000)}{}]`],
    ['50,000 names', `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":1`).join(',')}}`],
    ['50,000 times the same name', `{${'"urls":[],'.repeat(50_000)}"urls":[]}`],
    ['a name of a megabyte', `{"${'k'.repeat(MIB)}":1}`],
    ['a text of two megabytes', `["${'x'.repeat(2 * MIB - 100)}"]`],
    ['escapes without end', `["${String.raw`\u0041`.repeat(300_000)}"]`],
    ['half characters without end', `["${String.raw`\ud800`.repeat(300_000)}"]`],
    ['a number of a megabyte', `[${'9'.repeat(MIB)}]`],
    ['a number beyond all numbers', '{"urls":["x"],"maxAge":1e999}'],
    ['a fraction of a megabyte', `{"urls":["x"],"maxAge":0.${'0'.repeat(MIB)}1}`],
    ['white space alone', ' '.repeat(2 * MIB - 10)],
    ['bytes that are no UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x5d])],
    ['UTF-16', Buffer.from(`\ufeff["${link(1)}"]`, 'utf16le')],
    ['a byte order mark, twice', '\ufeff\ufeff[]'],
    ['NUL bytes', Buffer.alloc(1000)],
    ['NaN', '[NaN, Infinity, undefined]'],
    ['a comment', `[/* */"${link(1)}"]`],
    ['a comma at the end', `["${link(1)}",]`],
    ['an end of line in a text', '["a\nb"]'],
  ];
  const paths = ['/parse-links', `/batches/${openBatchId}/links`, '/webhooks', `/webhooks/${webhookId}/rotate`, '/failures/redrive'];
  // Each body goes where it is read furthest, and to one other place.
  return bodies.flatMap(([what, body], at) =>
    ['/parse-links', paths[1 + (at % 4)] ?? ''].map((path) => json('json', `${what} to ${path}`, path, body)),
  );
}

/** `JSON.parse` makes of `__proto__` a member of its own: none may reach a prototype later. */
function pollution({ bookId, openBatchId }: Ground): Attack[] {
  const values = [
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"__proto__":{"isAdmin":true,"polluted":1},"urls":["x"]}',
    String.raw`{"__pro\u0074o__":{"polluted":true}}`,
    '[{"__proto__":{"polluted":true}}]',
    '{"urls":{"__proto__":[],"length":1e9}}',
    `{"urls":["${link(bookId)}"],"until":{"__proto__":{"polluted":1},"field":"title","equals":"x"}}`,
    `{"urls":["${link(bookId)}"],"until":{"field":"__proto__","equals":null}}`,
    `{"urls":["${link(bookId)}"],"until":{"field":"constructor","contains":"x"}}`,
    `{"urls":["${link(bookId)}"],"webhook":{"__proto__":{"url":"x"}}}`,
    `{"url":"https://127.0.0.1/","events":["__proto__"]}`,
    '{"toString":1,"valueOf":2,"hasOwnProperty":3,"toJSON":4}',
    '{"then":1,"length":-1,"0":"x"}',
    '{"reason":"__proto__"}',
    '{"limit":{"__proto__":{"valueOf":1}}}',
  ];
  return ['/parse-links', '/webhooks', '/failures/redrive', `/batches/${openBatchId}/links`]
    .flatMap((path) => values.map((body) => json('pollution', `${body} to ${path}`, path, body)))
    .concat(
      [
        '__proto__[polluted]=1',
        '__proto__.polluted=1',
        'constructor[prototype][polluted]=1',
        'a[]=1&a[__proto__]=2',
        '__proto__=1',
      ].flatMap((query) =>
        ['/books', '/book-info', '/parse-links', '/jobs', '/batches', '/find', '/stats', '/source'].map((path) => ({
          kind: 'pollution',
          what: `${query} in ${path}`,
          method: path === '/parse-links' ? 'POST' : 'GET',
          path: `${path}?${query}`,
        })),
      ),
    );
}

function tables({ bookId }: Ground): Attack[] {
  const csv = (what: string, body: string | Uint8Array, headers = {}): Attack => ({
    kind: 'table',
    what,
    method: 'POST',
    path: '/parse-links?dryRun=offline',
    headers: { 'content-type': 'text/csv', ...headers },
    body,
  });
  return [
    csv('a quote that never closes', `Book Id,Title\r\n${bookId},"${'x'.repeat(MIB)}`),
    csv('a cell of two megabytes', `Book Id,Title\r\n${bookId},${'x'.repeat(2 * MIB)}\r\n`),
    csv('100,000 columns', `Book Id${',x'.repeat(100_000)}\r\n${bookId}${',y'.repeat(100_000)}\r\n`),
    csv('a row with more cells than columns', `Book Id\r\n${bookId}${',y'.repeat(10_000)}\r\n`),
    csv('60,000 rows', `Book Id\r\n${`${bookId}\r\n`.repeat(60_000)}`),
    csv('300,000 empty rows', `Book Id\r\n${'\r\n'.repeat(300_000)}${bookId}\r\n`),
    csv('the same column a hundred times', `${'Book Id,'.repeat(100)}\r\n${`${bookId},`.repeat(100)}\r\n`),
    csv('columns named after prototypes', `__proto__,constructor,toString,Book Id\r\na,b,c,${bookId}\r\n`),
    csv('no line end at all', `Book Id,${'x,'.repeat(100_000)}`),
    csv('carriage returns alone', `Book Id\r${bookId}\r`),
    csv('NUL bytes', `Book\u0000Id\r\n${bookId}\u0000\r\n`),
    csv('bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x42])),
    csv('a bomb of gzip', gzipSync(Buffer.alloc(34 * MIB, '\n')), { 'content-encoding': 'gzip' }),
    csv('quotes without end', `Book Id\r\n${'"'.repeat(200_001)}\r\n`),
    csv('formulas', `Book Id,ISBN\r\n"=""${bookId}""",=1+1\r\n=cmd|' /C calc'!A0,@SUM(1)\r\n`),
  ];
}

function patterns({ bookId }: Ground): Attack[] {
  const bombs = [
    '(a+)+$',
    '(a|a)*$',
    '(a|aa)+$',
    '(.*)*x',
    '(.*a){12}',
    '([a-zA-Z]+)*!',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(x+x+)+y',
    '(?:(?:a{1,9}){1,9}){1,9}',
    '(a{1000}){1000}',
    'a{1000}{1000}',
    `${'(a?)'.repeat(30)}${'a'.repeat(30)}`,
    `${'('.repeat(80)}a${')*'.repeat(80)}`,
    `${'a|'.repeat(90)}b`,
    `[${'a-z'.repeat(60)}]+$`,
    String.raw`\p{L}+\p{M}*\P{N}+$`,
    String.raw`(\w+\s?)+$`,
    String.raw`(\1a)+`,
    '(?=a)(?!b)',
    '(?<=a)b',
    '(?P<n>a)(?P=n)',
    String.raw`\C\x{10ffff}\Q`,
    '(?i)ſ+K+$',
    '*',
    '[z-a]',
    '(?#',
  ];
  return bombs.flatMap((matches, at) =>
    [['description', 'title', 'genres'][at % 3]].map((field) =>
      json(
        'pattern',
        `${matches} in ${field}`,
        '/parse-links',
        JSON.stringify({ urls: [link(bookId)], until: { field, matches, count: 1 } }),
        [200, 202, 400],
      ),
    ),
  );
}

export const attacksByBody = (ground: Ground): Attack[] => [
  ...deepAndHuge(ground),
  ...pollution(ground),
  ...tables(ground),
  ...patterns(ground),
];
