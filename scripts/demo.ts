/**
 * `npm run demo`: the whole path without reaching Goodreads. Starts a stand-in that serves the project's own pages, and Quire with its data in
 * a temporary directory; sends requests, prints each as a curl line with its answer below; ends everything and removes the directory.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGoodreads } from './goodreads-stand-in.ts';
import { startQuire, type QuireProcess } from './quire-process.ts';

/** A book that the stand-in has no page for. */
const MISSING = 'https://www.goodreads.com/book/show/999';
/** Pages take so long that a book can be asked for before it is there. */
const PAGE_MS = 400;
const DEADLINE_MS = 30_000;
const LINE = 160;
/** Of a text in a list: what follows it on the line should be seen as well. */
const ENTRY = 52;

const color = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
const paint = (code: number, text: string): string => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
const say = (text = ''): boolean => process.stdout.write(`${text}\n`);

let steps = 0;
const step = (text: string): boolean => say(`\n${paint(1, `${++steps}. ${text}`)}`);

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

const shorten = (_key: string, value: unknown): unknown => (typeof value === 'string' ? cut(value, ENTRY) : value);

/** JSON with a line for each field, and for each entry of a list of objects; what is long is cut. */
function show(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return cut(JSON.stringify(value), LINE);
  const lines = Object.entries(value).map(([key, field]) => {
    if (!Array.isArray(field) || typeof field[0] !== 'object') return `  "${key}": ${cut(JSON.stringify(field), LINE - key.length)}`;
    return `  "${key}": [\n${field.map((entry) => `    ${cut(JSON.stringify(entry, shorten), 2 * LINE)}`).join(',\n')}\n  ]`;
  });
  return `{\n${lines.join(',\n')}\n}`;
}

interface Told {
  status: number;
  location: string | null;
  body: unknown;
}

/** Sends a request and reads its answer. */
async function ask(quire: QuireProcess, path: string, links?: string[]): Promise<Told> {
  const post = links && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(links) };
  const answer = await fetch(quire.address + path, { ...post, signal: AbortSignal.timeout(DEADLINE_MS) });
  return { status: answer.status, location: answer.headers.get('location'), body: await answer.json() };
}

function print(quire: QuireProcess, path: string, { status, location, body }: Told, links?: string[]): void {
  const data = links && ` -H 'content-type: application/json' -d '[\n${links.map((link) => `    ${JSON.stringify(link)}`).join(',\n')} ]'`;
  say(`\n${paint(36, `$ curl ${links ? '-X POST ' : ''}'${quire.address}${path}'${data ?? ''}`)}`);
  say(`${paint(status < 300 ? 32 : 33, String(status))}${location === null ? '' : `   Location: ${location}`}`);
  say(show(body));
}

async function askAndPrint(quire: QuireProcess, path: string, links?: string[]): Promise<Told> {
  const told = await ask(quire, path, links);
  print(quire, path, told, links);
  return told;
}

/** Asks until the answer is as wanted, and prints that one. */
async function askUntil(quire: QuireProcess, path: string, wanted: (told: Told) => boolean): Promise<void> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const told = await ask(quire, path);
    if (wanted(told)) return print(quire, path, told);
    if (Date.now() > deadlineMs) throw new Error(`${path} was still answered with ${told.status} after ${DEADLINE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function demonstrate(quire: QuireProcess, ids: readonly string[]): Promise<void> {
  const [first = '', second = '', third = ''] = ids.map((id) => `https://www.goodreads.com/book/show/${id}`);
  const read = (link: string): string => `/book-info?url=${encodeURIComponent(link)}`;

  step('Submit links: one of them twice, one that is none, and one whose book does not exist.');
  const { body } = await askAndPrint(quire, '/parse-links', [first, `${first}?from_search=true#reviews`, second, 'not a link', MISSING]);
  const { batchId } = body as { batchId: string };

  step('Ask for a book while its page is being fetched, and once it is there.');
  await askAndPrint(quire, read(first));
  await askUntil(quire, read(first), ({ status }) => status === 200);

  step('Watch the batch until every link is settled ("not found" is believed at the second look only).');
  await askAndPrint(quire, `/batches/${batchId}`);
  await askUntil(quire, `/batches/${batchId}`, ({ body: batch }) => (batch as { state: string }).state === 'completed');
  await askAndPrint(quire, `/batches/${batchId}/items`);

  step('Submit again: what is fresh is not crawled again; what is new is.');
  await askAndPrint(quire, '/parse-links', [first, third]);

  step('Submit a collection: its books join the batch as its pages are read.');
  const { body: series } = await askAndPrint(quire, '/parse-links?maxBooks=3', ['https://www.goodreads.com/series/7-the-minerals']);
  const seriesId = (series as { batchId: string }).batchId;
  await askUntil(quire, `/batches/${seriesId}`, ({ body: batch }) => (batch as { state: string }).state === 'completed');
  await askAndPrint(quire, `/batches/${seriesId}/items`);

  step('Errors say what is wrong, and how to put it right.');
  await askAndPrint(quire, read(MISSING));
  await askAndPrint(quire, read('https://www.goodreads.com/book/show/12345'));
  await askAndPrint(quire, read('https://goodreads.com.evil.example/book/show/1'));
}

const startedMs = Date.now();
const directory = await mkdtemp(join(tmpdir(), 'quire-demo-'));
// However it ends: by itself, by Ctrl-C, or because what its output was piped into has gone.
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.stdout.on('error', () => process.exit(1));
const goodreads = await startGoodreads();
try {
  await goodreads.control({ delayMs: PAGE_MS });
  say(`${paint(1, 'Quire, from a link to a book.')} Nothing here reaches Goodreads.\n`);
  say(`A stand-in for Goodreads, with ${goodreads.ids.length} books that nobody wrote, answers at ${goodreads.origin}`);
  const env = { GOODREADS_ORIGIN: goodreads.origin, DATA_DIR: join(directory, 'data'), CRAWL_RATE: '0', NOT_FOUND_RECHECK: '1s' };
  const quire = await startQuire({ env, fromSource: true, timeoutMs: DEADLINE_MS });
  try {
    say(`Quire, api and worker in one process on the embedded store, answers at ${quire.address}`);
    await demonstrate(quire, goodreads.ids);
    const { requests } = await goodreads.stats();
    say(
      `\n${paint(1, 'That was it.')} The stand-in was asked for ${requests} pages. With npm start, the same requests go to the real one, politely: one page a second.`,
    );
  } finally {
    await quire.stop();
  }
} finally {
  await goodreads.stop();
  rmSync(directory, { recursive: true, force: true });
}
say(`Everything is stopped and removed again (${((Date.now() - startedMs) / 1000).toFixed(1)} s).`);
