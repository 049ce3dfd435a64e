/** The files of a `multipart/form-data` body (RFC 7578). */
import { setImmediate } from 'node:timers/promises';
import { Busboy } from '@fastify/busboy';
import type { SavedFile } from '../../app/saved-pages/saved-page.ts';
import { QuireError } from '../../errors.ts';

const MAX_FILES = 2_000;
/** Files and fields together. */
const MAX_PARTS = 4_000;
/** What is read at once. Between two pieces other requests go on. */
const PIECE_BYTES = 64 * 1024;
const MAX_HEADERS_A_PART = 20;

const refuse = (detail: string): QuireError => new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });

/** Gives the body to `form` piece by piece, until its end or until `isOver`. */
async function feed(form: InstanceType<typeof Busboy>, body: Buffer, isOver: () => boolean): Promise<void> {
  for (let at = 0; at < body.length && !isOver(); at += PIECE_BYTES) {
    form.write(body.subarray(at, at + PIECE_BYTES));
    await setImmediate();
  }
  if (!isOver()) form.end();
}

/**
 * Reads the files in their order. Fields without a file are left out. Throws `invalid-request` for a body that is damaged, and for more than
 * 2,000 files or 4,000 parts.
 */
export async function readMultipart(contentType: string, body: Buffer): Promise<SavedFile[]> {
  return new Promise((resolve, fail) => {
    const files: SavedFile[] = [];
    let over = false;
    const reject = (error: Error): void => {
      over = true;
      fail(error);
    };
    const broken = (error: Error): void => reject(refuse(`The multipart body cannot be read: ${error.message}.`));
    try {
      const form = new Busboy({
        headers: { 'content-type': contentType },
        limits: { files: MAX_FILES, fields: 0, parts: MAX_PARTS, headerPairs: MAX_HEADERS_A_PART },
      });
      form.on('file', (field, stream, name) => {
        const pieces: Buffer[] = [];
        stream.on('data', (piece: Buffer) => pieces.push(piece));
        stream.on('end', () => files.push({ name: name || field || `file ${files.length + 1}`, bytes: Buffer.concat(pieces) }));
        stream.on('error', broken);
      });
      form.on('filesLimit', () =>
        reject(refuse(`The body has more than ${MAX_FILES} files: send them in several requests, or as one zip archive.`)),
      );
      form.on('partsLimit', () => reject(refuse(`The body has more than ${MAX_PARTS} parts: send files alone, in several requests.`)));
      form.on('error', (error) => broken(error as Error));
      form.on('finish', () => resolve(files));
      feed(form, body, () => over).catch(broken);
    } catch (error) {
      broken(error as Error);
    }
  });
}
