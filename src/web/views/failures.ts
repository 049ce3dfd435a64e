/** Failed jobs, by reason, and the retry of many: the question says how many it would touch. */
import { addressIn, ask } from '../api.ts';
import { ago, plural, shortUrl } from '../format.ts';
import { html, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, Question, skeleton } from '../parts/basics.ts';
import { icon } from '../parts/icons.ts';
import { addressOf } from '../routing.ts';
import { text } from '../text.ts';
import type { FailedJob } from '../types.ts';
import { usePolling } from '../values.ts';

const words = text.failures;
const PAGE = 50;
const MOST_COUNTED = 200;

interface JobPage {
  jobs: FailedJob[];
  cursor: string | null;
}

export function FailuresView({ reason }: { reason: string | null }): VNode {
  const [page, setPage] = useState<JobPage | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asking, setAsking] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const filter = reason === null ? '' : `&reason=${reason}`;
  const load = async (): Promise<void> => {
    try {
      const limit = Math.min(MOST_COUNTED, Math.max(PAGE, page?.jobs.length ?? 0));
      setPage(await ask<JobPage>(`/jobs?limit=${limit}${filter}`));
      setError(null);
    } catch (thrown) {
      setError(thrown);
    }
  };
  usePolling(load, 8000, [reason]);
  const more = async (): Promise<void> => {
    const next = await ask<JobPage>(`/jobs?limit=${PAGE}${filter}&cursor=${page?.cursor ?? ''}`);
    setPage({ jobs: [...(page?.jobs ?? []), ...next.jobs], cursor: next.cursor });
  };
  /** Counted afresh, so that the question is true. */
  const consider = async (): Promise<void> => {
    const counted = await ask<JobPage>(`/jobs?limit=${MOST_COUNTED}${filter}`);
    const n = counted.jobs.length;
    setAsking(counted.cursor === null ? plural(n, 'failed job') : words.moreThan(n));
  };
  const redrive = async (): Promise<void> => {
    setAsking(null);
    try {
      const { queued } = await ask<{ queued: number }>('/failures/redrive', {
        method: 'POST',
        body: reason === null ? {} : { reason },
        did: words.retryAll,
      });
      setSaid(words.queued(queued));
      await load();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return html`<div class="head">
      <h1>${words.title}</h1>
      <div class="actions">
        <span class="note" role="status">${said}</span
        ><button type="button" disabled=${(page?.jobs.length ?? 0) === 0} onClick=${consider}>${words.retryAll}</button>
      </div>
    </div>
    <p class="chips">
      ${Object.entries(words.reasons).map(
        ([code, label]) =>
          html`<a class="chip" href=${addressOf(['failures'], { reason: code })} aria-current=${(reason ?? '') === code ? 'true' : null}
            >${label}</a
          >`,
      )}
    </p>
    ${error !== null && errorBox(error, () => void load())}
    ${
      page === null
        ? error === null && skeleton(5)
        : page.jobs.length === 0
          ? emptyBox(words.none)
          : html`<ol class="rows" role="list" aria-label=${words.title}>
              ${page.jobs.map((job) => html`<${FailureRow} key=${job.jobId} job=${job} />`)}
            </ol>`
    }
    ${page !== null && page.cursor !== null && html`<p><button type="button" onClick=${more}>${text.more}</button></p>`}
    ${
      asking !== null &&
      html`<${Question} title=${words.question} yes=${words.retryYes} no=${text.watch.keep} onYes=${redrive} onNo=${() => setAsking(null)}>
        <p>${words.touches(asking)}</p>
      </${Question}>`
    }`;
}

function FailureRow({ job }: { job: FailedJob }): VNode {
  const [said, setSaid] = useState<string | null>(null);
  const { jobId, url, lastError, attempts, settledAt } = job;
  const retry = async (): Promise<void> => {
    try {
      await ask(`/jobs/${jobId}/retry`, { method: 'POST', did: text.watch.retry });
      setSaid(text.watch.retried);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : '');
    }
  };
  return html`<li>
    <div class="row failure">
      <span class="mark bad">${icon('failed')}</span>
      <span class="lines"
        ><a href=${url} target="_blank" rel="noreferrer">${shortUrl(url)}</a><span class="wrap">${lastError?.detail ?? ''}</span></span
      >
      <span class="when">${words.attempts(attempts)}${settledAt === null ? '' : `, ${ago(settledAt)}`}</span>
      <span class="side">
        ${said === null ? html`<button type="button" class="link" onClick=${retry}>${text.watch.retry}</button>` : html`<span class="note" role="status">${said}</span>`}
        ${lastError?.code === 'page-not-recognised' && html`<a href=${addressIn(`/jobs/${jobId}/page`)} download>${text.watch.page}</a>`}
      </span>
    </div>
  </li>`;
}
