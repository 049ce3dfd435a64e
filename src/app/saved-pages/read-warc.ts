/** The pages in a WARC file, plain or gzipped: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { decodeBody } from '../../crawl/fetch/decode-body.ts';
import {
  archiveTooLarge,
  ArchiveBudget,
  damaged,
  isHtmlType,
  MAX_ARCHIVE_BYTES,
  MAX_PAGE_BYTES,
  pageTooLarge,
  type SavedEntry,
} from './saved-page.ts';

const HEADER_END = Buffer.from('\r\n\r\n');
const MAX_HEADER_BYTES = 64 * 1024;
/** What comes over the network for a page: its headers, and its chunks' sizes. */
const MAX_BLOCK_BYTES = MAX_PAGE_BYTES + 1024 * 1024;

interface Head {
  /** The first line. */
  start: string;
  /** The value of a header, '' when it is absent. */
  get(name: string): string;
}

/**
 * Yields the pages of a WARC file in its order, one at a time. Of the HTTP headers only the type and the encodings of the body are looked
 * at. Throws `invalid-request` where the file is damaged.
 */
export async function* readWarc(bytes: Buffer, gzipped: boolean): AsyncGenerator<SavedEntry> {
  const budget = new ArchiveBudget();
  const source = Readable.from([bytes]);
  const reader = createReader(gzipped ? source.pipe(createGunzip()) : source);
  try {
    for (;;) {
      const head = await nextHead(reader);
      if (head === null) return;
      const length = Number(head.get('content-length'));
      if (!/^WARC\/1\.\d$/.test(head.start) || !Number.isSafeInteger(length) || length < 0) throw new Error('a record has no WARC header');
      const url = head.get('warc-target-uri').replace(/^<(.*)>$/, '$1');
      const isPage = head.get('warc-type') === 'response' && /^https?:/i.test(url);
      const block = isPage && length <= MAX_BLOCK_BYTES ? await reader.take(length) : await reader.skip(length);
      await reader.skip(HEADER_END.length);
      if (!isPage) continue;
      const found = block === null ? pageTooLarge(url) : await readResponse(block, url, head.get('warc-date'));
      const size = found.kind === 'page' ? found.body.length : 0;
      if (!budget.takesEntry() || !budget.takesBytes(size)) return yield archiveTooLarge(url);
      yield found;
    }
  } catch (error) {
    throw damaged('WARC file', error);
  } finally {
    reader.end();
  }
}

/** An HTTP answer as it came over the network. */
async function readResponse(block: Buffer, url: string, date: string): Promise<SavedEntry> {
  const end = block.indexOf(HEADER_END);
  const head = parseHead(block.subarray(0, end < 0 ? block.length : end).toString('latin1'));
  const status = Number(/^HTTP\/[\d.]+ (\d{3})/.exec(head.start)?.[1]);
  if (end < 0 || Number.isNaN(status)) return { kind: 'refused', name: url, reason: 'The record has no HTTP answer.' };
  if (!isHtmlType(head.get('content-type')) || (status >= 300 && status < 400)) return { kind: 'ignored' };
  try {
    const sent = block.subarray(end + HEADER_END.length);
    const whole = /\bchunked\b/i.test(head.get('transfer-encoding')) ? joinChunks(sent) : sent;
    const body = await decodeBody(whole, head.get('content-encoding') || undefined, MAX_PAGE_BYTES);
    if (body.length > MAX_PAGE_BYTES) return pageTooLarge(url);
    const savedAtMs = Date.parse(date);
    return { kind: 'page', name: url, url, status, savedAtMs: Number.isNaN(savedAtMs) ? null : savedAtMs, body };
  } catch (error) {
    return { kind: 'refused', name: url, reason: `The page cannot be decoded: ${(error as Error).message}` };
  }
}

/** A body without its chunks' sizes (RFC 9112, 7.1). Some writers of WARC files leave the header and store the body without chunks. */
function joinChunks(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf('\r\n', at);
    const line = body.subarray(at, lineEnd).toString('latin1');
    const size = /^[\da-f]{1,7}(?=\s*(?:;|$))/i.exec(line)?.[0];
    if (lineEnd < 0 || size === undefined) {
      if (at === 0) return body;
      throw new Error('A chunk has no size.');
    }
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (lineEnd + 2 + length > body.length) throw new Error('The last chunk is cut off.');
    pieces.push(body.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(pieces);
}

function parseHead(text: string): Head {
  const [start = '', ...lines] = text.split('\r\n');
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { start, get: (name) => headers.get(name) ?? '' };
}

async function nextHead(reader: Reader): Promise<Head | null> {
  const head = await reader.takeUntil(HEADER_END, MAX_HEADER_BYTES);
  return head === null ? null : parseHead(head.toString('utf8'));
}

interface Reader {
  /** The bytes before `mark`, which is skipped; `null` at the end. Throws when `mark` does not come within `most` bytes. */
  takeUntil(mark: Buffer, most: number): Promise<Buffer | null>;
  take(bytes: number): Promise<Buffer>;
  skip(bytes: number): Promise<null>;
  end(): void;
}

const CUT_OFF = 'it is cut off';

/** Reads a stream by lengths and marks. It keeps no more than is asked for, and one piece of the stream. */
function createReader(stream: Readable): Reader {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let ahead: Buffer = Buffer.alloc(0);
  let total = 0;

  const more = async (): Promise<boolean> => {
    const { value, done } = await pieces.next();
    if (done) return false;
    total += value.length;
    // A small gzip file can expand a thousandfold.
    if (total > MAX_ARCHIVE_BYTES) throw new Error(`it has more than ${MAX_ARCHIVE_BYTES} bytes`);
    ahead = ahead.length === 0 ? value : Buffer.concat([ahead, value]);
    return true;
  };
  const split = (at: number): Buffer => {
    const taken = ahead.subarray(0, at);
    ahead = ahead.subarray(at);
    return taken;
  };

  return {
    async takeUntil(mark, most) {
      for (;;) {
        const at = ahead.indexOf(mark);
        if (at >= 0 && at <= most) {
          const taken = split(at);
          split(mark.length);
          return taken;
        }
        if (at >= 0 || ahead.length > most) throw new Error('a record has no WARC header');
        if (await more()) continue;
        if (ahead.toString('latin1').trim() === '') return null;
        throw new Error(CUT_OFF);
      }
    },
    async take(bytes) {
      const taken: Buffer[] = [];
      let missing = bytes;
      while (missing > 0) {
        if (ahead.length === 0 && !(await more())) throw new Error(CUT_OFF);
        const piece = split(Math.min(missing, ahead.length));
        taken.push(piece);
        missing -= piece.length;
      }
      return Buffer.concat(taken);
    },
    async skip(bytes) {
      let left = bytes;
      while (left > 0) {
        if (ahead.length === 0 && !(await more())) throw new Error(CUT_OFF);
        left -= split(Math.min(left, ahead.length)).length;
      }
      return null;
    },
    end: () => void stream.destroy(),
  };
}
