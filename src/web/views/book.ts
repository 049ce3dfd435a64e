/** A book: every field, and where its value came from. */
import { ask, Problem } from '../api.ts';
import { ago, count, dateTime } from '../format.ts';
import { html, useEffect, useState, type VNode } from '../preact.ts';
import { emptyBox, errorBox, skeleton } from '../parts/basics.ts';
import { rating } from '../parts/book-row.ts';
import { cover } from '../parts/cover.ts';
import { icon } from '../parts/icons.ts';
import { addressOf } from '../routing.ts';
import { text } from '../text.ts';
import type { Book } from '../types.ts';

const words = text.book;

export function BookView({ bookId }: { bookId: string }): VNode {
  const [book, setBook] = useState<Book | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = async (): Promise<void> => {
    try {
      const answer = await ask<Book | { status: string }>(`/books/${encodeURIComponent(bookId)}`);
      if ('title' in answer) setBook(answer);
      else setError(new Problem(202, 'pending', words.pending));
    } catch (thrown) {
      setError(thrown);
    }
  };
  useEffect(() => void load(), [bookId]);
  if (error !== null)
    return html`<h1>${words.untitled}</h1>
      ${error instanceof Problem && error.status === 404 ? emptyBox(error.message) : errorBox(error, () => void load())}`;
  if (book === null)
    return html`<h1>${words.untitled}</h1>
      ${skeleton(3)}`;
  return html`<article class="book">
    ${cover(book)}
    <div>
      <h1 dir="auto">${book.title}</h1>
      <p class="by" dir="auto">
        ${book.authors.map(({ name, role }, n) => html`${n > 0 && ', '}<a href=${addressOf(['library'], { q: name })}>${name}</a>${role !== null && ` (${role})`}`)}
      </p>
      ${book.series.length > 0 && html`<p class="by" dir="auto">${book.series.map(({ title, position }) => (position === null ? title : `${title} ${position}`)).join(', ')}</p>`}
      <p class="facts">
        ${rating(book)} ${book.ratingsCount !== null && html`<span>${words.ratings(book.ratingsCount)}</span>`}
        <a href=${book.url} target="_blank" rel="noreferrer">Goodreads ${icon('external')}</a>
      </p>
      ${distribution(book.ratingsDistribution)}
      <${Refresh} bookId=${book.id} />
      ${book.description !== null && html`<div class="description" dir="auto">${book.description.split(/\n{2,}/).map((paragraph) => html`<p>${paragraph}</p>`)}</div>`}
      <h2>${words.fields}</h2>
      ${fieldTable(book)}
    </div>
  </article>`;
}

function distribution(stars: readonly number[]): VNode | null {
  const most = Math.max(...stars, 0);
  if (most === 0) return null;
  return html`<ul class="stars" aria-label=${words.distribution}>
    ${stars.toReversed().map(
      (n, at) =>
        html`<li>
          <span>${5 - at} ${icon('star')}</span
          ><span class="progress" aria-hidden="true"><i class="good" style=${{ width: `${(n / most) * 100}%` }}></i></span
          ><span>${count(n)}</span>
        </li>`,
    )}
  </ul>`;
}

/** Fields with a value, as they stand in the API, each with the layer of the page that gave it. */
function fieldTable(book: Book): VNode {
  const shown = Object.entries(words.names).flatMap(([name, label]) => {
    const value = valueOf(book, name);
    return value === '' ? [] : [{ name, label, value, from: book.sources[name] ?? '' }];
  });
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${words.field}</th>
        <th scope="col">${words.value}</th>
        <th scope="col">${words.from}</th>
      </tr>
    </thead>
    <tbody>
      ${shown.map(
        ({ label, value, from }) =>
          html`<tr>
            <th scope="row">${label}</th>
            <td dir="auto">${value}</td>
            <td class="note">${words.layers[from] ?? from}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function valueOf(book: Book, name: string): string {
  const value = (book as unknown as Record<string, unknown>)[name];
  if (name === 'fetchedAt') return `${dateTime(book.fetchedAt)} (${ago(book.fetchedAt)})`;
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join(', ');
  if (typeof value === 'number') return /Year/.test(name) ? String(value) : count(value);
  return typeof value === 'string' ? value : '';
}

function Refresh({ bookId }: { bookId: string }): VNode {
  const [said, setSaid] = useState('');
  const refresh = async (): Promise<void> => {
    try {
      await ask(`/books/${bookId}/refresh`, { method: 'POST', did: words.refresh });
      setSaid(words.refreshed);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : '');
    }
  };
  return html`<p class="actions">
    <button type="button" onClick=${refresh}>${words.refresh}</button><span class="note" role="status">${said}</span>
  </p>`;
}
