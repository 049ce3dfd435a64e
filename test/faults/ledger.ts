/** What callers were promised during a run of faults, and whether it was kept: every accepted link settled, and settled once. */
import type { BatchView, ItemView, SubmitAnswer } from '../../src/app/batches/batch-view.ts';
import type { QuireProcess } from '../../scripts/quire-process.ts';
import { DEFAULT_SIZES, firstBook } from '../../scripts/goodreads-listings.ts';
import { waitUntil } from '../support/wait-until.ts';

/** A caller gives up after this long; an answer is promised within 2 s. */
const PATIENCE_MS = 10_000;
const LINKS = 60;
/** Books that the links are drawn from: few enough that batches share many. */
const BOOKS = 4_000;
const FIRST_BOOK = 1_000_000_000;
/** One batch in so many has a collection too: the editions of a work, on several pages. Few works, so that batches share their books. */
const BATCHES_A_COLLECTION = 6;
const WORKS = 30;
const EDITIONS = DEFAULT_SIZES.editions;

export interface Audit {
  links: number;
  /** Items that never settled. */
  lost: number;
  /** Items that settled more than once, by the batch's counts or its log of events. */
  doubled: number;
  /** Items that settled as failed: a job that loses its worker several times ends as `poison`, as it should. */
  failed: number;
  remarks: string[];
}

export interface Ledger {
  /** Submits one batch; whether it was accepted. A request that failed promises nothing. */
  submit(api: QuireProcess): Promise<boolean>;
  /** Batches accepted so far. */
  accepted(): number;
  /** Milliseconds of the slowest answer to a submission, whatever it said. */
  slowestMs(): number;
  /** Waits until everything accepted has ended, then looks at every item. */
  audit(api: () => QuireProcess | undefined, timeoutMs: number): Promise<Audit>;
}

async function read<T>(url: string): Promise<T> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return (await answer.json()) as T;
}

interface Brought {
  /** Items that the collection brought. */
  added: number;
  /** Books of the collection that the batch does not have. */
  lost: number;
  /** Books that the batch has twice. */
  doubled: number;
  remark: string | null;
}

const NOTHING: Brought = { added: 0, lost: 0, doubled: 0, remark: null };

/** What became of the editions of a work in a batch that has ended. Each is one item, whoever brought it. */
function lookAtEditions(work: string, items: ItemView[]): Brought {
  const collection = items.find(({ kind }) => kind === 'collection');
  const jobs = items.flatMap(({ jobId }) => jobId ?? []);
  const wanted = Array.from({ length: EDITIONS }, (_, n) => `book-${firstBook('editions', work) + n}`);
  const lost = wanted.filter((jobId) => !jobs.includes(jobId)).length;
  const doubled = jobs.length - new Set(jobs).size;
  const { state = 'absent', reason = null } = collection ?? {};
  const isWhole = state === 'expanded' && lost === 0 && doubled === 0 && collection?.collection?.taken === EDITIONS;
  const remark = isWhole ? null : `the editions of ${work} are ${state} (${reason}), ${lost} lost, ${doubled} doubled`;
  return { added: items.filter(({ via }) => via !== null).length, lost, doubled, remark };
}

export function createLedger(random: () => number): Ledger {
  const accepted: { batchId: string; total: number; work: string | null }[] = [];
  let slowestMs = 0;

  const allItems = async (address: string, batchId: string): Promise<ItemView[]> => {
    const items: ItemView[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { items: ItemView[]; cursor: string | null } = await read(
        `${address}/batches/${batchId}/items?limit=200${cursor && `&cursor=${cursor}`}`,
      );
      items.push(...page.items);
      cursor = page.cursor;
    }
    return items;
  };

  /** Indexes of the items that settled after the submission, from the batch's own log of events. */
  const settledIndexes = async (address: string, batchId: string): Promise<number[]> => {
    const answer = await fetch(`${address}/batches/${batchId}/events`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const events = (await answer.text()).split('\n\n').filter((event) => event.includes('event: item'));
    return events.map((event) => (JSON.parse(/^data: (.*)$/m.exec(event)?.[1] ?? '{}') as { index: number }).index);
  };

  return {
    accepted: () => accepted.length,
    slowestMs: () => slowestMs,
    async submit(api) {
      const links = Array.from({ length: LINKS }, () => `https://www.goodreads.com/book/show/${FIRST_BOOK + Math.floor(random() * BOOKS)}`);
      const work = random() < 1 / BATCHES_A_COLLECTION ? String(1 + Math.floor(random() * WORKS)) : null;
      if (work !== null) links.push(`https://www.goodreads.com/work/editions/${work}`);
      const startedMs = performance.now();
      try {
        const answer = await fetch(`${api.address}/parse-links?maxAge=${random() < 0.5 ? 0 : 3600}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(links),
          signal: AbortSignal.timeout(PATIENCE_MS),
        });
        const body = (await answer.json()) as SubmitAnswer;
        if (!answer.ok) return false;
        accepted.push({ batchId: body.batchId, total: body.counts.total, work });
        return true;
      } catch {
        return false;
      } finally {
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      }
    },
    async audit(api, timeoutMs) {
      const remarks: string[] = [];
      const deadlineMs = Date.now() + timeoutMs;
      let [links, lost, doubled, failed] = [0, 0, 0, 0];
      const address = (): string => api()?.address ?? '';
      for (const { batchId, total: posted, work } of accepted) {
        let total = posted;
        links += posted;
        try {
          const view = await waitUntil(
            `batch ${batchId} to end`,
            async () => {
              const batch = await read<BatchView>(`${address()}/batches/${batchId}`);
              return batch.state !== 'running' && batch;
            },
            { timeoutMs: Math.max(1_000, deadlineMs - Date.now()), everyMs: 50 },
          );
          const items = await allItems(address(), batchId);
          const brought = work === null ? NOTHING : lookAtEditions(work, items);
          total += brought.added;
          links += brought.added;
          lost += brought.lost;
          doubled += brought.doubled;
          if (brought.remark !== null) remarks.push(`batch ${batchId}: ${brought.remark}`);
          const { queued, active, delayed, blocked, cached, invalid, failed: ended } = view.counts;
          const open =
            items.filter((item) => ['queued', 'active', 'delayed', 'blocked', 'expanding'].includes(item.state)).length +
            (total - items.length);
          const logged = await settledIndexes(address(), batchId);
          const distinct = new Set(logged).size;
          // Cached and invalid items are settled from the start and have no event.
          const expected = view.total - queued - active - delayed - blocked - cached - invalid;
          const twice = logged.length - distinct + Math.abs(expected - distinct);
          if (open > 0 || view.total !== total)
            remarks.push(`batch ${batchId}: ${open} of ${total} items are not settled: ${JSON.stringify(view.counts)}`);
          if (twice > 0) remarks.push(`batch ${batchId}: ${expected} items settled, but ${logged.length} events of ${distinct} items`);
          lost += open;
          doubled += twice;
          failed += ended;
        } catch (error) {
          const last = (error as Error).cause instanceof Error ? ` (${((error as Error).cause as Error).message})` : '';
          remarks.push(`batch ${batchId}: ${(error as Error).message}${last}`);
          lost += posted;
        }
      }
      return { links, lost, doubled, failed, remarks };
    },
  };
}
