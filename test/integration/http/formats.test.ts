/** Books in the format that a request asks for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkTo, openScene, type HttpScene } from './scene.ts';

let scene: HttpScene;
let id: string;
let batchId: string;
beforeAll(async () => {
  scene = await openScene('redis');
  id = scene.ids[0] ?? '';
  batchId = await scene.parsed(scene.ids.slice(0, 3).map(linkTo));
});
afterAll(() => scene.stop());

const TYPES: [format: string, mediaType: string, begins: RegExp][] = [
  ['json', 'application/json', /^\{"title":/],
  ['jsonl', 'application/jsonl', /^\{"title":[^\n]+\n$/],
  ['csv', 'text/csv', /^Book Id,Title,/],
  ['jsonld', 'application/ld+json', /^\{"@context":"https:\/\/schema\.org","@type":"Book"/],
  ['bibtex', 'application/x-bibtex', /^@book\{goodreads\d+,\n {2}title = /],
  ['ris', 'application/x-research-info-systems', /^TY {2}- BOOK\r\n/],
  ['csl', 'application/vnd.citationstyles.csl+json', /^\[\n\{"id":"goodreads/],
  ['atom', 'application/atom+xml', /^<\?xml version="1\.0" encoding="utf-8"\?>\n<feed /],
];
const text = ({ body }: { body: unknown }): string => (typeof body === 'string' ? body : JSON.stringify(body));
const raw = async (path: string, headers: Record<string, string> = {}): Promise<{ status: number; headers: Headers; text: string }> => {
  const answer = await fetch(scene.quire.origin + path, { headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
};

describe('one book', () => {
  it.each(TYPES)('is %s by format= and by Accept: %s', async (format, mediaType, begins) => {
    const named = await raw(`/books/${id}?format=${format}`, { accept: 'text/html' });
    const asked = await raw(`/book-info?id=${id}`, { accept: `text/html;q=0.5, ${mediaType}` });
    expect([named.status, asked.status]).toEqual([200, 200]);
    expect(named.headers.get('content-type')?.split(';')[0]).toBe(mediaType);
    expect(asked.headers.get('content-type')).toBe(named.headers.get('content-type'));
    expect([named.headers.get('vary'), asked.headers.get('vary')]).toEqual(['Accept', 'Accept']);
    expect(named.text).toMatch(begins);
    expect(asked.headers.get('etag')).toBe(named.headers.get('etag'));
    const again = await raw(`/books/${id}?format=${format}`, { 'if-none-match': named.headers.get('etag') ?? '' });
    expect([again.status, again.text, again.headers.get('vary')]).toEqual([304, '', 'Accept']);
  });

  it('has another ETag in each format, so that a cache never mixes them', async () => {
    const tags = await Promise.all(
      ['biblatex', ...TYPES.map(([format]) => format)].map(async (format) =>
        (await raw(`/books/${id}?format=${format}`)).headers.get('etag'),
      ),
    );
    expect(new Set(tags).size).toBe(TYPES.length + 1);
  });

  it('is JSON for a browser, and for who says nothing', async () => {
    const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    expect((await raw(`/books/${id}`, { accept: browser })).headers.get('content-type')).toMatch(/^application\/json/);
    expect((await raw(`/books/${id}`)).headers.get('content-type')).toMatch(/^application\/json/);
  });

  it('answers 406 with the list, and 400 to a format that is none', async () => {
    const { status, body } = await scene.ask(`/books/${id}`, { headers: { accept: 'text/html' } });
    expect([status, body['code']]).toEqual([406, 'not-acceptable']);
    expect(body['detail']).toContain('bibtex (application/x-bibtex)');
    expect((await scene.ask(`/book-info?id=${id}&format=yaml`)).body['errors'][0]['pointer']).toBe('/query/format');
  });
});

describe('many books', () => {
  it.each([
    ['bibtex', /@book/g],
    ['biblatex', /@book/g],
    ['ris', /^TY {2}- BOOK/gm],
    ['atom', /<entry>/g],
    ['jsonld', /"@id":/g],
    ['csl', /"type":"book"/g],
    ['json', /"fetchedAt"/g],
    ['jsonl', /"fetchedAt"/g],
  ])('come as %s from exports and search', async (format, one) => {
    const paths = [`/batches/${batchId}/export?format=${format}`, `/books/export?format=${format}`];
    for (const path of paths) {
      const answer = await raw(path);
      expect([path, answer.status, [...answer.text.matchAll(one)].length]).toEqual([path, 200, 3]);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="(?:batch-\w+|books)\.[\w.]+"$/);
    }
    const title = (await scene.ask(`/books/${id}`)).body['title'] as string;
    const found = await raw(`/books/search?limit=1&format=${format}&q=${encodeURIComponent(title)}`);
    expect([found.status, [...found.text.matchAll(one)].length]).toEqual([200, 1]);
  });

  it('come with a byte order mark where CSV is for Excel', async () => {
    const bytes = async (path: string): Promise<Buffer> => Buffer.from(await (await fetch(scene.quire.origin + path)).arrayBuffer());
    expect((await bytes('/books/export?format=csv&bom=true')).subarray(0, 4)).toEqual(Buffer.from('\uFEFFB'));
    expect((await bytes('/books/export?format=csv')).subarray(0, 4)).toEqual(Buffer.from('Book'));
  });

  it('answer 406 before anything is sent', async () => {
    const answer = await scene.ask('/books/export', { headers: { accept: 'image/png' } });
    expect([answer.status, text(answer)]).toEqual([406, expect.stringContaining('jsonl')]);
  });
});
