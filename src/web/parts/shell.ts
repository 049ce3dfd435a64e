/** What stands around every view: the name, the ways to the views, the state of the source, the foot. */
import { addressIn, ask, reachable, session, signedInAs, signOut } from '../api.ts';
import { html, useEffect, useState, type VNode } from '../preact.ts';
import { addressOf, type Route } from '../routing.ts';
import { text } from '../text.ts';
import type { Source, Stats } from '../types.ts';
import { createValue, usePolling, useValue } from '../values.ts';
import { icon } from './icons.ts';
import { sourceSentence } from './source-words.ts';

export const source = createValue<Source | null>(null);
export const stats = createValue<Stats | null>(null);

const NAV = ['submit', 'library', 'batches', 'failures', 'source', 'webhooks', 'code'] as const;
const POLL_MS = 4000;

/** Whatever went wrong shows elsewhere: the banner of {@link reachable}, or the form for the key. */
async function askSource(): Promise<void> {
  if (session.get() !== 'open') return;
  try {
    const [state, figures] = await Promise.all([ask<Source>('/source'), ask<Stats>('/stats')]);
    source.set(state);
    stats.set(figures);
  } catch {
    // See above.
  }
}

export function Header({ route }: { route: Route }): VNode {
  const signedIn = useValue(session);
  usePolling(askSource, POLL_MS, [signedIn]);
  const state = useValue(source);
  // A book is part of the library.
  const here = route.path[0] === 'books' ? 'library' : (route.path[0] ?? 'submit');
  return html`<header>
    <a class="skip" href="#content" onClick=${skipToContent}>${text.skip}</a>
    <a class="name" href="#/">${icon('book')}<span>${text.name}</span></a>
    <nav aria-label=${text.nav.label}>
      ${NAV.map(
        (name) =>
          html`<a href=${name === 'submit' ? '#/' : addressOf([name])} aria-current=${here === name ? 'page' : null}>${text.nav[name]}</a>`,
      )}
    </nav>
    <a
      class=${`pill ${state?.state ?? 'unknown'}`}
      href=${addressOf(['source'])}
      aria-label=${`${text.nav.source}: ${text.source.states[state?.state ?? 'unknown'] ?? ''}`}
    >
      ${icon(state?.state ?? 'unknown')}<span>${text.source.states[state?.state ?? 'unknown']}</span>
    </a>
  </header>`;
}

/** The hash is taken by the address of the view, so the link moves the focus by itself. */
function skipToContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

/** The same on every view while the source is not open, or the server does not answer. */
export function Banner(): VNode {
  const state = useValue(source);
  const answers = useValue(reachable);
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((n) => n + 1), 10_000);
    return () => clearInterval(timer);
  }, []);
  const figures = useValue(stats);
  let content: VNode | null = null;
  if (!answers) content = html`<p class="banner bad">${icon('unreachable')}<span>${text.offline}</span></p>`;
  else if (state !== null && state.state !== 'open') {
    content = html`<p class="banner warn">
      ${icon(state.state)}<span>${sourceSentence(state, figures)}</span><a href=${addressOf(['source'])}>${text.nav.source}</a>
    </p>`;
  }
  return html`<div role="status" aria-live="polite">${content}</div>`;
}

export function Footer({ version }: { version: string }): VNode {
  const name = useValue(signedInAs);
  return html`<footer>
    <span>${text.foot.version(version)}</span>
    ${name !== null && html`<button type="button" class="link" onClick=${() => void signOut()}>${text.signIn.out(name)}</button>`}
    <a href=${addressIn('/docs/')}>${text.foot.docs}</a>
    <a href=${addressIn('/dashboard')}>${text.foot.dashboard}</a>
    <a href=${addressIn('/errors')}>${text.foot.errors}</a>
  </footer>`;
}
