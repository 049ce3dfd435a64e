/** Small pieces that many views have: states, errors, empty lists, skeletons, a question before something is done. */
import { messageOf } from '../api.ts';
import { html, useEffect, useRef, type VNode } from '../preact.ts';
import { STATES } from '../names.ts';
import { text } from '../text.ts';
import { icon } from './icons.ts';

/** The tone of a state: what went well, what waits, what needs an eye. */
const TONES: Record<string, string> = {
  parsed: 'good',
  cached: 'good',
  expanded: 'good',
  active: 'busy',
  expanding: 'busy',
  blocked: 'warn',
  delayed: 'warn',
  failed: 'bad',
};

const toneOf = (state: string): string => TONES[state] ?? 'plain';

/** A state as picture and word. */
export const stateMark = (state: string): VNode =>
  html`<span class=${`mark ${toneOf(state)}`}>${icon(state)}<span>${STATES[state] ?? state}</span></span>`;

export const errorBox = (error: unknown, onAgain?: () => void): VNode =>
  html`<div class="box bad" role="alert">
    <p><strong>${text.errors.title}.</strong> ${messageOf(error)}</p>
    ${onAgain && html`<p><button type="button" onClick=${onAgain}>${text.errors.again}</button></p>`}
  </div>`;

export const emptyBox = (what: string, more?: VNode): VNode =>
  html`<div class="empty">
    ${icon('book')}
    <p>${what}</p>
    ${more}
  </div>`;

/** Grey lines in place of rows that are on their way. */
export const skeleton = (rows = 4): VNode =>
  html`<div class="skeleton" aria-hidden="true">
    ${Array.from(
      { length: rows },
      () =>
        html`<div class="row">
          <i class="cover"></i><span><i></i><i></i></span>
        </div>`,
    )}
  </div>`;

interface QuestionProps {
  title: string;
  children?: unknown;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
  busy?: boolean;
}

/** A dialog that asks before something is done. Escape answers no. */
export function Question({ title, children, yes, no, onYes, onNo, busy = false }: QuestionProps): VNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  const onCancel = (event: Event): void => {
    event.preventDefault();
    onNo();
  };
  return html`<dialog ref=${dialog} onCancel=${onCancel} aria-labelledby="question">
    <h2 id="question">${title}</h2>
    <div class="stack">${children}</div>
    <p class="actions">
      <button type="button" onClick=${onNo}>${no}</button>
      <button type="button" class="primary" onClick=${onYes} disabled=${busy}>${yes}</button>
    </p>
  </dialog>`;
}
