/** Files that a person drops: which kind each is, and how it is sent. */
import { ask } from '../api.ts';
import { text } from '../text.ts';
import type { DryRun, Uploaded } from '../types.ts';

const MOST_BYTES = 32 * 1024 * 1024;

export type FileKind = 'text' | 'csv' | 'pages';

const KINDS: [RegExp, FileKind][] = [
  [/\.txt$/i, 'text'],
  [/\.csv$/i, 'csv'],
  [/\.(html?|zip|har|warc)(\.gz)?$/i, 'pages'],
];

export interface Chosen {
  file: File;
  kind: Exclude<FileKind, 'text'>;
  /** What a CSV file would bring, once that is known. */
  says: string;
}

export interface Taken {
  files: Chosen[];
  /** Lines of text files: they join those in the box. */
  lines: string[];
  faults: string[];
}

/** Sorts files by their names; text files are read at once. */
export async function takeFiles(files: Iterable<File>): Promise<Taken> {
  const taken: Taken = { files: [], lines: [], faults: [] };
  for (const file of files) {
    const kind = KINDS.find(([pattern]) => pattern.test(file.name))?.[1];
    if (kind === undefined) taken.faults.push(text.submit.unknownFile(file.name));
    else if (file.size > MOST_BYTES) taken.faults.push(text.submit.tooLarge(file.name));
    else if (kind === 'text') taken.lines.push(...(await file.text()).split(/\r?\n/).filter((line) => line.trim() !== ''));
    else taken.files.push({ file, kind, says: kind === 'csv' ? await sizeOf(file) : text.submit.fileWaiting });
  }
  return taken;
}

async function sizeOf(file: File): Promise<string> {
  try {
    const { totals } = await ask<DryRun>('/parse-links?dryRun=offline', { method: 'POST', body: file, type: 'text/csv' });
    return text.submit.total(totals.books, totals.fresh);
  } catch (error) {
    return (error as Error).message;
  }
}

/** Sends a library export; resolves to its batch. */
export async function sendCsv({ file }: Chosen, query: string): Promise<string> {
  const { batchId } = await ask<{ batchId: string }>(`/parse-links${query}`, {
    method: 'POST',
    body: file,
    type: 'text/csv',
    did: file.name,
  });
  return batchId;
}

/** Sends saved pages and archives in one request. */
export function sendPages(files: readonly File[]): Promise<Uploaded> {
  const form = new FormData();
  for (const file of files) form.append('file', file, file.name);
  return ask<Uploaded>('/pages', { method: 'POST', body: form, did: files.map(({ name }) => name).join(', ') });
}
