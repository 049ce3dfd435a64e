/** What files that people send have in them: pages, archives, and things that only look like one. */
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readSavedFile } from '../../../src/app/saved-pages/read-file.ts';
import { MAX_ARCHIVE_BYTES, MAX_ENTRIES, MAX_PAGE_BYTES, type SavedEntry } from '../../../src/app/saved-pages/saved-page.ts';
import { chunked, harOf, warcOf, zipOf, type SavedAnswer } from '../../support/archives.ts';

const MIB = 1024 * 1024;
const html = (text: string): string => `<!DOCTYPE html><html><title>${text}</title></html>`;
const page = (text: string): Buffer => Buffer.from(html(text));
const answer = (n: number, more: Partial<SavedAnswer> = {}): SavedAnswer => ({
  url: `https://www.goodreads.com/book/show/${n}`,
  body: page(String(n)),
  ...more,
});

async function read(bytes: Buffer, name = 'file'): Promise<SavedEntry[]> {
  const found: SavedEntry[] = [];
  for await (const entry of readSavedFile({ name, bytes })) found.push(entry);
  return found;
}

/** Each entry in a few words. */
const shown = (entries: SavedEntry[]): string[] =>
  entries.map((entry) =>
    entry.kind === 'ignored'
      ? 'ignored'
      : entry.kind === 'page'
        ? `${entry.name}: ${entry.body.toString()}`
        : `${entry.name}: ${entry.reason}`,
  );

describe('a file alone', () => {
  it('is a page when it begins like one', async () => {
    const body = Buffer.concat([Buffer.from('\uFEFF \r\n'), page('one')]);
    expect(await read(body)).toEqual([{ kind: 'page', name: 'file', url: '', status: 200, savedAtMs: null, body }]);
  });

  it.each([
    ['empty', Buffer.alloc(0), 'The file is empty.'],
    ['an image', Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1'), 'The file is neither a web page'],
    ['MHTML', Buffer.from('From: <Saved by Blink>\r\nSnapshot-Content-Location: https://x\r\n'), 'MHTML is not read: save the page as'],
    ['a page of more than 8 MiB', Buffer.concat([page('x'), Buffer.alloc(MAX_PAGE_BYTES, 32)]), 'The page has more than 8 MiB.'],
  ])('that is %s is refused', async (_what, bytes, reason) => {
    expect(shown(await read(bytes))).toEqual([expect.stringContaining(`file: ${reason}`)]);
  });
});

describe('a zip archive', () => {
  it('gives its pages by name, and counts what is no page', async () => {
    const bytes = zipOf([
      { name: 'saved/One.html', bytes: page('1') },
      { name: 'saved/One_files/style.css', bytes: Buffer.from('a{}') },
      { name: '../../etc/Zwei.HTM', bytes: page('2') },
      { name: 'empty/', bytes: Buffer.alloc(0) },
    ]);
    expect(shown(await read(bytes))).toEqual([`saved/One.html: ${html('1')}`, 'ignored', `../../etc/Zwei.HTM: ${html('2')}`]);
  });

  it('does not open what is encrypted, too large, damaged, or an archive itself, and reads the rest', async () => {
    const bytes = zipOf([
      { name: 'a.html', bytes: page('a'), flags: 1 },
      { name: 'b.html', bytes: page('b'), claimedSize: MAX_PAGE_BYTES + 1 },
      { name: 'c.html', bytes: Buffer.alloc(MIB, 32), claimedSize: 100 },
      { name: 'd.zip', bytes: zipOf([]) },
      { name: 'e.html', bytes: page('e') },
    ]);
    expect(shown(await read(bytes))).toEqual([
      expect.stringContaining('a.html: The entry is encrypted'),
      'b.html: The page has more than 8 MiB.',
      expect.stringContaining('c.html: The entry is damaged: too many bytes'),
      'd.zip: An archive inside an archive is not opened: send it by itself.',
      `e.html: ${html('e')}`,
    ]);
  });

  it('that is cut off is refused with what to do', async () => {
    await expect(read(zipOf([{ name: 'a.html', bytes: page('a') }]).subarray(0, -10))).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(/^The zip archive cannot be read to its end: .*Send it whole\.$/),
    });
  });

  it('is read up to its 5,000th entry', async () => {
    const found = await read(zipOf(Array.from({ length: MAX_ENTRIES + 5 }, (_, n) => ({ name: `${n}.css`, bytes: Buffer.from('x') }))));
    expect(found).toHaveLength(MAX_ENTRIES + 1);
    expect(shown(found).at(-1)).toContain('5000.css: The archive has more than 5,000 entries');
  });

  it('that is a bomb is read up to 256 MiB', async () => {
    const bytes = Buffer.alloc(MAX_PAGE_BYTES, 32);
    const most = MAX_ARCHIVE_BYTES / MAX_PAGE_BYTES;
    const found = await read(zipOf(Array.from({ length: most + 10 }, (_, n) => ({ name: `${n}.html`, bytes }))));
    expect(found).toHaveLength(most + 1);
    expect(found.at(-1)).toMatchObject({ kind: 'refused', name: `${most}.html` });
  });
});

describe('a HAR file', () => {
  it('gives its pages with address, status and time, and nothing of its headers', async () => {
    const found = await read(harOf([answer(1), answer(2, { status: 404 }), answer(3, { type: 'image/png' }), answer(4, { status: 302 })]));
    expect(found).toEqual([
      { kind: 'page', name: answer(1).url, url: answer(1).url, status: 200, savedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5), body: page('1') },
      { kind: 'page', name: answer(2).url, url: answer(2).url, status: 404, savedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5), body: page('2') },
      { kind: 'ignored' },
      { kind: 'ignored' },
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it.each([
    ['no JSON', '{"log": ', 'it is not valid JSON'],
    ['other JSON', '{"logs": []}', 'The JSON is no HAR file'],
    ['of another shape', '{"log": {"entries": {"__proto__": []}}}', 'The JSON is no HAR file'],
  ])('that is %s is refused', async (_what, text, detail) => {
    await expect(read(Buffer.from(text))).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringContaining(detail) });
  });

  it('with entries of any shape gives what it can', async () => {
    const odd = [null, 1, 'x', [], {}, { response: null }, { response: { content: { mimeType: 7 } } }];
    const empty = { response: { status: 200, content: { mimeType: 'text/html' } } };
    const found = await read(Buffer.from(JSON.stringify({ log: { entries: [...odd, empty] } })));
    expect(shown(found)).toEqual([...odd.map(() => 'ignored'), expect.stringContaining('The HAR file has no content for this page')]);
  });
});

describe.each([
  ['plain', false],
  ['gzipped', true],
])('a %s WARC file', (_how, gzipped) => {
  it('gives its pages with address and time, whatever their encodings', async () => {
    const answers = [
      answer(1),
      answer(2, { body: gzipSync(page('2')), headers: ['Content-Encoding: gzip'] }),
      answer(3, { body: chunked(brotliCompressSync(page('3'))), headers: ['transfer-encoding: chunked', 'content-encoding: br'] }),
      answer(4, { headers: ['Transfer-Encoding: chunked'] }),
      answer(5, { type: 'image/png' }),
      answer(6, { body: Buffer.from('nonsense'), headers: ['Content-Encoding: gzip'] }),
    ];
    const found = await read(warcOf(answers, gzipped));
    expect(shown(found)).toEqual([
      ...[1, 2, 3, 4].map((n) => `${answer(n).url}: ${html(String(n))}`),
      'ignored',
      expect.stringContaining('The page cannot be decoded'),
    ]);
    expect(found[0]).toMatchObject({ status: 200, savedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5) });
  });

  it('that is cut off gives the pages before that place', async () => {
    const found: SavedEntry[] = [];
    const bytes = warcOf([answer(1), answer(2)], gzipped).subarray(0, -20);
    const reading = (async () => {
      for await (const entry of readSavedFile({ name: 'file', bytes })) found.push(entry);
    })();
    await expect(reading).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('The WARC file cannot be read'),
    });
    expect(shown(found)).toEqual([`${answer(1).url}: ${html('1')}`]);
  });

  it('passes over a page that is too large', async () => {
    const found = await read(warcOf([answer(1, { body: Buffer.alloc(MAX_PAGE_BYTES + 2 * MIB, 32) }), answer(2)], gzipped));
    expect(shown(found)).toEqual([`${answer(1).url}: The page has more than 8 MiB.`, `${answer(2).url}: ${html('2')}`]);
  });
});

it('a gzip bomb ends at 256 MiB', async () => {
  // One record that is larger than all pages may be.
  const head = Buffer.from(`WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: ${2 * MAX_ARCHIVE_BYTES}\r\n\r\n`);
  const bomb = gzipSync(Buffer.concat([head, Buffer.alloc(MAX_ARCHIVE_BYTES + MIB)]), { level: 1 });
  await expect(read(bomb)).rejects.toMatchObject({ message: expect.stringContaining(`more than ${MAX_ARCHIVE_BYTES} bytes`) });
});
