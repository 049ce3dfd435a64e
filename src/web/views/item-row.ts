/** An item of a batch as a row: the book when it is here, else what was sent and how it stands. */
import { addressIn, ask, messageOf } from '../api.ts';
import { html, useEffect, useState, type VNode } from '../preact.ts';
import { stateMark } from '../parts/basics.ts';
import { bookFigures, bookLines } from '../parts/book-row.ts';
import { cover } from '../parts/cover.ts';
import { icon } from '../parts/icons.ts';
import { shortUrl } from '../format.ts';
import { text } from '../text.ts';
import type { Item } from '../types.ts';

const words = text.watch;

/** As `.rows > li` in the style: narrow windows have higher rows. */
const WIDE = { query: '(min-width: 48rem)', rowHeight: 72 };
const NARROW_ROW = 112;

export function useRowHeight(): number {
  const [height, setHeight] = useState(() => (matchMedia(WIDE.query).matches ? WIDE.rowHeight : NARROW_ROW));
  useEffect(() => {
    const media = matchMedia(WIDE.query);
    const onChange = (): void => setHeight(media.matches ? WIDE.rowHeight : NARROW_ROW);
    media.addEventListener('change', onChange);
    return () => media.removeEventListener('change', onChange);
  }, []);
  return height;
}

const RETRIED = new Set(['failed', 'cancelled']);
export function itemRow(item: Item | undefined, onChanged: () => void): VNode {
  if (item === undefined)
    return html`<div class="row pending">
      <i class="cover"></i><span class="lines"><i></i><i></i></span>
    </div>`;
  const { book, state } = item;
  const side = html`<span class="side"
    >${stateMark(book && state === 'failed' ? 'parsed' : state)}<${ItemActions} item=${item} onChanged=${onChanged}
  /></span>`;
  if (book) return html`<div class="row">${cover(book)} ${bookLines(book)} ${bookFigures(book)} ${side}</div>`;
  return html`<div class=${`row ${state}`}>
    <span class="cover none" aria-hidden="true">${icon(item.kind === 'collection' ? 'expanding' : 'book')}</span>
    <span class="lines">
      <span class="input" dir="auto"
        >${item.url === null ? item.input : html`<a href=${item.url} rel="noreferrer" target="_blank">${item.collection?.title ?? shortUrl(item.url)}</a>`}</span
      >
      <span class="by">${secondLine(item)}</span>
    </span>
    ${side}
  </div>`;
}

function secondLine({ reason, collection, via, input, url }: Item): string {
  if (reason !== null) return reason;
  if (collection !== null) return collection.cutOff ?? words.listOf(collection.taken, collection.claimed);
  if (via !== null) return words.via(via);
  return url !== null && input !== url ? input : '';
}

function ItemActions({ item, onChanged }: { item: Item; onChanged: () => void }): VNode | null {
  const [said, setSaid] = useState<string | null>(null);
  const { jobId, state, pageKept } = item;
  if (jobId === null) return null;
  const retry = async (): Promise<void> => {
    try {
      await ask(`/jobs/${jobId}/retry`, { method: 'POST', did: words.retry });
      setSaid(words.retried);
      onChanged();
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  if (said !== null) return html`<span class="note" role="status">${said}</span>`;
  if (!RETRIED.has(state) || item.book) return null;
  return html`<span class="note">
    <button type="button" class="link" onClick=${retry}>${words.retry}</button>
    ${pageKept && html` <a href=${addressIn(`/jobs/${jobId}/page`)} download>${words.page}</a>`}
  </span>`;
}
