/** What came of saved pages. */
import { html, type VNode } from '../preact.ts';
import { addressOf } from '../routing.ts';
import { text } from '../text.ts';
import type { Uploaded } from '../types.ts';
import { icon } from './icons.ts';

const words = text.submit;

export function UploadedList({ uploaded: { entries } }: { uploaded: Uploaded }): VNode {
  const refused = entries.filter(({ outcome }) => outcome === 'refused').length;
  return html`<div class="box" role="status">
    <p><strong>${words.uploaded(entries.length - refused, refused)}</strong></p>
    <ul class="dry">
      ${entries.slice(0, 50).map(
        ({ name, outcome, bookId, reason }) =>
          html`<li class=${outcome === 'refused' ? 'warn' : ''}>
            ${icon(outcome === 'refused' ? 'invalid' : 'parsed')}
            <span class="input" dir="auto">${bookId === undefined ? name : html`<a href=${addressOf(['books', bookId])}>${name}</a>`}</span>
            <span class="says">${reason ?? words.outcome[outcome] ?? outcome}</span>
          </li>`,
      )}
    </ul>
  </div>`;
}
