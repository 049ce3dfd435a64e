import { afterAll, beforeAll, expect, it } from 'vitest';
import { seriousFindings } from '../support/axe.ts';
import { openPage } from '../support/browser.ts';
import { startQuire, type TestQuire } from '../support/service.ts';

let quire: TestQuire;
let batchId: string;
beforeAll(async () => {
  quire = await startQuire('embedded', { settings: { WEBHOOK_ALLOW_LOOPBACK: 'true' } });
  await quire.goodreads.control({ modes: { 7100003: 'unknown' } });
  ({ batchId } = await quire.submit(['7100001', '7100002', '7100003', '7200001', '999', 'nonsense']));
  await quire.ended(batchId);
  await quire.post('/webhooks', { url: 'http://127.0.0.1:1/hook', events: ['batch.*'] });
});
afterAll(() => quire.stop());

/** Each view, and what is there once it is complete. */
const VIEWS: [name: string, address: string, there: string][] = [
  ['submit', '#/', '.rows .batch'],
  ['batches', '#/batches', '.rows .batch'],
  ['watch', '#/batches/BATCH', '.rows .title'],
  ['failures of a batch', '#/batches/BATCH?state=failed', '.rows .failed'],
  ['library', '#/library', '.rows .title'],
  ['a book', '#/books/7100001', '.book table'],
  ['failures', '#/failures', '.rows .failure'],
  ['source', '#/source', '.chart'],
  ['webhooks', '#/webhooks', '.rows .mark'],
  ['code', '#/code', '.snippet pre'],
];

it('axe finds nothing serious on any view, in light and in dark, none is wider than a phone, and the console stays empty', async () => {
  const { page, said, asked } = await openPage(quire.origin);
  const found: string[] = [];
  for (const [name, address, there] of VIEWS) {
    await page.goto(`${quire.origin}/${address.replace('BATCH', batchId)}`);
    await page.locator(there).first().waitFor();
    const note = (what: string) => (finding: string) => void found.push(`${name}, ${what}: ${finding}`);
    (await seriousFindings(page)).forEach(note('light'));
    await page.emulateMedia({ colorScheme: 'dark' });
    (await seriousFindings(page)).forEach(note('dark'));
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 800 });
    const width = await page.evaluate('document.documentElement.scrollWidth');
    if (Number(width) > 390) note('phone')(`${String(width)} pixels wide`);
    await page.setViewportSize({ width: 1200, height: 800 });
  }
  expect(found).toEqual([]);
  expect(said).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
  expect(new Set(VIEWS.map(([, address]) => address.split(/[/?]/)[1] ?? '')).size).toBeGreaterThanOrEqual(7);
});
