/** Chromium, for the tests of the page. It reaches this machine alone, and everything that the page asks and says is kept. */
import { afterAll, onTestFinished } from 'vitest';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findChromium } from './server-binaries.ts';

let started: Promise<Browser> | undefined;

/** One browser for all tests of a process. It ends after the file that started it. */
function browser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('Chromium is not installed: `npm test` installs it, or name it in TEST_CHROMIUM');
  // In a container and as root Chromium's own sandbox cannot start. It shows nothing but Quire.
  started ??= chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  return started;
}

afterAll(async () => {
  const running = started;
  started = undefined;
  await (await running)?.close();
});

export interface Asked {
  method: string;
  url: string;
  status: number;
  /** Of the body, as it was sent. */
  bytes: number;
}

export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** What the console said, and errors that nothing caught. */
  said: string[];
  /** Every answer so far. */
  asked: Asked[];
}

export interface OpenOptions {
  colorScheme?: 'light' | 'dark';
  width?: number;
  height?: number;
  reducedMotion?: 'reduce' | 'no-preference';
  /** Another page of the same person: same cookies. */
  context?: BrowserContext;
}

/** Opens the page at an address. It is closed when the test ends. */
export async function openPage(address: string, options: OpenOptions = {}): Promise<OpenPage> {
  const { colorScheme = 'light', width = 1200, height = 800, reducedMotion = 'no-preference' } = options;
  const context =
    options.context ??
    (await (await browser()).newContext({ colorScheme, viewport: { width, height }, reducedMotion, locale: 'en-GB', timezoneId: 'UTC' }));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const said: string[] = [];
  const asked: Asked[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('response', (response) => {
    const length = Number(response.headers()['content-length'] ?? 0);
    asked.push({ method: response.request().method(), url: response.url(), status: response.status(), bytes: length });
  });
  onTestFinished(async () => (options.context ? page.close() : context.close()));
  await page.goto(address);
  return { page, context, said, asked };
}
