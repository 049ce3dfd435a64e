/** From a file that a person sends to the pages in it. The first bytes tell what the file is. */
import { readHar } from './read-har.ts';
import { readWarc } from './read-warc.ts';
import { readZip } from './read-zip.ts';
import { MAX_PAGE_BYTES, pageTooLarge, type SavedEntry, type SavedFile } from './saved-page.ts';

/** Bytes that are looked at to tell a page from other files. */
const SNIFFED = 1_024;
const BOM = '\uFEFF';

/** Yields what a file has. Throws `invalid-request` for an archive that is damaged. */
export async function* readSavedFile({ name, bytes }: SavedFile): AsyncGenerator<SavedEntry> {
  if (startsWith(bytes, 'PK\u0003\u0004') || startsWith(bytes, 'PK\u0005\u0006')) return yield* readZip(bytes);
  if (startsWith(bytes, '\u001f\u008b')) return yield* readWarc(bytes, true);
  if (startsWith(bytes, 'WARC/')) return yield* readWarc(bytes, false);
  const start = bytes.toString('utf8', 0, SNIFFED).replace(BOM, '').trimStart();
  if (start.startsWith('{')) return yield* readHar(bytes);
  yield readPageFile(name, bytes, start);
}

const startsWith = (bytes: Buffer, mark: string): boolean => bytes.subarray(0, mark.length).equals(Buffer.from(mark, 'latin1'));

function readPageFile(name: string, body: Buffer, start: string): SavedEntry {
  if (start === '') return { kind: 'refused', name, reason: 'The file is empty.' };
  if (/^(?:from|mime-version|subject|content-type|snapshot-content-location):/im.test(start) && !start.startsWith('<'))
    return { kind: 'refused', name, reason: 'MHTML is not read: save the page as "Webpage, HTML only".' };
  if (!start.startsWith('<'))
    return { kind: 'refused', name, reason: 'The file is neither a web page (.html) nor an archive (.zip, .har, .warc, .warc.gz).' };
  if (body.length > MAX_PAGE_BYTES) return pageTooLarge(name);
  return { kind: 'page', name, url: '', status: 200, savedAtMs: null, body };
}
