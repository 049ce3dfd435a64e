import { EventEmitter } from 'node:events';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { presentedKey, presentedSession, sessionCookie } from '../../../src/http/access/credentials.ts';
import { isNotModified } from '../../../src/http/answers/conditional.ts';
import { isCrossOrigin } from '../../../src/http/plugins/cross-origin.ts';
import { CSV, csvLines } from '../../../src/app/formats/csv.ts';
import { readIdempotencyKey } from '../../../src/http/requests/idempotency.ts';
import { jsonFault } from '../../../src/http/plugins/body-parsing.ts';
import { grantWait, preferredWaitSeconds } from '../../../src/http/requests/preferences.ts';
import { requestId } from '../../../src/http/requests/request-id.ts';

/** A cell as it stands before another. */
const csvCell = (value: string | number | null): string => csvLines([[value, 0]]).slice(0, -',0\r\n'.length);

describe('a cell of CSV', () => {
  it.each([
    ['plain', 'plain'],
    ['with, comma', '"with, comma"'],
    ['with "quotes"', '"with ""quotes"""'],
    ['two\nlines', '"two\nlines"'],
    [null, ''],
    [0, '0'],
    [-800, '-800'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t'=1"],
    ['\r=1', '"\'\r\'=1"'],
    ['\n1', '"\'\n1"'],
    ['  =1', "'  =1"],
    [';=1+1', ";'=1+1"],
    ['Foo; =1+1', "Foo;' =1+1"],
    ['Foo;"=1+1', '"Foo;\'""=1+1"'],
    ['first\n@SUM(A1)', '"first\n\'@SUM(A1)"'],
    ['first\t-1', "first\t'-1"],
    ['＝1+1', "'＝1+1"],
    ['＋1', "'＋1"],
    ['－1', "'－1"],
    ['＠SUM(A1)', "'＠SUM(A1)"],
    ['\u200b=1', "'\u200b=1"],
    ['\ufeff\u00a0\u2060=1', "'\ufeff\u00a0\u2060=1"],
    ['\u3164\u2800\u00ad\u0001=1', "'\u3164\u2800\u00ad\u0001=1"],
    ['Q = A; B-C (1+1)', 'Q = A; B-C (1+1)'],
    ['=HYPERLINK("http://evil.example","x")', '"\'=HYPERLINK(""http://evil.example"",""x"")"'],
  ])('%j is %j', (value, cell) => {
    expect(csvCell(value)).toBe(cell);
  });

  it('has no more quotes than it needs, and a lone line break has them', () => {
    const rows = [
      ['a', null, 'b,c'],
      ['', 1.5, 'd\re'],
    ];
    expect(csvLines(rows)).toBe('a,,"b,c"\r\n,1.5,"d\re"\r\n');
  });

  it('stands under the columns of the Goodreads export, in a file without a byte order mark', () => {
    expect(CSV.head({ title: '', url: '', atMs: 0 })).toMatch(
      /^Book Id,Title,Author,Additional Authors,ISBN,ISBN13,Average Rating,.*,Description,Fetched At\r\n$/,
    );
  });

  it('never starts a formula, whatever the text', () => {
    const starts = /[=+\-@＝＋－＠]/;
    const unseen = [' ', '\u200b', '\ufeff', '\u00a0', '"', '\u0000'];
    const piece = fc.constantFrom('=', '+', '-', '@', '＝', '＋', '－', '＠', ';', '\t', '\r', '\n', 'x', "'", ...unseen);
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    const isSafe = fc.property(texts, (text) =>
      csvCell(text)
        .split(/[;\t\r\n]/)
        .every((cell) => !starts.test(cell.split('').find((character) => !unseen.includes(character)) ?? '')),
    );
    expect(() => fc.assert(isSafe)).not.toThrow();
  });

  it('costs no more than its length, whatever the text', () => {
    const before = process.cpuUsage();
    for (const text of [';\u200b', ' ', '\n', ';', '\t"', ';='].map((part) => part.repeat(200_000))) csvCell(text);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(2000);
  });
});

describe('what is wrong with JSON', () => {
  const faultOf = (text: string): string => {
    try {
      return `nothing: ${String(JSON.parse(text))}`;
    } catch (error) {
      return jsonFault(text, error as Error);
    }
  };

  it.each([
    ['', 'Unexpected end of JSON input'],
    ['["a",\n "b"', "Expected ',' or ']' after array element at line 2, column 5"],
    ['{"a": 1,}', 'Expected double-quoted property name at line 1, column 9'],
    ['[1] x', 'Unexpected non-whitespace character after JSON at line 1, column 5'],
    ['nonsense', 'Unexpected token \'o\' in "nonsense"'],
  ])('in %j is %s', (text, fault) => {
    expect(faultOf(text)).toBe(fault);
  });
});

describe('Prefer: wait', () => {
  it.each([
    [undefined, 0],
    ['wait=10', 10],
    ['respond-async, wait=10', 10],
    ['respond-async; wait = "7"', 7],
    ['WAIT=5', 5],
    ['wait=31', 30],
    ['wait=999999999', 30],
    ['wait=-1', 0],
    ['wait=1.5', 0],
    ['wait=soon', 0],
    ['waiter=3', 0],
    [['return=minimal', 'wait=3'], 3],
  ])('%j is %i s', (header, seconds) => {
    expect(preferredWaitSeconds(header)).toBe(seconds);
  });
});

describe('waits', () => {
  it('are granted up to a number; who asks beyond it is answered without one, until others end', () => {
    const closing = new AbortController().signal;
    const ask = (closingOf = closing) => {
      const headers: Record<string, string> = {};
      const reply = { header: (name: string, value: string) => (headers[name] = value), raw: new EventEmitter() };
      const wait = grantWait({ headers: { prefer: 'wait=3' } } as never, reply as never, closingOf);
      return { wait, headers };
    };
    const granted = Array.from({ length: 1_000 }, () => ask().wait);
    expect(granted.every((wait) => wait?.timeoutMs === 3_000)).toBe(true);
    expect(ask()).toEqual({ wait: null, headers: {} });
    // Each app counts its own.
    const other = ask(new AbortController().signal);
    expect(other.headers).toEqual({ 'preference-applied': 'wait=3' });
    granted[0]?.end();
    granted[0]?.end();
    expect([ask().wait === null, ask().wait === null]).toEqual([false, true]);
  });
});

describe('a conditional request', () => {
  const at = Date.parse('2026-03-01T12:00:00.500Z');
  it.each([
    [{}, false],
    [{ 'if-none-match': '"abc"' }, true],
    [{ 'if-none-match': 'W/"abc"' }, true],
    [{ 'if-none-match': '"x", "abc"' }, true],
    [{ 'if-none-match': '*' }, true],
    [{ 'if-none-match': 'abc' }, false],
    [{ 'if-none-match': '"x"', 'if-modified-since': 'Mon, 02 Mar 2026 12:00:00 GMT' }, false],
    [{ 'if-modified-since': 'Sun, 01 Mar 2026 12:00:00 GMT' }, true],
    [{ 'if-modified-since': 'Sun, 01 Mar 2026 11:59:59 GMT' }, false],
    [{ 'if-modified-since': 'Sunday, 01-Mar-26 12:00:00 GMT' }, true],
    [{ 'if-modified-since': 'Sun Mar  1 12:00:00 2026' }, true],
    [{ 'if-modified-since': 'Sun Mar  1 11:59:59 2026' }, false],
    [{ 'if-modified-since': 'nonsense' }, false],
    [{ 'if-modified-since': '2050-01-01' }, false],
    [{ 'if-modified-since': '2050' }, false],
  ])('%j: not modified is %j', (headers, expected) => {
    expect(isNotModified(headers, 'abc', at)).toBe(expected);
  });
});

describe('another origin', () => {
  it.each([
    [{}, false],
    [{ host: 'a:1', origin: 'http://a:1' }, false],
    [{ host: 'A:1', origin: 'http://a:1' }, false],
    [{ host: 'a:1', origin: 'http://a:2' }, true],
    [{ host: 'a:1', origin: 'null' }, true],
    [{ host: 'a:1', origin: 'nonsense' }, true],
    [{ host: 'a:1', origin: 'http://b', 'sec-fetch-site': 'same-origin' }, false],
    [{ host: 'a:1', 'sec-fetch-site': 'none' }, false],
    [{ host: 'a:1', 'sec-fetch-site': 'same-site' }, true],
    [{ host: 'a:1', 'sec-fetch-site': 'cross-site' }, true],
  ])('%j: %j', (headers, expected) => {
    expect(isCrossOrigin({ headers })).toBe(expected);
  });
});

describe('ids and keys', () => {
  it("a request id is the caller's where it is sane", () => {
    expect(requestId({ headers: { 'x-request-id': 'a-b_c.1~2' } })).toBe('a-b_c.1~2');
    const own = [
      requestId({ headers: {} }),
      requestId({ headers: { 'x-request-id': 'a b' } }),
      requestId({ headers: { 'x-request-id': '' } }),
    ];
    expect(new Set(own).size).toBe(3);
    for (const id of own) expect(id).toMatch(/^[\w-]{8,}$/);
  });

  it('a key comes in four ways', () => {
    const basic = `Basic ${Buffer.from('anybody:a:key').toString('base64')}`;
    expect(
      [{ 'x-api-key': 'a-key' }, { authorization: 'Bearer a-key' }, { authorization: 'bearer  a-key' }, { authorization: 'a-key' }].map(
        (headers) => presentedKey({ headers }),
      ),
    ).toEqual(['a-key', 'a-key', 'a-key', 'a-key']);
    expect(presentedKey({ headers: { authorization: basic } })).toBe('a:key');
    for (const authorization of ['Digest abc', `Basic ${Buffer.from('nothing').toString('base64')}`])
      expect(presentedKey({ headers: { authorization } })).toBeNull();
    expect(presentedKey({ headers: {} })).toBeNull();
  });

  it('the cookie of a session is found among others, and stays below the path of PUBLIC_URL', () => {
    const token = 'x'.repeat(43);
    expect(presentedSession({ headers: { cookie: `a=b; quire_session=${token}; c=d` } })).toBe(token);
    for (const cookie of ['', 'quire_session=', 'quire_session=short', `other=${token}`])
      expect(presentedSession({ headers: { cookie } })).toBeNull();
    expect(sessionCookie(token, 60, { publicUrl: null, isSecure: false })).toBe(
      `quire_session=${token}; Path=/; Max-Age=60; HttpOnly; SameSite=Strict`,
    );
    expect(sessionCookie('', 0, { publicUrl: 'https://books.example/quire/', isSecure: false })).toBe(
      'quire_session=; Path=/quire; Max-Age=0; HttpOnly; SameSite=Strict; Secure',
    );
  });

  it('an Idempotency-Key is short and printable', () => {
    expect([readIdempotencyKey(undefined), readIdempotencyKey('"a key"')]).toEqual([null, '"a key"']);
    for (const key of ['', 'x'.repeat(256), 'ä', 'a\tb']) expect(() => readIdempotencyKey(key)).toThrow(/Idempotency-Key/);
  });
});
