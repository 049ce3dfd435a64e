import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPage } from '../support/browser.ts';
import { sendRaw } from '../support/raw-http.ts';
import { startQuire, type TestQuire } from '../support/service.ts';

let quire: TestQuire;
beforeAll(async () => {
  quire = await startQuire('embedded', { settings: { PUBLIC_URL: 'http://books.example/quire' } });
});
afterAll(() => quire.stop());

it('the page is small, loads nothing from elsewhere, and says nothing in the console', async () => {
  const { page, asked, said } = await openPage(quire.origin);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('No batch yet').waitFor();
  expect(said).toEqual([]);
  expect(asked.filter(({ url }) => new URL(url).origin !== quire.origin)).toEqual([]);
  expect(asked.filter(({ status }) => status >= 400)).toEqual([]);
  const files = asked.filter(({ url }) => new URL(url).pathname === '/' || url.includes('/assets/'));
  expect(files.length).toBeGreaterThan(5);
  expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(120_000);
  expect(await page.locator('textarea').count()).toBe(1);
});

it('the files of the page are kept for ever, and the page itself is asked for again', async () => {
  const home = await quire.get('/');
  expect(home.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  );
  const again = await fetch(quire.origin, { headers: { 'if-none-match': home.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  const [, script = ''] = /src="\.(\/assets\/[^"]+app\.js)"/.exec(home.body as string) ?? [];
  const file = await fetch(quire.origin + script);
  expect(file.status).toBe(200);
  expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(file.headers.get('etag')).toBeTruthy();
  expect(home.body).not.toMatch(/<script(?![^>]* src=)|<style|javascript:/);
});

it('below the path of PUBLIC_URL the addresses begin with that path', async () => {
  const { body } = await sendRaw(quire.origin, ['GET / HTTP/1.1', 'host: books.example', 'connection: close']);
  expect(body).toContain('src="/quire/assets/');
  expect(body).toContain('href="/quire/favicon.ico"');
});
