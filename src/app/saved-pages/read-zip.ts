/** The pages in a zip archive. */
import { fromBufferPromise, getFileNameLowLevel, type Entry, type ZipFile } from 'yauzl';
import { archiveTooLarge, ArchiveBudget, damaged, MAX_PAGE_BYTES, pageTooLarge, type SavedEntry } from './saved-page.ts';

const PAGE_NAME = /\.x?html?$/i;
const ARCHIVE_NAME = /\.(?:zip|har|warc|gz|mhtml|mht)$/i;

/**
 * Yields the pages of a zip archive in its order, one at a time. Names are only shown, so `..` in them does no harm. Archives inside the
 * archive are not opened. Throws `invalid-request` where the archive is damaged.
 */
export async function* readZip(bytes: Buffer): AsyncGenerator<SavedEntry> {
  const budget = new ArchiveBudget();
  try {
    // Names stay bytes here: yauzl would refuse the whole archive for one name with `..` in it.
    const zip = await fromBufferPromise(bytes, { decodeStrings: false });
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      if (name.endsWith('/')) continue;
      if (!budget.takesEntry()) return yield archiveTooLarge(name);
      const found = await readEntry(zip, entry, name);
      if (found.kind === 'page' && !budget.takesBytes(found.body.length)) return yield archiveTooLarge(name);
      yield found;
    }
  } catch (error) {
    throw damaged('zip archive', error);
  }
}

const nameOf = ({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string =>
  getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields ?? [], false);

async function readEntry(zip: ZipFile, entry: Entry, name: string): Promise<SavedEntry> {
  if (ARCHIVE_NAME.test(name)) return { kind: 'refused', name, reason: 'An archive inside an archive is not opened: send it by itself.' };
  if (!PAGE_NAME.test(name)) return { kind: 'ignored' };
  if (!entry.canDecodeFileData())
    return {
      kind: 'refused',
      name,
      reason: 'The entry is encrypted or compressed in a way that is not read: use deflate, without a password.',
    };
  if (entry.uncompressedSize > MAX_PAGE_BYTES) return pageTooLarge(name);
  try {
    // The stream fails when it brings another number of bytes than the entry says.
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
    return { kind: 'page', name, url: '', status: 200, savedAtMs: null, body: Buffer.concat(pieces) };
  } catch (error) {
    return { kind: 'refused', name, reason: `The entry is damaged: ${(error as Error).message}.` };
  }
}
