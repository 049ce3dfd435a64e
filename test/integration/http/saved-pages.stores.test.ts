/** `POST /pages`: saved pages, alone, in a form, and in archives. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STORES } from '../../support/service.ts';
import { harOf, warcOf, zipOf } from '../../support/archives.ts';
import { linkTo, openScene, type HttpScene } from './scene.ts';

const pageOf = (path: string): Buffer => readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));
const PAGES = new Map([
  ['7100001', pageOf('pages/next/7100001.html')],
  ['7100002', pageOf('pages/next/7100002.html')],
  ['7200001', pageOf('pages/legacy/7200001.html')],
]);
const page = (id: string): Buffer => PAGES.get(id) ?? Buffer.alloc(0);
const CHALLENGE = pageOf('failure/challenge.html');

describe.each(STORES)('saved pages on %s', (store) => {
  let scene: HttpScene;
  beforeAll(async () => {
    // The source turns everybody away: people bring the pages.
    scene = await openScene(store, { BLOCK_PROBE: '1h' });
    await scene.goodreads.control({ mode: 'challenge' });
  });
  afterAll(() => scene.stop());

  const send = (type: string, body: Uint8Array) => scene.ask('/pages', { method: 'POST', headers: { 'content-type': type }, body });

  it('of a form settle the items that wait, by number and by ISBN, and one that cannot be read spoils none', async () => {
    const { body: first } = await scene.ask('/parse-links', { method: 'POST', body: [linkTo('7100001'), linkTo('7200001')] });
    const form = new FormData();
    for (const id of PAGES.keys()) form.append('file', new Blob([new Uint8Array(page(id))]), `${id}.html`);
    form.append('file', new Blob([new Uint8Array(CHALLENGE)]), 'challenge.html');
    const answer = await fetch(`${scene.quire.origin}/pages`, { method: 'POST', body: form });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      entries: [
        ...[...PAGES.keys()].map((bookId) => ({ name: `${bookId}.html`, outcome: 'stored', bookId })),
        { name: 'challenge.html', outcome: 'refused', reason: expect.stringContaining('"blocked"') },
      ],
      ignored: 0,
    });
    expect((await scene.quire.ended(first['batchId'] as string)).counts).toMatchObject({ parsed: 2, blocked: 0 });
    expect((await scene.ask('/books/7100002')).body).toMatchObject({ id: '7100002', via: 'upload' });
  });

  it('settle an item that names the book by its ISBN', async () => {
    const isbn13 = '9787123450066';
    await scene.ask('/books/7100001', { method: 'DELETE' });
    const link = `https://www.goodreads.com/book/isbn/${isbn13}`;
    const { body: waiting } = await scene.ask('/parse-links', { method: 'POST', body: [link] });
    expect(waiting['counts']).toMatchObject({ queued: 1 });
    expect((await send('text/html', page('7100001'))).body).toMatchObject({ entries: [{ outcome: 'stored', bookId: '7100001' }] });
    expect((await scene.quire.ended(waiting['batchId'] as string)).counts).toMatchObject({ parsed: 1 });
    expect((await scene.ask(`/book-info?isbn=${isbn13}`)).body).toMatchObject({ id: '7100001' });
  });

  it('of archives are read whatever the type of the body says, with the time that the archive gives', async () => {
    const at = '2020-01-02T03:04:05.000Z';
    const answer = { url: linkTo('7100001'), body: page('7100001'), at };
    await scene.ask('/books/7100001', { method: 'DELETE' });
    expect((await send('application/json', harOf([answer]))).body).toMatchObject({ entries: [{ name: answer.url, outcome: 'stored' }] });
    expect((await scene.ask('/books/7100001')).body).toMatchObject({ fetchedAt: at });
    const zip = zipOf([
      { name: 'One.html', bytes: page('7100001') },
      { name: 'One_files/cover.jpg', bytes: Buffer.from('x') },
    ]);
    expect((await send('application/octet-stream', zip)).body).toEqual({
      entries: [{ name: 'One.html', outcome: 'stored', bookId: '7100001' }],
      ignored: 1,
    });
    // The copy of the zip archive is newer than that of the WARC file.
    expect((await send('application/gzip', warcOf([answer], true))).body).toMatchObject({ entries: [{ outcome: 'older' }] });
  });

  it('never bring cookies or tokens into the store', async () => {
    const secret = 'token-that-nobody-may-keep';
    await send('application/har+json', harOf([{ url: linkTo('7200001'), body: page('7200001') }], secret));
    expect(JSON.stringify((await scene.ask('/books/7200001')).body)).not.toContain(secret);
  });

  it.each([
    ['an empty body', 'text/html', Buffer.alloc(0), 400],
    ['a zip archive that is cut off', 'application/zip', zipOf([{ name: 'a.html', bytes: page('7100001') }]).subarray(0, -8), 400],
    ['JSON that is no HAR file', 'application/json', Buffer.from('{}'), 400],
    ['a form without a boundary', 'multipart/form-data', Buffer.from('x'), 400],
    [
      'a form that breaks off',
      'multipart/form-data; boundary=x',
      Buffer.from('--x\r\ncontent-disposition: form-data; name="a"; filename="a"'),
      400,
    ],
    ['a form without a file', 'multipart/form-data; boundary=x', Buffer.from('--x--\r\n'), 400],
    ['a body of another type', 'image/png', Buffer.from('x'), 415],
    ['more than 32 MiB', 'application/zip', Buffer.alloc(32 * 1024 * 1024 + 1), 413],
  ])('refuses %s', async (_what, type, body, status) => {
    const answer = await send(type, body);
    expect([answer.status, typeof answer.body['detail']]).toEqual([status, 'string']);
  });
});
