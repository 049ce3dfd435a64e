import { expect, it } from 'vitest';
import { openScene } from '../e2e/scene.ts';
import { openPage } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { waitUntil } from '../support/wait-until.ts';

const FIRST = 1_000_000_000;
/** Links, since one in eleven of these numbers is an ISBN too. */
const links = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, n) => `https://www.goodreads.com/book/show/${FIRST + from + n}`).join('\n');

it('a batch survives a reload, a second tab and a server that is killed and starts again', async () => {
  const scene = await openScene('embedded', { CRAWL_RATE: '10', PORT: String(await freePort()) });
  const quire = await scene.start();
  const { page, context, said } = await openPage(quire.address);
  await page.fill('textarea', links(150));
  await page.getByRole('button', { name: 'Get books' }).click();
  await page.waitForURL(/#\/batches\/\w+$/);
  await page.locator('.rows .title').first().waitFor();
  await page.reload();
  await page.locator('.rows .title').first().waitFor();
  const other = await openPage(page.url(), { context });
  await other.page.locator('.rows .title').first().waitFor();
  expect([...said, ...other.said]).toEqual([]);

  await quire.kill9();
  await page.getByText('Quire does not answer').waitFor();
  await scene.start();
  for (const one of [page, other.page]) {
    await one.getByText('150 of 150').first().waitFor({ timeout: 90_000 });
    await one.getByText('Done').first().waitFor();
    expect(await one.getByText('Quire does not answer').count()).toBe(0);
  }
});

it('of 10,000 items only those that are seen are in the document, and scrolling reads the others', async () => {
  const scene = await openScene('embedded', { CRAWL_RATE: '0.01' });
  const quire = await scene.start();
  const { page, said, asked } = await openPage(quire.address);
  // As a paste puts it there: playwright's `fill` types, and Chromium takes minutes to type half a megabyte into a box.
  await page.locator('textarea').evaluate(
    (box: { value: string; dispatchEvent(event: Event): boolean }, text) => {
      box.value = text;
      box.dispatchEvent(new Event('input', { bubbles: true }));
    },
    links(10_000, 1000),
  );
  await page.getByText('10,000 books').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Get books' }).click();
  await page.waitForURL(/#\/batches\/\w+$/, { timeout: 60_000 });
  await page.locator('.rows li').nth(10).waitFor();
  const nodes = async (): Promise<number> => Number(await page.evaluate('document.querySelectorAll("*").length'));
  expect(await nodes()).toBeLessThan(1500);
  await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  await page.getByText(`goodreads.com/book/show/${FIRST + 10_999}`).waitFor();
  expect(await nodes()).toBeLessThan(1500);
  const reads = asked.filter(({ url }) => url.includes('/items?'));
  expect(reads.length).toBeLessThan(30);
  expect(said).toEqual([]);
});

it('the page asks for a key, and goes on where it was when a key ends', async () => {
  const scene = await openScene('embedded', { API_KEYS: 'first-key-of-ours' });
  const quire = await scene.start();
  const { page, said } = await openPage(`${quire.address}/#/library`);
  await page.getByLabel('Key').fill('no-such-key');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('This key is not known here').waitFor();
  await page.getByLabel('Key').fill('first-key-of-ours');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No book is here yet').waitFor();
  // Nothing but the refused key was told in the console.
  expect(said.filter((line) => !line.includes('401'))).toEqual([]);
  expect(said.length).toBe(1);
  await page.getByRole('button', { name: /^Sign out/ }).click();
  await page.getByText('This Quire asks for a key').waitFor();

  const key = await fetch(`${quire.address}/keys`, {
    method: 'POST',
    headers: { authorization: 'Bearer first-key-of-ours', 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'short', scopes: ['read', 'submit'] }),
  }).then((answer) => answer.json() as Promise<{ id: string; key: string }>);
  await page.getByLabel('Key').fill(key.key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('No book is here yet').waitFor();
  await fetch(`${quire.address}/keys/${key.id}`, { method: 'DELETE', headers: { authorization: 'Bearer first-key-of-ours' } });
  await page.getByText('Your key counts no longer').waitFor();
  await page.getByLabel('Key').fill('first-key-of-ours');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await waitUntil('the view to come back', async () => (await page.getByText('No book is here yet').count()) === 1);
  expect(page.url()).toMatch(/#\/library$/);
});
