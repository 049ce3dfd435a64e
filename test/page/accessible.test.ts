import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFindings } from '../support/axe.ts';
import { openPage } from '../support/browser.ts';
import { startQuire, type TestQuire } from '../support/service.ts';

let quire: TestQuire;
let batchId: string;
beforeAll(async () => {
  quire = await startQuire('embedded');
  quire.goodreads.control({ modes: { 7100003: 'unknown' } });
  ({ batchId } = await quire.submit(['7100001', '7100002', '7100003', '7200001', '999', 'nonsense']));
  await quire.ended(batchId);
});
afterAll(() => quire.stop());

/** Each view, and what is there once it is complete. */
const VIEWS: [name: string, address: string, there: string][] = [
  ['submit', '#/', '.rows .batch'],
  ['batches', '#/batches', '.rows .batch'],
  ['watch', '#/batches/BATCH', '.rows .title'],
  ['failures of a batch', '#/batches/BATCH?state=failed', '.rows .failed'],
];

it.each(VIEWS)('axe finds nothing serious on %s, in light and in dark, and the console stays empty', async (_name, address, there) => {
  const { page, said, asked } = await openPage(`${quire.origin}/${address.replace('BATCH', batchId)}`);
  await page.locator(there).first().waitFor();
  expect(await seriousFindings(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await seriousFindings(page)).toEqual([]);
  // On a phone nothing is wider than the window.
  await page.setViewportSize({ width: 390, height: 800 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  expect(said).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
});
