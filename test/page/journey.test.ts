import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPage } from '../support/browser.ts';
import { startQuire, type TestQuire } from '../support/service.ts';

const FIRST = 1_000_000_000;

let quire: TestQuire;
beforeAll(async () => {
  quire = await startQuire('embedded');
});
afterAll(() => quire.stop());

it('the page says what each line is before anything is sent', async () => {
  quire.goodreads.setCollections({ sizes: { 'list/71': 250 } });
  const { page, said, asked } = await openPage(quire.origin);
  await page.fill('textarea', `${FIRST + 1}\nhttps://www.goodreads.com/list/show/71\nhttps://example.com/7\nThe Quiet River`);
  await page.getByText('a list, about 250 books').waitFor();
  await page.getByText('The host is not goodreads.com').waitFor();
  await page.getByText('perhaps a title').waitFor();
  await page.getByText('251 books', { exact: true }).waitFor();
  expect(said).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
  expect((await quire.get('/batches')).body.batches).toEqual([]);
});

it('a batch is sent, watched to its end, filtered, and its address can be shared', async () => {
  await quire.goodreads.control({ delayMs: 30, modes: { [FIRST + 11]: 'unknown' } });
  const { page, said, asked, context } = await openPage(quire.origin);
  await page.fill('textarea', [10, 11, 12, 13].map((n) => FIRST + n).join('\n') + '\nnonsense');
  await page.getByRole('button', { name: 'Get books' }).click();
  await page.waitForURL(/#\/batches\/\w+$/);
  await page.getByText('5 of 5').waitFor();
  await page.getByText('Done').first().waitFor();
  // A row for each book, with its state in words; the failure has a sentence, a retry and the page that was seen.
  expect(await page.locator('.rows .title').count()).toBe(3);
  const failure = page.locator('.rows li').filter({ hasText: 'Failed' });
  expect(await failure.locator('.by').innerText()).not.toBe('');
  await failure.getByRole('button', { name: 'Retry' }).waitFor();
  await failure.getByRole('link', { name: 'Page that was seen' }).waitFor();
  await page.getByRole('link', { name: /^Failed/ }).click();
  await page.waitForURL(/state=failed$/);
  await page.locator('.rows li').first().waitFor();
  expect(await page.locator('.rows li').count()).toBe(1);
  await page.goBack();
  await page.locator('.rows li').nth(4).waitFor();

  const other = await openPage(page.url(), { context });
  await other.page.locator('.rows .title').nth(2).waitFor();
  expect([...said, ...other.said]).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);

  await quire.goodreads.control({});
  await failure.getByRole('button', { name: 'Retry' }).click();
  // The batch is over, and the book is here all the same.
  await page.locator('.rows .title').nth(3).waitFor();
});

it('a running batch can be cancelled, after a question', async () => {
  await quire.goodreads.control({ mode: 'hang' });
  const { page, said } = await openPage(quire.origin);
  await page.fill('textarea', String(FIRST + 31));
  await page.keyboard.press('Control+Enter');
  await page.getByText('Fetching').first().waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('dialog').getByText('1 item will not be fetched').waitFor();
  await page.keyboard.press('Escape');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Cancel the batch' }).click();
  await page.locator('.rows').getByText('Cancelled').waitFor();
  expect(said).toEqual([]);
  await quire.goodreads.control({});
});

it('while Goodreads blocks us every view says so in words, and a saved page settles a book that waits', async () => {
  await quire.goodreads.control({ mode: 'captcha' });
  const { page, said } = await openPage(quire.origin);
  await page.fill('textarea', '7100001');
  await page.getByRole('button', { name: 'Get books' }).click();
  await page.getByText('Goodreads asked us to wait.').first().waitFor();
  await page.getByRole('link', { name: 'Source: Blocked' }).click();
  await page.getByRole('link', { name: 'goodreads.com/book/show/7100001' }).waitFor();
  await page.locator('.dropzone input').setInputFiles('test/fixtures/pages/next/7100001.html');
  await page.getByText('1 page read.').waitFor();
  await page.getByRole('link', { name: '7100001.html' }).click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  expect(page.url()).toMatch(/#\/books\/7100001$/);
  await page.goBack();
  await quire.goodreads.control({});
  // Something has to wait for the source to be probed.
  await quire.submit(['7100002']);
  await page.getByRole('link', { name: /^Source: (Open|Slowed)$/ }).waitFor();
  expect(said).toEqual([]);
});

it('the library is searched as one types, and a book tells where its values came from', async () => {
  const { page, said, asked } = await openPage(`${quire.origin}/#/library`);
  await page.locator('.rows .title').first().waitFor();
  const title = await page.locator('.rows .title').first().innerText();
  await page.getByRole('searchbox').fill(title);
  await page.waitForURL(/q=/);
  await page.locator('.rows .title').filter({ hasText: title }).first().click();
  await page.getByRole('columnheader', { name: 'Where on the page' }).waitFor();
  await page.getByRole('button', { name: 'Fetch again' }).click();
  await page.getByText('The copy here stays').waitFor();
  await page.getByRole('link', { name: 'Code' }).click();
  await page.getByText(/refresh'/).waitFor();
  await page.getByRole('button', { name: 'Python' }).click();
  await page.getByText('urllib.request.urlopen').waitFor();
  expect(said).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
});
