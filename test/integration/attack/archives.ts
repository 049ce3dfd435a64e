/** Saved pages that mean harm: archives that are bombs, paths that lead elsewhere, forms without end. */
import { deflateSync, gzipSync } from 'node:zlib';
import { harOf, warcOf, zipOf } from '../../support/archives.ts';
import { MARK, type Attack } from './attack.ts';

const MIB = 1024 * 1024;
const link = (id: string | number): string => `https://www.goodreads.com/book/show/${id}`;

/** A page that looks like one of a book, padded so that it packs well. */
const PAGE = Buffer.from(`<!DOCTYPE html><html><head><title>${MARK}</title></head><body>${' '.repeat(4 * MIB)}</body></html>`);
const SMALL = Buffer.from(`<!DOCTYPE html><html><head><title>x</title></head><body>x</body></html>`);

export function attacksByArchive(): Attack[] {
  const pages = (what: string, type: string, body: Uint8Array | string, statuses?: number[]): Attack => ({
    kind: 'archive',
    what,
    method: 'POST',
    path: '/pages',
    headers: { 'content-type': type },
    body,
    ...(statuses && { statuses }),
  });
  const zip = (what: string, entries: Parameters<typeof zipOf>[0]): Attack => pages(what, 'application/zip', zipOf(entries), [200]);
  const small = zipOf([{ name: 'a.html', bytes: SMALL }]);
  const har = (entries: string): string => `{"log":{"version":"1.2","entries":${entries}}}`;
  const form = (what: string, head: string, body = SMALL.toString()): Attack =>
    pages(what, 'multipart/form-data; boundary=b', `--b\r\n${head}\r\n\r\n${body}\r\n--b--\r\n`);
  const names = [
    '../../../../tmp/pwned.html',
    '/tmp/pwned.html',
    'C:\\pwned.html',
    '..\\..\\pwned.html',
    'a/../../pwned.html',
    '\u0000.html',
    'x\r\nx-pwned: 1.html',
    '__proto__',
    '<script>pwned()</script>.html',
    `${'a/'.repeat(3_000)}x.html`,
    '.html',
    '',
  ];
  return [
    ...names.map((name) => zip(`the path ${JSON.stringify(name.slice(0, 40))}`, [{ name, bytes: SMALL }])),
    ...names
      .slice(0, 10)
      .map((name) =>
        form(
          `the file name ${JSON.stringify(name.slice(0, 40))}`,
          `content-disposition: form-data; name="file"; filename="${name.slice(0, 500)}"`,
        ),
      ),
    zip(
      '20 pages of 4 MiB each',
      Array.from({ length: 20 }, (_, n) => ({ name: `${n}.html`, bytes: PAGE })),
    ),
    zip(
      '2,000 entries',
      Array.from({ length: 2_000 }, (_, n) => ({ name: `${n}.txt`, bytes: SMALL })),
    ),
    zip(
      'the same name 100 times',
      Array.from({ length: 100 }, () => ({ name: 'a.html', bytes: SMALL })),
    ),
    zip('an archive in an archive', [{ name: 'a.zip', bytes: zipOf([{ name: 'b.zip', bytes: small }]) }]),
    zip('an encrypted entry', [{ name: 'a.html', bytes: SMALL, flags: 1 }]),
    zip('an entry that claims 4 GiB', [{ name: 'a.html', bytes: SMALL, claimedSize: 0xffffffff }]),
    zip('an entry that claims nothing', [{ name: 'a.html', bytes: PAGE, claimedSize: 0 }]),
    pages('a zip without its end', 'application/zip', small.subarray(0, -10)),
    pages('a zip that is only an end', 'application/zip', small.subarray(-22)),
    pages(
      'a zip whose directory points beyond',
      'application/zip',
      Buffer.concat([small.subarray(0, -6), Buffer.from([0xff, 0xff, 0xff, 0x7f, 0, 0])]),
    ),
    pages('a bomb of gzip', 'application/gzip', gzipSync(Buffer.alloc(40 * MIB))),
    pages(
      'gzip ten times over',
      'application/gzip',
      Array.from({ length: 10 }).reduce<Buffer>((inner) => gzipSync(inner), SMALL),
    ),
    pages('gzip that is cut', 'application/gzip', gzipSync(PAGE).subarray(0, 500)),
    pages('a body packed by deflate, called gzip', 'application/gzip', deflateSync(SMALL)),
    pages('a WARC file with a negative length', 'application/warc', 'WARC/1.1\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\n'),
    pages(
      'a WARC file with a length beyond all',
      'application/warc',
      'WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 99999999999999999999\r\n\r\nx',
    ),
    pages('a WARC file of headers alone', 'application/warc', `WARC/1.1\r\n${'x: y\r\n'.repeat(100_000)}`),
    pages('a WARC file of the trap', 'application/warc', warcOf([{ url: 'http://127.0.0.1/book/show/1', body: SMALL }], false)),
    pages(
      'a WARC file of a chunked answer that lies',
      'application/warc',
      warcOf([{ url: link(1), body: Buffer.from('fffffff\r\nx'), headers: ['transfer-encoding: chunked'] }], false),
    ),
    pages(
      'a HAR file with addresses elsewhere',
      'application/json',
      harOf([
        { url: 'file:///etc/passwd', body: SMALL },
        { url: 'http://127.0.0.1/', body: SMALL },
      ]),
    ),
    pages('a HAR file of deep entries', 'application/json', har(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
    pages('a HAR file of 100,000 entries', 'application/json', har(`[${'{},'.repeat(100_000)}{}]`)),
    pages(
      'a HAR file with prototypes',
      'application/json',
      har('[{"__proto__":{"polluted":1},"response":{"__proto__":{"polluted":1},"content":{"text":1}}}]'),
    ),
    pages(
      'a HAR file with odd base64',
      'application/json',
      har(
        `[{"request":{"url":"${link(1)}"},"response":{"status":200,"content":{"mimeType":"text/html","encoding":"base64","text":"***"}}}]`,
      ),
    ),
    pages('a form without a boundary', 'multipart/form-data', 'x', [400, 415]),
    pages('a form with a boundary of 10,000 characters', `multipart/form-data; boundary=${'b'.repeat(10_000)}`, 'x'),
    pages('a form with a boundary that is a pattern', 'multipart/form-data; boundary="(a+)+$"', '--(a+)+$\r\n\r\n\r\n--(a+)+$--'),
    pages(
      'a form that never ends',
      'multipart/form-data; boundary=b',
      '--b\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\nx',
    ),
    pages(
      'a form of 20,000 files',
      'multipart/form-data; boundary=b',
      `${'--b\r\ncontent-disposition: form-data; name="a"; filename="a"\r\n\r\nx\r\n'.repeat(20_000)}--b--\r\n`,
    ),
    pages(
      'a form of 20,000 fields',
      'multipart/form-data; boundary=b',
      `${'--b\r\ncontent-disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(20_000)}--b--\r\n`,
    ),
    pages('a form of headers alone', 'multipart/form-data; boundary=b', `--b\r\n${'x: y\r\n'.repeat(50_000)}\r\n`),
    form('a field named __proto__', 'content-disposition: form-data; name="__proto__"; filename="x.html"'),
    form('a file in an unknown charset', `content-disposition: form-data; name="x"; filename*=UTF-7''%00`),
    pages('a page that says it is text', 'text/html', `${SMALL.toString()}\u0000${MARK}`),
    pages('tags without end', 'text/html', `<!DOCTYPE html><html>${'<div>'.repeat(300_000)}`),
    pages(
      'JSON-LD that is deep',
      'text/html',
      `<!DOCTYPE html><html><script type="application/ld+json">${'['.repeat(100_000)}</script></html>`,
    ),
    pages(
      'a Next page that is deep',
      'text/html',
      `<!DOCTYPE html><html><script id="__NEXT_DATA__" type="application/json">${'{"a":'.repeat(100_000)}</script></html>`,
    ),
  ];
}
