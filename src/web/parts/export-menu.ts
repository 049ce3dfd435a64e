/** Books as a file, in every format. */
import { addressIn } from '../api.ts';
import { html, type VNode } from '../preact.ts';
import { FORMATS } from '../names.ts';
import { text } from '../text.ts';
import { icon } from './icons.ts';

/** `path` is that of an export, without its format. */
export const exportMenu = (path: string): VNode =>
  html`<details class="menu">
    <summary class="button">${text.watch.export} ${icon('chevron')}</summary>
    <div>
      ${Object.entries(FORMATS).map(([format, label]) => html`<a href=${addressIn(`${path}?format=${format}`)} download>${label}</a>`)}
    </div>
  </details>`;
