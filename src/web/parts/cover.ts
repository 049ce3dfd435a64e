/** The cover of a book, or the spine of a bound one in its place. */
import { html, type VNode } from '../preact.ts';
import type { BookCard } from '../types.ts';

/** Six cloths. The same book always has the same one. */
const clothOf = (id: string): number => id.split('').reduce((sum, digit) => (sum * 7 + digit.charCodeAt(0)) % 6, 0);

const initialOf = (title: string): string => /[\p{L}\p{N}]/u.exec(title)?.[0]?.toUpperCase() ?? '';

export const cover = ({ id, title }: Pick<BookCard, 'id' | 'title'>): VNode =>
  html`<span class=${`cover cloth${clothOf(id)}`} aria-hidden="true"><span>${initialOf(title)}</span></span>`;
