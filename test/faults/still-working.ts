/** After the last fault: does every process still do its work, or would one of them have to be started again? */
import type { BatchView, SubmitAnswer } from '../../src/app/batches/batch-view.ts';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { Fleet } from './fleet.ts';

const READY_MS = 15_000;
/** For three books through one worker that has nothing else to do. Longer than a lock holds: a worker that was stopped may have had one of them. */
const WORK_MS = 60_000;
const BOOKS = 3;
/** Books that no other batch of a run asks for. */
let book = 1_800_000_000;

async function ready({ address }: QuireProcess): Promise<boolean> {
  const answer = await fetch(`${address}/readyz`, { signal: AbortSignal.timeout(5_000) });
  return answer.ok;
}

/** Submits a few books to `api` and waits until they are parsed. */
async function work({ address }: QuireProcess): Promise<void> {
  const answer = await fetch(`${address}/parse-links`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(Array.from({ length: BOOKS }, () => `https://www.goodreads.com/book/show/${book++}`)),
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) throw new Error(`a submission was answered with ${answer.status}`);
  const { batchId } = (await answer.json()) as SubmitAnswer;
  await waitUntil(
    'a batch to be parsed',
    async () => {
      const view = (await (await fetch(`${address}/batches/${batchId}`, { signal: AbortSignal.timeout(5_000) })).json()) as BatchView;
      return view.counts.parsed === BOOKS;
    },
    { timeoutMs: WORK_MS, everyMs: 50 },
  );
}

const orWhy = (what: string, promise: Promise<unknown>): Promise<string[]> =>
  promise.then(
    () => [],
    (error: Error) => [`${what}: ${error.message}${error.cause instanceof Error ? ` (${error.cause.message})` : ''}`],
  );

function tell(processes: readonly QuireProcess[], signal: NodeJS.Signals): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself, which the fleet tells with its last words.
    }
  }
}

/**
 * What is wrong, one sentence each; nothing in a fleet that is well. Every api has to be ready and to take a batch, and every worker has to parse
 * one all alone: the other workers are held still meanwhile. The fleet must be idle, so that those hold no jobs.
 */
export async function stillWorking(fleet: Fleet): Promise<string[]> {
  const wrongs: string[] = [];
  for (const [n, api] of fleet.apis().entries()) {
    wrongs.push(
      ...(await orWhy(
        `api ${n + 1} is not ready`,
        waitUntil('it to be ready', () => ready(api), { timeoutMs: READY_MS }),
      )),
    );
    wrongs.push(...(await orWhy(`api ${n + 1} does not work`, work(api))));
  }
  const [api] = fleet.apis();
  const workers = fleet.workers();
  if (api === undefined || workers.length < 2) return wrongs;
  for (const [n, worker] of workers.entries()) {
    const others = workers.filter((other) => other !== worker);
    tell(others, 'SIGSTOP');
    try {
      wrongs.push(...(await orWhy(`worker ${n + 1} does not work`, work(api))));
    } finally {
      tell(others, 'SIGCONT');
    }
  }
  return wrongs;
}
