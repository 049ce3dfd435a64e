/** Bodies of requests, as decoded bytes. Each has the limit of its route; all together have a limit for the process. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ACCEPT_ENCODING, decodeBody, decodedPieces, isReadable } from '../../crawl/fetch/decode-body.ts';
import { FetchFault } from '../../crawl/fetch/fetch-fault.ts';
import { QuireError } from '../../errors.ts';

/** Bytes of bodies that are held at once, over all requests, from the first byte until the request is answered. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** Room that a body begins with. It doubles as it fills, so pieces of one byte cost no more than large ones. */
const FIRST_BYTES = 16 * 1024;

/** What one request holds. */
interface Hold {
  /** Says how many bytes it holds now. Throws `overloaded` when there is no room for more. */
  resize(bytes: number): void;
  /** Releases all bytes. A later `resize` has no effect. */
  end(): void;
}

const holds = new WeakMap<IncomingMessage, Hold>();

/** Whether a request brings a body, and some of it may still be under way. */
export const isArriving = ({ complete, readableEnded, headers }: IncomingMessage): boolean =>
  !complete && !readableEnded && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);

const encodingOf = ({ headers }: FastifyRequest): string | undefined => headers['content-encoding'];

const tooLarge = (limit: number): QuireError => new QuireError('body-too-large', `The body may have at most ${limit} bytes.`);

/** Gives each piece that arrives to `take`, until the end. An earlier answer takes the rest: see answers/early-answer.ts. */
async function eachPiece(payload: NodeJS.ReadableStream, take: (piece: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      payload.off('data', onData).off('end', onEnd).off('error', onError);
    };
    const fail = (error: unknown): void => {
      finish();
      reject(error);
    };
    const onData = (piece: Buffer): void => {
      try {
        take(piece);
      } catch (error) {
        fail(error);
      }
    };
    const onEnd = (): void => {
      finish();
      resolve();
    };
    // The connection is gone: nobody sees the answer.
    const onError = (): void => fail(new QuireError('invalid-request', 'The body broke off.'));
    payload.on('data', onData).on('end', onEnd).on('error', onError);
  });
}

/** All bytes of a body. */
async function collect(payload: NodeJS.ReadableStream, limit: number, hold: Hold | undefined): Promise<Buffer> {
  let bytes = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, limit));
  let length = 0;
  const take = (piece: Buffer): void => {
    const wanted = length + piece.length;
    if (wanted > limit) throw tooLarge(limit);
    hold?.resize(wanted);
    if (wanted > bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(limit, Math.max(wanted, bytes.length * 2)));
      bytes.copy(larger, 0, 0, length);
      bytes = larger;
    }
    piece.copy(bytes, length);
    length = wanted;
  };
  try {
    await eachPiece(payload, take);
  } catch (error) {
    hold?.end();
    throw error;
  }
  return bytes.subarray(0, length);
}

/** What a caller is told of a body that cannot be decoded. */
function decodingError(error: unknown, encoding: string, limit: number): unknown {
  if (!(error instanceof FetchFault)) return error;
  if (error.kind === 'too-large') return tooLarge(limit);
  const detail = `is not what the body is: ${JSON.stringify(encoding.slice(0, 40))}`;
  return new QuireError('invalid-request', `The content-encoding ${detail}.`, {
    errors: [{ pointer: '/headers/content-encoding', detail }],
  });
}

/** A parser for Fastify, to be added without `parseAs`: `read` makes of a body's bytes what the handler gets. */
export const bodyParser =
  (read: (bytes: Buffer) => unknown) =>
  async (request: FastifyRequest, payload: NodeJS.ReadableStream): Promise<unknown> => {
    const limit = request.routeOptions.bodyLimit;
    const hold = holds.get(request.raw);
    if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
    const body = await collect(payload, limit, hold);
    const encoding = encodingOf(request);
    if (encoding === undefined) return read(body);
    // Nobody knows yet how much it is.
    hold?.resize(body.length + limit);
    const decoded = await decodeBody(body, encoding, limit).catch((error: unknown) => {
      throw decodingError(error, encoding, limit);
    });
    hold?.resize(decoded.length);
    return read(decoded);
  };

/** Reads a body piece by piece. */
export interface PieceReader<T> {
  take(piece: Buffer): void;
  end(): Promise<T>;
}

/**
 * As {@link bodyParser}, for bodies that are too large to be held: `open` makes a reader of the decoded pieces. At most `limit` bytes are
 * taken, and `held` are counted for what the reader keeps. A compressed body is held until it is read, decompressed only in pieces.
 */
export const streamParser =
  <T>(open: () => PieceReader<T>, { limit, held }: { limit: number; held: number }) =>
  async (request: FastifyRequest, payload: NodeJS.ReadableStream): Promise<T> => {
    const hold = holds.get(request.raw);
    if (Number(request.headers['content-length']) > limit) throw tooLarge(limit);
    const reader = open();
    const encoding = encodingOf(request);
    if (encoding === undefined) {
      hold?.resize(held);
      let length = 0;
      await eachPiece(payload, (piece) => {
        length += piece.length;
        if (length > limit) throw tooLarge(limit);
        reader.take(piece);
      });
      return reader.end();
    }
    const body = await collect(payload, limit, hold);
    hold?.resize(body.length + held);
    const pieces = decodedPieces(body, encoding, limit);
    try {
      for await (const piece of pieces) reader.take(piece);
    } catch (error) {
      throw decodingError(error, encoding, limit);
    }
    return reader.end();
  };

/** Counts the bodies of all requests and refuses encodings that are not read. Returns how many bytes are held now. */
export function installBodyLimits(app: FastifyInstance): () => number {
  let used = 0;
  const open = (): Hold => {
    let held = 0;
    let ended = false;
    return {
      resize(bytes) {
        if (ended) return;
        if (bytes > held && used - held + bytes > MAX_BYTES_IN_FLIGHT)
          throw new QuireError('overloaded', 'Too many bytes of request bodies are under way. Nothing of this request is kept.');
        used += bytes - held;
        held = bytes;
      },
      end() {
        ended = true;
        used -= held;
        held = 0;
      },
    };
  };
  app.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request;
    if (headers['transfer-encoding'] === undefined && headers['content-length'] === undefined) return done(null, payload);
    const encoding = encodingOf(request);
    if (encoding !== undefined && !isReadable(encoding) && !request.is404) {
      // RFC 7694: tells a refused encoding from a refused type.
      reply.header('accept-encoding', ACCEPT_ENCODING);
      const given = JSON.stringify(encoding.slice(0, 40));
      return done(
        new QuireError(
          'unsupported-media-type',
          `The body's content-encoding is ${given}: send it in ${ACCEPT_ENCODING}, or uncompressed.`,
        ),
      );
    }
    const hold = open();
    holds.set(request.raw, hold);
    reply.raw.once('close', hold.end);
    done(null, payload);
  });
  return () => used;
}
