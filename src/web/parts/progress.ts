/** A bar with a part for each kind of end. The words beside it say the same. */
import { html, type VNode } from '../preact.ts';
import { settledOf, type Batch } from '../types.ts';
import { text } from '../text.ts';

const PARTS: [string, string[]][] = [
  ['good', ['parsed', 'cached', 'expanded']],
  ['bad', ['failed']],
  ['plain', ['not-found', 'cancelled', 'invalid', 'disallowed', 'skipped', 'expired']],
  ['busy', ['active', 'expanding']],
];

export function progressBar(batch: Pick<Batch, 'counts' | 'total'>): VNode {
  const { counts, total } = batch;
  const done = settledOf(batch);
  const share = (states: string[]): number => (states.reduce((sum, state) => sum + (counts[state] ?? 0), 0) / Math.max(1, total)) * 100;
  return html`<span
    class="progress"
    role="progressbar"
    aria-label=${text.watch.progress(done, total)}
    aria-valuemin="0"
    aria-valuemax=${total}
    aria-valuenow=${done}
  >
    ${PARTS.map(([tone, states]) => html`<i class=${tone} style=${{ width: `${share(states)}%` }}></i>`)}
  </span>`;
}
