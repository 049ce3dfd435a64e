/** `GET /batches/{id}` of a batch of 10,000 links on an idle service, and 1,000 readers of one batch's events. */
import { readFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { measureLoad } from './load.ts';
import { FIRST_ID, submitBooks, type Rig } from './rig.ts';
import { plain, type BenchRow } from './row.ts';
import { waitUntil } from '../test/support/wait-until.ts';

const ITEMS = 10_000;
const P99_MS = 5;
const READERS = 1_000;
const EVENTS = 100;
/** Books per second while the readers watch. */
const RATE = 50;

async function viewLatency(rig: Rig): Promise<BenchRow> {
  const api = await rig.quire('api');
  const links = Array.from({ length: ITEMS }, (_, n) => `https://www.goodreads.com/book/show/${4_000_000_000 + n}`);
  const answer = await fetch(`${api.address}/parse-links`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(links),
  });
  const { batchId } = (await answer.json()) as { batchId: string };
  const url = `${api.address}/batches/${batchId}`;
  await measureLoad(url, { connections: 1, seconds: 1 });
  const { p99Ms } = await measureLoad(url, { connections: 1, seconds: rig.quick ? 1 : 5 });
  await api.stop();
  await rig.redis.flushall();
  const name = `GET /batches/{id} of ${ITEMS} waiting links, p99 of one reader`;
  return { name, store: 'redis', ours: p99Ms, limit: P99_MS, ratio: p99Ms / P99_MS, unit: 'ms', target: '≤ 1' };
}

const residentBytes = async (pid: number): Promise<number> =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** Opens a stream; `onEvent` gets the milliseconds from the settling of an item to the arrival of its event. */
async function openStream(url: string, onEvent: (delayMs: number) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (stream) => {
      stream.setEncoding('utf8');
      let rest = '';
      stream.on('data', (chunk: string) => {
        const nowMs = Date.now();
        const events = (rest + chunk).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) {
          const at = /"at":"([^"]+)"/.exec(event)?.[1];
          if (at !== undefined) onEvent(nowMs - Date.parse(at));
        }
      });
      resolve(stream);
    }).once('error', reject);
  });
}

async function eventReaders(rig: Rig): Promise<BenchRow[]> {
  const api = await rig.quire('api');
  const [batchId = ''] = await submitBooks(api.address, EVENTS, FIRST_ID);
  const url = `${api.address}/batches/${batchId}/events`;
  const delaysMs: number[] = [];
  const before = await residentBytes(api.pid);
  const streams = await Promise.all(Array.from({ length: READERS }, () => openStream(url, (delayMs) => delaysMs.push(delayMs))));
  const perReader = ((await residentBytes(api.pid)) - before) / READERS;
  const worker = await rig.quire('worker', { CRAWL_RATE: String(RATE) });
  await waitUntil('all events at all readers', () => delaysMs.length === READERS * EVENTS, { timeoutMs: 60_000 });
  await worker.stop();
  for (const stream of streams) stream.destroy();
  await api.stop();
  await rig.redis.flushall();
  delaysMs.sort((a, b) => a - b);
  const at = (part: number): number => delaysMs[Math.floor(delaysMs.length * part)] ?? Number.NaN;
  const who = `${READERS} readers of a batch's events`;
  return [
    plain(`${who}: memory of each`, perReader / 1024, 'KiB'),
    plain(`${who}: p50 from settling to arrival, at ${RATE} a second`, at(0.5), 'ms'),
    plain(`${who}: p99 from settling to arrival, at ${RATE} a second`, at(0.99), 'ms'),
  ];
}

export async function benchBatches(rig: Rig): Promise<BenchRow[]> {
  return [await viewLatency(rig), ...(await eventReaders(rig))];
}
