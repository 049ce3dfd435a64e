/** A batch while it runs, and after. */
import { ask, Problem } from '../api.ts';
import { dateTime, count } from '../format.ts';
import { html, useEffect, useRef, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, Question, skeleton } from '../parts/basics.ts';
import { exportMenu } from '../parts/export-menu.ts';
import { icon } from '../parts/icons.ts';
import { progressBar } from '../parts/progress.ts';
import { VirtualList } from '../parts/virtual-list.ts';
import { addressOf } from '../routing.ts';
import { STATES } from '../names.ts';
import { text } from '../text.ts';
import { settledOf, type Batch } from '../types.ts';
import { useBatch, type BatchModel } from './batch-model.ts';
import { FilteredItems } from './filtered-items.ts';
import { itemRow, useRowHeight } from './item-row.ts';

const words = text.watch;

export function WatchView({ batchId, state }: { batchId: string; state: string | null }): VNode {
  const model = useBatch(batchId);
  const rowHeight = useRowHeight();
  const { batch, error } = model;
  if (batch === null) {
    if (error instanceof Problem && error.status === 404)
      return html`<h1>${words.title}</h1>
        ${emptyBox(words.gone)}`;
    return html`<h1>${words.title}</h1>
      ${error === null ? skeleton(6) : errorBox(error)}`;
  }
  return html`<${Head} model=${model} batch=${batch} />
    <${Filters} batch=${batch} state=${state} />
    ${
      state === null
        ? html`<${VirtualList}
            total=${batch.total}
            label=${words.list}
            rowHeight=${rowHeight}
            onSeen=${model.see}
            row=${(index: number) => itemRow(model.item(index), model.refresh)}
          />`
        : html`<${FilteredItems}
            key=${state}
            batchId=${batchId}
            state=${state}
            counted=${batch.counts[state] ?? 0}
            onChanged=${model.refresh}
          />`
    }`;
}

function Head({ model, batch }: { model: BatchModel; batch: Batch }): VNode {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const { batchId, total, createdAt, finishedAt, etaSeconds, open, found } = batch;
  const done = settledOf(batch);
  const running = batch.state === 'running';
  const cancel = async (): Promise<void> => {
    setBusy(true);
    try {
      await ask(`/batches/${batchId}`, { method: 'DELETE', did: words.cancelYes });
      setFailed(null);
      model.refresh();
    } catch (error) {
      setFailed(error);
    } finally {
      setBusy(false);
      setAsking(false);
    }
  };
  return html`<div class="head">
    <div>
      <h1>${words.title} <span class="mono">${batchId}</span></h1>
      <p class="facts">
        <span>${words.started} ${dateTime(createdAt)}</span>
        ${finishedAt !== null && html`<span>${words.ended} ${dateTime(finishedAt)}</span>`}
        ${model.live === false && html`<span class="warn">${words.live.lost}</span>`}
      </p>
    </div>
    <div class="actions">
      ${exportMenu(`/batches/${batchId}/export`)}
      ${running && html`<button type="button" onClick=${() => setAsking(true)}>${words.cancel}</button>`}
    </div>
    <div class="wide">
      ${progressBar(batch)}
      <p class="facts">
        <strong>${words.progress(done, total)}</strong>
        <span>${words.running[running && open ? 'open' : batch.state]}</span>
        ${running && model.perMinute !== null && html`<span>${words.rate(model.perMinute)}</span>`}
        ${running && etaSeconds !== null && etaSeconds > 0 && html`<span>${words.left(etaSeconds)}</span>`}
        ${found.length > 0 && html`<span>${words.found(found.length)}</span>`}
      </p>
      ${failed !== null && errorBox(failed)}
    </div>
    <${Announcer} done=${done} total=${total} running=${running} />
    ${
      asking &&
      html`<${Question}
        title=${words.cancelTitle}
        yes=${words.cancelYes}
        no=${words.keep}
        busy=${busy}
        onYes=${cancel}
        onNo=${() => setAsking(false)}
      >
        <p>${words.cancelText(total - done)}</p>
      </${Question}>`
    }
  </div>`;
}

/** Between two sentences of the live region, in milliseconds: a screen reader is not to speak without end. */
const SAY_MS = 10_000;

function Announcer({ done, total, running }: { done: number; total: number; running: boolean }): VNode {
  const [said, setSaid] = useState('');
  const last = useRef(0);
  const wasRunning = useRef(running);
  useEffect(() => {
    if (!running) {
      if (wasRunning.current) setSaid(words.saidEnd(done));
      wasRunning.current = false;
    } else if (Date.now() - last.current > SAY_MS) {
      last.current = Date.now();
      setSaid(words.said(done, total));
    }
  }, [done, total, running]);
  return html`<p class="unseen" role="status" aria-live="polite">${said}</p>`;
}

function Filters({ batch, state }: { batch: Batch; state: string | null }): VNode {
  const counted = Object.keys(STATES).filter((name) => (batch.counts[name] ?? 0) > 0 || name === state);
  const chip = (name: string | null, label: string, n: number): VNode =>
    html`<a class="chip" href=${addressOf(['batches', batch.batchId], { state: name ?? '' })} aria-current=${state === name ? 'true' : null}
      >${name !== null && icon(name)}${label} <b>${count(n)}</b></a
    >`;
  return html`<p class="chips">
    ${chip(null, words.all, batch.total)}${counted.map((name) => chip(name, STATES[name] ?? name, batch.counts[name] ?? 0))}
  </p>`;
}
