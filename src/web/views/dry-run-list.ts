/** What each line of the box is, before anything is sent. */
import { ask, messageOf } from '../api.ts';
import { html, useState, type VNode } from '../preact.ts';
import { icon } from '../parts/icons.ts';
import { text } from '../text.ts';
import type { DryEntry, DryRun, Found } from '../types.ts';

const { entry: words } = text.submit;
/** Lines that are shown; the sums count all. */
const MOST_SHOWN = 12;

function meaning({ kind, family, fresh, stored }: DryEntry): string {
  if (kind === 'collection') return words.collection(family ?? '');
  if (fresh > 0) return words.fresh;
  if (stored > 0) return words.stored;
  return { book: words.book, isbn: words.isbn, asin: words.asin }[kind ?? ''] ?? '';
}

/** `a list, about 250 books, 4 min at today’s rate`. */
function sentence(entry: DryEntry): string {
  const { kind, books, seconds, duplicates, source, reason } = entry;
  if (kind === null) return reason ?? '';
  const parts = [meaning(entry)];
  if (kind === 'collection') {
    if (books !== null) parts.push(words.books(books));
    else parts.push(source === 'unknown' ? (reason ?? words.unknown) : words.unknown);
  }
  if (seconds !== null && seconds > 0) parts.push(text.submit.time(seconds));
  if (duplicates !== undefined) parts.push(words.twice(duplicates));
  return parts.join(', ');
}

/** Words rather than an address or a number with a typing error. */
const isTitle = ({ kind, input }: DryEntry): boolean => kind === null && /\p{L}{2}/u.test(input) && !/:\/\/|\.\w+\/|^www\./.test(input);

interface Props {
  result: DryRun;
  /** Puts a link in the place of a line. */
  onReplace: (line: string, link: string) => void;
}

export function DryRunList({ result: { entries, totals }, onReplace }: Props): VNode {
  // What needs an eye comes first.
  const sorted = entries.toSorted((a, b) => Number(a.kind !== null) - Number(b.kind !== null));
  const shown = sorted.slice(0, MOST_SHOWN);
  return html`<ul class="dry" aria-label=${text.submit.label}>
      ${shown.map(
        (entry) =>
          html`<li key=${entry.input} class=${entry.kind === null ? 'warn' : ''}>
            ${icon(entry.kind === null ? (isTitle(entry) ? 'search' : 'invalid') : entry.kind === 'collection' ? 'expanding' : entry.fresh > 0 ? 'cached' : 'book')}
            <span class="input" dir="auto">${entry.input}</span>
            ${isTitle(entry) ? html`<${TitleFinder} title=${entry.input} onReplace=${onReplace} />` : html`<span class="says">${sentence(entry)}</span>`}
          </li>`,
      )}
      ${entries.length > shown.length && html`<li class="says more">${words.more(entries.length - shown.length)}</li>`}
    </ul>
    <p class="sum" role="status">
      ${totals.books === 0 && totals.unknown === 0 ? text.submit.nothing : html`<strong>${text.submit.total(totals.books, totals.fresh)}</strong>${totals.seconds !== null && totals.seconds > 0 ? `, ${text.submit.time(totals.seconds)}` : ''}`}
    </p>`;
}

/** A line that may be a title: one click asks the library and Goodreads for it. */
function TitleFinder({ title, onReplace }: { title: string; onReplace: Props['onReplace'] }): VNode {
  const [found, setFound] = useState<Found | null>(null);
  const [said, setSaid] = useState<string>(words.title);
  const [busy, setBusy] = useState(false);
  const find = async (): Promise<void> => {
    setBusy(true);
    setSaid(words.finding);
    try {
      const answer = await ask<Found>(`/find?limit=5&source=goodreads&q=${encodeURIComponent(title.slice(0, 200))}`);
      setFound(answer);
      setSaid(answer.items.length > 0 ? '' : (answer.reason ?? words.none));
    } catch (error) {
      setSaid(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<span class="says" role="status"
      >${said} ${found === null && html`<button type="button" class="link" disabled=${busy} onClick=${find}>${words.find}</button>`}</span
    >
    ${
      found !== null &&
      found.items.length > 0 &&
      html`<ul class="found">
        ${found.items.map(
          (item) =>
            html`<li key=${item.bookId}>
              <span dir="auto"><span class="serif">${item.title}</span>${item.author === null ? '' : `, ${item.author}`}</span>
              <button type="button" class="link" onClick=${() => onReplace(title, `https://www.goodreads.com/book/show/${item.bookId}`)}>
                ${words.use}
              </button>
            </li>`,
        )}
      </ul>`
    }`;
}
