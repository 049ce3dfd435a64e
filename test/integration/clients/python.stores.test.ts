/** clients/python against a running Quire, by Python itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STORES, type TestQuire } from '../../support/service.ts';
import { inThisRun } from '../../support/sizes.ts';
import { linkTo } from '../http/scene.ts';
import { API_KEY, breakEventStreams, GONE, numbers, startAskedQuire } from './story.ts';

const FOLDER = fileURLToPath(new URL('../../../clients/python', import.meta.url));
const PYTHON = process.env['PYTHON'] ?? 'python3';

/** Runs a program with the client imported and `given` in hand, and resolves to what it tells. */
async function python(program: string, given: object): Promise<unknown> {
  const text = `import json, sys, time
from quire import Quire, QuireError, is_from_quire
given = json.load(sys.stdin)
def tell(what): json.dump(what, sys.stdout)
${program}`;
  const child = spawn(PYTHON, ['-W', 'error', '-c', text], {
    env: { PATH: process.env['PATH'] ?? '', PYTHONPATH: FOLDER, PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8' },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  child.stdin.end(JSON.stringify(given));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`Python ended with ${code}: ${err}`);
  return JSON.parse(out);
}

describe.each(inThisRun(STORES))('the Python client, on the %s store', (store) => {
  let running: TestQuire;
  beforeAll(async () => void (running = await startAskedQuire(store)));
  afterAll(() => running.stop());

  it('gives each item once with its book as it settles, over connections that break', async () => {
    const way = await breakEventStreams(running.origin, 2);
    onTestFinished(way.stop);
    await running.goodreads.control({ delayMs: 20, modes: { [GONE]: 'missing' } });
    const entries = [...numbers(1_840_000_010, 30).map(linkTo), linkTo(GONE), 'nonsense'];
    const told = (await python(
      `quire = Quire(given["origin"], given["key"], backoff=0.005)
tell([[item["index"], item["input"], item["state"], book and book["id"]] for item, book in quire.parse(given["entries"], priority="interactive")])`,
      { origin: way.origin, key: API_KEY, entries },
    )) as [number, string, string, string | null][];
    expect(way.cuts()).toBe(2);
    const expected = entries.map((input, index) => {
      if (input === linkTo(GONE)) return [index, input, 'not-found', null];
      return input === 'nonsense' ? [index, input, 'invalid', null] : [index, input, 'parsed', input.split('/').at(-1)];
    });
    expect(told.toSorted(([a], [b]) => a - b)).toEqual(expected);
  });

  it('submits more than one request carries, pages, cancels, searches and reads a stream of books', async () => {
    await running.goodreads.control({ delayMs: 0 });
    const few = numbers(1_840_200_000, 3);
    const told = await python(
      `quire = Quire(given["origin"], given["key"])
batch_id = quire.submit_all(given["many"], until={"field": "id", "equals": "none"})
cancelled = quire.cancel(batch_id)
few_id = quire.submit_all(given["links"])
states = [item["state"] for item in quire.settled(few_id)]
try:
    quire.submit(["nonsense"])
except QuireError as error:
    refused = [error.status, error.code]
try:
    Quire(given["origin"], "another").source()
except QuireError as error:
    refused += [error.status, error.code]
tell({
    "cancelled": cancelled["batchId"] == batch_id,
    "total": quire.batch(batch_id)["total"],
    "indexes": [item["index"] for item in quire.items(batch_id)] == list(range(len(given["many"]))),
    "states": states,
    "books": [book["id"] for book in quire.books(few_id)],
    "search": [book["id"] for book in quire.search(quire.book(given["few"][0])["title"], limit=1)],
    "found": quire.find("nothing that is stored")["items"],
    "nobody": quire.book("1849999999"),
    "source": quire.source()["state"],
    "refused": refused,
})`,
      { origin: running.origin, key: API_KEY, many: numbers(1_840_100_000, 1100).map(linkTo), few, links: few.map(linkTo) },
    );
    expect(told).toMatchObject({
      cancelled: true,
      total: 1100,
      indexes: true,
      states: ['parsed', 'parsed', 'parsed'],
      books: few,
      found: [],
      nobody: null,
      source: 'open',
      refused: [400, 'no-valid-links', 401, 'unauthorized'],
    });
    expect((told as { search: string[] }).search).toHaveLength(1);
  });
});

describe('the Python client', () => {
  it('knows the deliveries that Quire signed', async () => {
    const secret = `whsec_${Buffer.from('a secret of 24 bytes ...').toString('base64')}`;
    const body = '{"type":"batch.completed","title":"שלום"}';
    const now = new Date();
    const headers = {
      'Webhook-Id': 'msg_1',
      'Webhook-Timestamp': String(Math.floor(now.getTime() / 1000)),
      'Webhook-Signature': `v1,AAAA ${new Webhook(secret).sign('msg_1', now, body)}`,
    };
    const told = await python(
      `body, headers, secret = given["body"].encode(), given["headers"], given["secret"]
tell([
    is_from_quire(headers, body, secret),
    is_from_quire(headers, body + b" ", secret),
    is_from_quire(headers, body, secret, now=time.time() + 301),
    is_from_quire({}, body, secret),
])`,
      { body, headers, secret },
    );
    expect(told).toEqual([true, false, false, false]);
  });
});
