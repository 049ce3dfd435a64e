/** Who is called when something happens, and what came of the latest calls. */
import { ask } from '../api.ts';
import { ago } from '../format.ts';
import { html, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, Question, skeleton } from '../parts/basics.ts';
import { icon } from '../parts/icons.ts';
import { text } from '../text.ts';
import type { Delivery, Webhook } from '../types.ts';
import { usePolling } from '../values.ts';

const words = text.webhooks;

export function WebhooksView(): VNode {
  const [webhooks, setWebhooks] = useState<Webhook[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const load = async (): Promise<void> => {
    try {
      setWebhooks((await ask<{ webhooks: Webhook[] }>('/webhooks')).webhooks);
      setError(null);
    } catch (thrown) {
      setError(thrown);
    }
  };
  usePolling(load, 8000);
  const create = async (event: Event): Promise<void> => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const url = new FormData(form).get('url');
    try {
      const made = await ask<{ secret: string }>('/webhooks', { method: 'POST', body: { url, events: ['batch.*'] }, did: words.add });
      setSecret(made.secret);
      form.reset();
      await load();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return html`<h1>${words.title}</h1>
    <p class="lead">${words.lead}</p>
    <form class="searchbar" onSubmit=${create}>
      <input type="url" name="url" required aria-label=${words.url} placeholder="https://receiver.example.com/quire" />
      <button>${words.add}</button>
    </form>
    ${
      secret !== null &&
      html`<div class="box" role="status">
        <p>${words.secret}</p>
        <p class="mono">${secret}</p>
      </div>`
    }
    ${error !== null && errorBox(error)}
    ${
      webhooks === null
        ? error === null && skeleton(3)
        : webhooks.length === 0
          ? emptyBox(words.none)
          : html`<ol class="rows" role="list">
              ${webhooks.map((webhook) => html`<${WebhookRow} key=${webhook.id} webhook=${webhook} onChanged=${load} />`)}
            </ol>`
    }`;
}

function WebhookRow({ webhook, onChanged }: { webhook: Webhook; onChanged: () => Promise<void> }): VNode {
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { id, url, events, state, disabledReason, createdAt } = webhook;
  const act = async (path: string, method: 'POST' | 'DELETE', did: string): Promise<void> => {
    setAsking(false);
    try {
      await ask(`/webhooks/${id}${path}`, { method, did });
      await onChanged();
    } catch (thrown) {
      setError(thrown);
    }
  };
  return html`<li>
    <div class="row">
      <span class=${`mark ${state === 'enabled' ? 'good' : 'warn'}`}
        >${icon(state === 'enabled' ? 'parsed' : 'paused')}<span>${words.states[state] ?? state}</span></span
      >
      <span class="lines"><span class="input">${url}</span><span class="by">${disabledReason ?? events.join(', ')}</span></span>
      <span class="when">${ago(createdAt)}</span>
      ${state !== 'enabled' && html`<button type="button" class="link" onClick=${() => act('/enable', 'POST', words.enable)}>${words.enable}</button>`}
      <button type="button" class="link" aria-label=${`${words.remove} ${url}`} onClick=${() => setAsking(true)}>${words.remove}</button>
    </div>
    ${error !== null && errorBox(error)}
    <${Deliveries} id=${id} />
    ${
      asking &&
      html`<${Question}
        title=${words.removeTitle}
        yes=${words.remove}
        no=${words.keep}
        onYes=${() => act('', 'DELETE', words.remove)}
        onNo=${() => setAsking(false)}
      >
        <p>${words.removeText(url)}</p>
      </${Question}>`
    }
  </li>`;
}

function Deliveries({ id }: { id: string }): VNode {
  const [deliveries, setDeliveries] = useState<Delivery[] | null>(null);
  const onToggle = async (event: Event): Promise<void> => {
    if (!(event.target as HTMLDetailsElement).open) return;
    setDeliveries((await ask<{ deliveries: Delivery[] }>(`/webhooks/${id}/deliveries?limit=20`)).deliveries);
  };
  const line = ({ type, state, createdAt, attempts, note }: Delivery): VNode => {
    const last = attempts.at(-1);
    const came = note ?? last?.error ?? (last?.status ? `HTTP ${last.status}` : '');
    return html`<tr>
      <td>${type}</td>
      <td>${words.deliveries[state] ?? state}</td>
      <td>${ago(createdAt)}</td>
      <td>${came}</td>
    </tr>`;
  };
  return html`<details class="under" onToggle=${onToggle}>
    <summary>${words.calls}</summary>
    ${
      deliveries !== null &&
      (deliveries.length === 0
        ? html`<p class="note">${words.noCalls}</p>`
        : html`<table>
            <tbody>
              ${deliveries.map(line)}
            </tbody>
          </table>`)
    }
  </details>`;
}
