/** Undoes `Content-Encoding` with a limit on the output, so that a compression bomb takes no more memory than a page. */
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import {
  brotliDecompress,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  gunzip,
  inflate,
  inflateRaw,
} from 'node:zlib';
import { FetchFault } from './fetch-fault.ts';

const gunzipAsync = promisify<Buffer, Options, Buffer>(gunzip);
const inflateAsync = promisify<Buffer, Options, Buffer>(inflate);
const inflateRawAsync = promisify<Buffer, Options, Buffer>(inflateRaw);
const brotliAsync = promisify<Buffer, Options, Buffer>(brotliDecompress);

interface Options {
  maxOutputLength: number;
  chunkSize: number;
}

/** A book page is half a megabyte. With zlib's default of 16 KiB it would take about thirty turns in the thread pool. */
const CHUNK_BYTES = 256 * 1024;
/** Two encodings occur in practice (`gzip, gzip` by a confused proxy). More have no honest purpose. */
const MAX_LAYERS = 2;
/** The method in the first byte of a zlib stream. */
const DEFLATE = 8;

/** What {@link decodeBody} can undo, as the value of `Accept-Encoding`. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

const KNOWN = new Set(['gzip', 'x-gzip', 'deflate', 'br']);

const layersOf = (encoding: string): string[] =>
  encoding
    .toLowerCase()
    .split(',')
    .map((layer) => layer.trim())
    .filter((layer) => layer !== '' && layer !== 'identity');

/** Whether {@link decodeBody} can undo a `Content-Encoding`. */
export function isReadable(encoding: string): boolean {
  const layers = layersOf(encoding);
  return layers.length <= MAX_LAYERS && layers.every((layer) => KNOWN.has(layer));
}

/**
 * The body without its encodings, at most `maxBytes` long. Throws a {@link FetchFault}: `too-large` when it is longer, `bad-encoding` when
 * it does not match `encoding` or the encoding is unknown. Runs in zlib's thread pool, while other pages are parsed.
 */
export async function decodeBody(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding === undefined || body.length === 0) return body;
  const layers = layersOf(encoding);
  if (layers.length > MAX_LAYERS) throw new FetchFault('bad-encoding', `The body is encoded ${layers.length} times over.`);
  let decoded = body;
  for (const layer of layers.toReversed()) decoded = await undo(layer, decoded, maxBytes);
  return decoded;
}

/**
 * The same in pieces: the last encoding is undone while the pieces are taken, so that the decoded body is never held as a whole. Throws as
 * {@link decodeBody} does.
 */
export async function* decodedPieces(body: Buffer, encoding: string, maxBytes: number): AsyncGenerator<Buffer> {
  const layers = layersOf(encoding).toReversed();
  const last = layers.pop();
  const inner = await decodeBody(body, layers.toReversed().join(','), maxBytes);
  if (last === undefined || inner.length === 0) return yield inner;
  const decoder = decoderOf(last, inner);
  decoder.end(inner);
  let length = 0;
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > maxBytes) throw new FetchFault('too-large', `The body is larger than ${maxBytes} bytes once it is decompressed.`);
      yield piece;
    }
  } catch (error) {
    throw isZlibError(error) ? new FetchFault('bad-encoding', `The body is not the ${last} that its header promises.`, error) : error;
  }
}

const isZlibError = (error: unknown): boolean => /^(?:Z_|ERR_BROTLI|ERR__ERROR)/.test(String((error as NodeJS.ErrnoException).code));

function decoderOf(encoding: string, body: Buffer): Transform {
  switch (encoding) {
    case 'br':
      return createBrotliDecompress();
    case 'deflate':
      return isZlib(body) ? createInflate() : createInflateRaw();
    default:
      return createGunzip();
  }
}

async function undo(encoding: string, body: Buffer, maxBytes: number): Promise<Buffer> {
  const options: Options = { maxOutputLength: maxBytes, chunkSize: Math.min(CHUNK_BYTES, Math.max(1024, maxBytes)) };
  try {
    switch (encoding) {
      case 'gzip':
      case 'x-gzip':
        return await gunzipAsync(body, options);
      case 'deflate':
        // The standard says zlib format, but some servers send the bare stream. The first two bytes show which it is.
        return await (isZlib(body) ? inflateAsync : inflateRawAsync)(body, options);
      case 'br':
        return await brotliAsync(body, options);
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new FetchFault('too-large', `The page is larger than ${maxBytes} bytes once it is decompressed.`);
    throw new FetchFault('bad-encoding', `The body is not the ${encoding} that its header promises.`, error);
  }
  throw new FetchFault('bad-encoding', `The body comes in an encoding that was not asked for (${encoding.slice(0, 20)}).`);
}

function isZlib(body: Buffer): boolean {
  const [first = 0, second = 0] = body;
  return (first & 0x0f) === DEFLATE && ((first << 8) | second) % 31 === 0;
}
