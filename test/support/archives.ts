/** Archives of pages, as the tests of uploads send them. Written by hand, so that they can also be wrong on purpose. */
import { deflateRawSync, gzipSync } from 'node:zlib';

export interface ZipEntry {
  name: string;
  bytes: Buffer;
  /** What the headers say the size is; the real size when left out. */
  claimedSize?: number;
  /** Flags of the entry; 1 means encrypted. */
  flags?: number;
}

/** A zip archive (APPNOTE.TXT 4.3). The checksums stay 0: readers of this project's kind do not look at them. */
export function zipOf(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  const deflated = new Map<Buffer, Buffer>();
  let offset = 0;
  for (const { name, bytes, claimedSize = bytes.length, flags = 0 } of entries) {
    const file = Buffer.from(name);
    const packed = deflated.get(bytes) ?? deflateRawSync(bytes);
    deflated.set(bytes, packed);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(flags | 0x800, 2);
    shared.writeUInt16LE(8, 4);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(claimedSize, 18);
    shared.writeUInt16LE(file.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), shared, file, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002', 'latin1'), Buffer.from([20, 0]), shared, rest, file]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, central, Buffer.from('PK\u0005\u0006', 'latin1'), end]);
}

export interface SavedAnswer {
  url: string;
  body: Buffer;
  status?: number;
  type?: string;
  /** ISO 8601. */
  at?: string;
  /** Further lines of the answer's header. */
  headers?: string[];
}

/** A HAR file as a browser saves it, with cookies and tokens in its headers. */
export function harOf(answers: readonly SavedAnswer[], secret = 'secret'): Buffer {
  const entries = answers.map(({ url, body, status = 200, type = 'text/html; charset=utf-8', at = '2026-01-02T03:04:05.000Z' }, n) => ({
    startedDateTime: at,
    request: { method: 'GET', url, headers: [{ name: 'cookie', value: secret }], cookies: [{ name: 'session', value: secret }] },
    response: {
      status,
      headers: [{ name: 'set-cookie', value: secret }],
      // Browsers write some bodies as text and others as base64.
      content:
        n % 2 === 0
          ? { mimeType: type, text: body.toString('utf8') }
          : { mimeType: type, encoding: 'base64', text: body.toString('base64') },
    },
  }));
  return Buffer.from(JSON.stringify({ log: { version: '1.2', entries } }));
}

/** A WARC file. With `gzipped`, each record is a member of its own, as crawlers write it. */
export function warcOf(answers: readonly SavedAnswer[], gzipped: boolean): Buffer {
  const record = (headers: string[], block: Buffer): Buffer => {
    const head = ['WARC/1.1', ...headers, `Content-Length: ${block.length}`, '', ''].join('\r\n');
    const whole = Buffer.concat([Buffer.from(head), block, Buffer.from('\r\n\r\n')]);
    return gzipped ? gzipSync(whole) : whole;
  };
  const responses = answers.map(({ url, body, status = 200, type = 'text/html', at = '2026-01-02T03:04:05Z', headers = [] }) => {
    const head = [`HTTP/1.1 ${status} OK`, `Content-Type: ${type}`, ...headers, '', ''].join('\r\n');
    return record(['WARC-Type: response', `WARC-Target-URI: ${url}`, `WARC-Date: ${at}`], Buffer.concat([Buffer.from(head), body]));
  });
  const request = Buffer.from('GET / HTTP/1.1\r\nCookie: secret\r\n\r\n');
  return Buffer.concat([
    record(['WARC-Type: warcinfo'], Buffer.from('software: a test\r\n')),
    record(['WARC-Type: request', 'WARC-Target-URI: https://www.goodreads.com/'], request),
    ...responses,
  ]);
}

/** A body sent in chunks of at most 1,000 bytes. */
export function chunked(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += 1_000) {
    const piece = body.subarray(at, at + 1_000);
    pieces.push(Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}
