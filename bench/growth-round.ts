/** One look at a filled store: submitting, reading, listing and crawling. It leaves the store as full as it was. */
import { Agent, request } from 'undici';
import type { BatchView } from '../src/app/batches/batch-view.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import { measureLoad } from './load.ts';
import { linksFrom, submitBooks, type Rig } from './rig.ts';
import type { Place, StoreKind } from './stores.ts';
import { postLinks } from './submit.ts';

const LINKS = 1_000;
const CONNECTIONS = 64;
const DEADLINE_MS = 300_000;
/** Shares no divisor with the numbers of books, so that all of them are read, and none beside its neighbour. */
const STEP = 7_919;

/** Figures of one round. */
export interface FillFigures {
  linksPerSecond: number;
  /** Of each request. */
  submitMs: number[];
  readsPerSecond: number;
  readP99Ms: number;
  crawledPerSecond: number;
  listMs: number;
  deepListMs: number;
  statsMs: number;
  metricsMs: number;
}

export interface FilledPlace {
  rig: Rig;
  place: Place;
  /** Numbers of its books. */
  stored: { first: number; count: number };
}

let nextLink = 3_000_000_000;
/** The stand-in makes these books up. */
let nextBook = 1_100_000_000;

/** Deletes, some at once; throws where one is refused. */
async function deleteAll(urls: string[], dispatcher: Agent): Promise<void> {
  const left = urls.values();
  const one = async (): Promise<void> => {
    for (const url of left) {
      const { statusCode, body } = await request(url, { method: 'DELETE', dispatcher });
      await body.dump();
      if (statusCode >= 300) throw new Error(`DELETE ${url} was answered with ${statusCode}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

/** Posts new links and cancels them afterwards, without a worker near. */
async function submit(address: string, requests: number, kind: StoreKind): Promise<Pick<FillFigures, 'linksPerSecond' | 'submitMs'>> {
  const firsts = Array.from({ length: requests }, () => (nextLink += LINKS));
  const bodies = firsts.map((first) => JSON.stringify(linksFrom(first, LINKS)));
  const submitMs: number[] = [];
  const batchIds: string[] = [];
  const dispatcher = new Agent({ headersTimeout: 60_000 });
  const linksPerSecond = await postLinks(address, bodies, dispatcher, (text, ms) => {
    submitMs.push(ms);
    batchIds.push(/"batchId":"(\w+)"/.exec(text)?.[1] ?? '');
  });
  // PostgreSQL takes longer to remove the 1,000 jobs of a batch from the queue than a request may: there, one job a request.
  if (kind === 'redis') for (const batchId of batchIds) await deleteAll([`${address}/batches/${batchId}`], dispatcher);
  else
    await deleteAll(
      firsts.flatMap((first) => linksFrom(first, LINKS).map((link) => `${address}/jobs/book-${link.split('/').at(-1)}`)),
      dispatcher,
    );
  await dispatcher.close();
  return { linksPerSecond, submitMs };
}

async function endOf(address: string, batchId: string): Promise<number> {
  return waitUntil(
    'the end of a batch',
    async () => {
      const { finishedAt } = (await (await fetch(`${address}/batches/${batchId}`)).json()) as BatchView;
      return finishedAt !== null && Date.parse(finishedAt);
    },
    { timeoutMs: DEADLINE_MS, everyMs: 100 },
  );
}

/** Books per second from the end of the first batch, until which the worker is warm, to that of the last. Waiting jobs of priority `bulk` stay behind. */
async function crawl(place: Place, books: number): Promise<number> {
  const first = nextBook;
  nextBook += books;
  const batchIds = await place.withApi((address) => submitBooks(address, books, first));
  const dispatcher = new Agent();
  const perSecond = await place.withWorker(async (address) => {
    const ends: number[] = [];
    for (const batchId of batchIds) ends.push(await endOf(address, batchId));
    return (books - LINKS) / ((Math.max(...ends) - (ends[0] ?? 0)) / 1000);
  });
  await place.withApi((address) =>
    deleteAll(
      linksFrom(first, books).map((link) => `${address}/books/${link.split('/').at(-1)}`),
      dispatcher,
    ),
  );
  await dispatcher.close();
  return perSecond;
}

export async function measureFill({ rig, place, stored }: FilledPlace): Promise<FillFigures> {
  const { kind } = place;
  const alone = async (url: string): Promise<number> => (await measureLoad(url, { connections: 1, seconds: 1 })).p50Ms;
  const onApi = await place.withApi(async (address) => {
    const read = (seconds: number) =>
      measureLoad(`${address}/book-info?id={id}`, { connections: CONNECTIONS, seconds, ids: { ...stored, step: STEP } });
    // A process that has just started is not what is looked at.
    await submit(address, 2, kind);
    await read(1);
    const submitted = await submit(address, rig.quick ? 5 : kind === 'redis' ? 40 : 10, kind);
    const reads = await read(rig.quick ? 1 : 3);
    return {
      ...submitted,
      readsPerSecond: reads.perSecond,
      readP99Ms: reads.p99Ms,
      listMs: await alone(`${address}/books?limit=20`),
      deepListMs: await alone(`${address}/books?limit=20&cursor=${stored.first + Math.floor(stored.count * 0.9)}`),
      statsMs: await alone(`${address}/stats`),
      metricsMs: await alone(`${address}/metrics`),
    };
  });
  return { ...onApi, crawledPerSecond: await crawl(place, rig.quick ? 2_000 : 4_000) };
}
