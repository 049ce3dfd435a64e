/** Lists of batches: the latest on the first view, all of them on their own. */
import { ask } from '../api.ts';
import { ago, count, plural } from '../format.ts';
import { html, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, skeleton } from '../parts/basics.ts';
import { progressBar } from '../parts/progress.ts';
import { addressOf } from '../routing.ts';
import { text } from '../text.ts';
import { settledOf, type Batch } from '../types.ts';
import { usePolling } from '../values.ts';

const RECENT = 6;
const PAGE = 50;

const batchRow = (batch: Batch): VNode => {
  const { batchId, total, state, open, createdAt, counts } = batch;
  const failed = counts['failed'] ?? 0;
  return html`<li key=${batchId}>
    <div class="row batch">
      <a class="mono" href=${addressOf(['batches', batchId])}>${batchId}</a>
      <span class="when">${ago(createdAt)}</span>
      <span class="grow">${progressBar(batch)}</span>
      <span class="num">${text.watch.progress(settledOf(batch), total)}</span>
      <span class="note">${text.watch.running[open ? 'open' : state]}${failed > 0 ? `, ${count(failed)} failed` : ''}</span>
    </div>
  </li>`;
};

interface BatchPage {
  batches: Batch[];
  cursor: string | null;
}

export function RecentBatches(): VNode | null {
  const [page, setPage] = useState<BatchPage | null>(null);
  usePolling(async () => setPage(await ask<BatchPage>(`/batches?limit=${RECENT}`).catch(() => page)), 3000);
  if (page === null)
    return html`<section>
      <h2>${text.submit.recent}</h2>
      ${skeleton(3)}
    </section>`;
  return html`<section>
    <h2>${text.submit.recent}</h2>
    ${
      page.batches.length === 0
        ? emptyBox(text.submit.none)
        : html`<ol class="rows" role="list">
            ${page.batches.map(batchRow)}
          </ol>`
    }
    ${page.cursor !== null && html`<p><a href=${addressOf(['batches'])}>${text.submit.all}</a></p>`}
  </section>`;
}

const FILTERS = ['', 'open', 'ended'];

/** All batches, newest first. */
export function BatchesView({ state }: { state: string | null }): VNode {
  const [batches, setBatches] = useState<Batch[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const filter = state === null ? '' : `&state=${state}`;
  const load = async (): Promise<void> => {
    try {
      // What was loaded so far is read again as one page, as far as one goes.
      const limit = Math.min(200, Math.max(PAGE, batches?.length ?? 0));
      const page = await ask<BatchPage>(`/batches?limit=${limit}${filter}`);
      setError(null);
      if ((batches?.length ?? 0) > limit) return;
      setBatches(page.batches);
      setCursor(page.cursor);
    } catch (thrown) {
      setError(thrown);
    }
  };
  usePolling(load, 5000, [state, batches?.length]);
  const more = async (): Promise<void> => {
    const page = await ask<BatchPage>(`/batches?limit=${PAGE}&cursor=${cursor}${filter}`);
    setBatches([...(batches ?? []), ...page.batches]);
    setCursor(page.cursor);
  };
  return html`<h1>${text.nav.batches}</h1>
    <p class="chips">
      ${FILTERS.map(
        (name) =>
          html`<a class="chip" href=${addressOf(['batches'], { state: name })} aria-current=${(state ?? '') === name ? 'true' : null}
            >${text.batches.filters[name]}</a
          >`,
      )}
    </p>
    ${error !== null && batches === null && errorBox(error, () => void load())} ${batches === null && error === null && skeleton(5)}
    ${
      batches !== null &&
      (batches.length === 0
        ? emptyBox(text.submit.none)
        : html`<ol class="rows" role="list" aria-label=${plural(batches.length, 'batch', 'batches')}>
            ${batches.map(batchRow)}
          </ol>`)
    }
    ${cursor !== null && html`<p><button type="button" onClick=${more}>${text.more}</button></p>`}`;
}
