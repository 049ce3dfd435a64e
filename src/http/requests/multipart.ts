/** The files of a `multipart/form-data` body (RFC 7578). */
import { Busboy } from '@fastify/busboy';
import type { SavedFile } from '../../app/saved-pages/saved-page.ts';
import { QuireError } from '../../errors.ts';

const MAX_FILES = 2_000;
const MAX_HEADERS_A_PART = 20;

const refuse = (detail: string): QuireError => new QuireError('invalid-request', detail, { errors: [{ pointer: '', detail }] });

/** Reads the files in their order. Fields without a file are left out. Throws `invalid-request` for a body that is damaged, and for more than 2,000 files. */
export async function readMultipart(contentType: string, body: Buffer): Promise<SavedFile[]> {
  return new Promise((resolve, reject) => {
    const files: SavedFile[] = [];
    const broken = (error: Error): void => reject(refuse(`The multipart body cannot be read: ${error.message}.`));
    try {
      const form = new Busboy({
        headers: { 'content-type': contentType },
        limits: { files: MAX_FILES, fields: 0, headerPairs: MAX_HEADERS_A_PART },
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
      form.on('error', (error) => broken(error as Error));
      form.on('finish', () => resolve(files));
      form.end(body);
    } catch (error) {
      broken(error as Error);
    }
  });
}
