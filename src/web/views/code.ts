/** What was just done here, as a program does it. */
import { addressIn, made, type Made } from '../api.ts';
import { ago } from '../format.ts';
import { html, useState, type VNode } from '../preact.ts';
import { text } from '../text.ts';
import { useValue } from '../values.ts';
import { LANGUAGES, snippet } from './snippets.ts';

const words = text.code;

/** Shown before anything was done. */
const EXAMPLE: Made = {
  method: 'POST',
  path: '/parse-links',
  body: { urls: ['https://www.goodreads.com/book/show/2767052'] },
  type: null,
  did: text.submit.button,
  at: 0,
};

export function CodeView(): VNode {
  const list = useValue(made);
  const [language, setLanguage] = useState('curl');
  const shown = list.length === 0 ? [EXAMPLE] : list;
  return html`<h1>${words.title}</h1>
    <p class="lead">${words.lead} <a href=${addressIn('/docs/')}>${text.foot.docs}</a></p>
    <p class="chips" role="group" aria-label=${words.language}>
      ${Object.entries(LANGUAGES).map(([name, label]) => html`<button type="button" class="chip" aria-pressed=${language === name} onClick=${() => setLanguage(name)}>${label}</button>`)}
    </p>
    ${list.length === 0 && html`<p class="hint">${words.none}</p>`}
    ${shown.map((request) => html`<${Snippet} key=${request.at} request=${request} language=${language} />`)}`;
}

function Snippet({ request, language }: { request: Made; language: string }): VNode {
  const [copied, setCopied] = useState(false);
  const code = snippet(request, language);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return html`<section class="snippet">
    <h2>${request.did} <span class="note">${request.at === 0 ? '' : ago(new Date(request.at).toISOString())}</span></h2>
    <pre tabindex="0"><code>${code}</code></pre>
    ${'clipboard' in navigator && html`<p><button type="button" class="link" onClick=${copy}>${copied ? words.copied : words.copy}</button></p>`}
  </section>`;
}
