/** Undoing `Content-Encoding` with a bound on the output, so that a bomb costs no more memory than a page may. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { FetchFault } from './fetch-fault.ts';

const gunzipAsync = promisify<Buffer, Options, Buffer>(gunzip);
const inflateAsync = promisify<Buffer, Options, Buffer>(inflate);
const inflateRawAsync = promisify<Buffer, Options, Buffer>(inflateRaw);
const brotliAsync = promisify<Buffer, Options, Buffer>(brotliDecompress);

interface Options {
  maxOutputLength: number;
  chunkSize: number;
}

/** A book page is half a megabyte: with zlib's own 16 KiB each would take some thirty turns through the thread pool. */
const CHUNK_BYTES = 256 * 1024;
/** Stacked encodings exist (`gzip, gzip` by a confused proxy); more of them serve no honest purpose. */
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

/** Whether {@link decodeBody} knows what a `Content-Encoding` names. */
export function isReadable(encoding: string): boolean {
  const layers = layersOf(encoding);
  return layers.length <= MAX_LAYERS && layers.every((layer) => KNOWN.has(layer));
}

/**
 * The body without its encodings, at most `maxBytes` long. Throws a {@link FetchFault}: `too-large` when it would be
 * longer, `bad-encoding` when it is not what `encoding` says or the encoding is unknown. Runs in zlib's thread pool,
 * beside the parsing of other pages.
 */
export async function decodeBody(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding === undefined || body.length === 0) return body;
  const layers = layersOf(encoding);
  if (layers.length > MAX_LAYERS) throw new FetchFault('bad-encoding', `The body is encoded ${layers.length} times over.`);
  let decoded = body;
  for (const layer of layers.toReversed()) decoded = await undo(layer, decoded, maxBytes);
  return decoded;
}

async function undo(encoding: string, body: Buffer, maxBytes: number): Promise<Buffer> {
  const options: Options = { maxOutputLength: maxBytes, chunkSize: Math.min(CHUNK_BYTES, Math.max(1024, maxBytes)) };
  try {
    switch (encoding) {
      case 'gzip':
      case 'x-gzip':
        return await gunzipAsync(body, options);
      case 'deflate':
        // The standard means the zlib format, some servers send the bare stream: the first two bytes tell.
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
