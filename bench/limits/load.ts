/**
 * A load generator for machines without wrk: kept connections, one request at a time on each. Arguments: URL (`{id}` stands for a number that counts
 * up), connections, seconds, first number, how many numbers, step from one to the next. Prints a {@link Load} and how many answers were not 2xx.
 */
import { connect } from 'node:net';
import type { Load } from '../load.ts';

const [address = '', connections = '', seconds = '', first = '', count = '', step = '1'] = process.argv.slice(2);
const url = new URL(address.replace('{id}', 'NUMBER'));
const [before = '', after] = (url.pathname + url.search).split('NUMBER');
const headers = ` HTTP/1.1\r\nhost: ${url.host}\r\n\r\n`;
let at = -Number(step);
const next = (): string =>
  `GET ${after === undefined ? before : before + String(Number(first) + ((at += Number(step)) % Number(count))) + after}${headers}`;

const latenciesMs: number[] = [];
let bad = 0;
const startedMs = performance.now();
const endMs = startedMs + Number(seconds) * 1000;

/** Sends requests on one connection until the time is up. */
async function run(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname);
    socket.setNoDelay(true);
    let sentMs = 0;
    /** Bytes of the answer that are still to come; `null` before its head is complete. */
    let missing: number | null = null;
    let head = '';
    const send = (): void => {
      sentMs = performance.now();
      socket.write(next());
    };
    socket.once('connect', send);
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      if (missing === null) {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 2')) bad += 1;
        missing = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0) - (head.length - end - 4);
      } else missing -= chunk.length;
      if (missing > 0) return;
      missing = null;
      head = '';
      const nowMs = performance.now();
      latenciesMs.push(nowMs - sentMs);
      if (nowMs < endMs) return send();
      socket.end();
      resolve();
    });
  });
}

await Promise.all(Array.from({ length: Number(connections) }, run));
const elapsedSeconds = (performance.now() - startedMs) / 1000;
latenciesMs.sort((a, b) => a - b);
const quantile = (part: number): number => latenciesMs[Math.floor(latenciesMs.length * part)] ?? Number.NaN;
const load: Load = { perSecond: latenciesMs.length / elapsedSeconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
process.stdout.write(`${JSON.stringify({ ...load, bad })}\n`);
