/** The page: its views, and what stands around them. */
import { lookAtSession, session } from './api.ts';
import { html, render, useEffect, useRef, useState, type VNode } from './preact.ts';
import { Banner, Footer, Header } from './parts/shell.ts';
import { useRoute, type Route } from './routing.ts';
import { text } from './text.ts';
import { useValue } from './values.ts';
import { BatchesView } from './views/batches.ts';
import { BookView } from './views/book.ts';
import { CodeView } from './views/code.ts';
import { FailuresView } from './views/failures.ts';
import { LibraryView } from './views/library.ts';
import { SignIn } from './views/sign-in.ts';
import { SourceView } from './views/source.ts';
import { SubmitView } from './views/submit.ts';
import { WatchView } from './views/watch.ts';
import { WebhooksView } from './views/webhooks.ts';

interface View {
  title: string;
  content: VNode;
}

function viewOf({ path, query }: Route): View {
  const [first, second] = path;
  if (first === undefined) return { title: text.submit.title, content: html`<${SubmitView} />` };
  if (first === 'batches' && second !== undefined)
    return {
      title: `${text.watch.title} ${second}`,
      content: html`<${WatchView} key=${second} batchId=${second} state=${query.get('state')} />`,
    };
  if (first === 'batches') return { title: text.nav.batches, content: html`<${BatchesView} state=${query.get('state')} />` };
  if (first === 'books' && second !== undefined)
    return { title: text.book.untitled, content: html`<${BookView} key=${second} bookId=${second} />` };
  if (first === 'library') return { title: text.nav.library, content: html`<${LibraryView} query=${query} />` };
  if (first === 'failures') {
    const reason = query.get('reason');
    return { title: text.nav.failures, content: html`<${FailuresView} key=${reason} reason=${reason} />` };
  }
  if (first === 'source') return { title: text.nav.source, content: html`<${SourceView} />` };
  if (first === 'webhooks') return { title: text.nav.webhooks, content: html`<${WebhooksView} />` };
  if (first === 'code') return { title: text.nav.code, content: html`<${CodeView} />` };
  return {
    title: text.errors.lostView,
    content: html`<h1>${text.errors.lostView}</h1>
      <p><a href="#/">${text.errors.home}</a></p>`,
  };
}

function App({ version }: { version: string }): VNode {
  const route = useRoute();
  const signedIn = useValue(session);
  const main = useRef<HTMLElement>(null);
  const [shown, setShown] = useState(route.path.join('/'));
  const { title, content } = viewOf(route);
  const here = route.path.join('/');
  useEffect(() => {
    document.title = `${title} · ${text.name}`;
    if (here === shown) return;
    setShown(here);
    // A view that came by a click begins at its top, and a screen reader begins to read there.
    scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [title, here]);
  return html`<${Header} route=${route} />
    <${Banner} />
    <main id="content" tabindex="-1" ref=${main}>${signedIn === 'open' ? content : html`<${SignIn} ended=${signedIn === 'ended'} />`}</main>
    <${Footer} version=${version} />`;
}

/** Before anything is asked that needs a key: an open route tells whether there has to be one. */
async function begin(root: HTMLElement): Promise<void> {
  await lookAtSession();
  render(html`<${App} version=${root.dataset['version'] ?? ''} />`, root);
}

const root = document.getElementById('app');
if (root !== null) void begin(root);
