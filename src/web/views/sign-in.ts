/** The form for the key. The view that was shown comes back after it. */
import { ask, lookAtSession, messageOf, Problem } from '../api.ts';
import { html, useState, type VNode } from '../preact.ts';
import { text } from '../text.ts';

export function SignIn({ ended }: { ended: boolean }): VNode {
  const [key, setKey] = useState('');
  const [said, setSaid] = useState('');
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    try {
      await ask('/session', { method: 'POST', body: { key } });
      await lookAtSession();
    } catch (error) {
      setSaid(error instanceof Problem && error.status === 401 ? text.signIn.refused : messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return html`<section class="narrow">
    <h1>${text.signIn.title}</h1>
    <p>${ended ? text.signIn.ended : text.signIn.hint}</p>
    <form class="stack" onSubmit=${onSubmit}>
      <input name="username" autocomplete="username" value=${text.name} hidden />
      <label
        >${text.signIn.label}<input
          type="password"
          autocomplete="current-password"
          required
          value=${key}
          onInput=${(event: InputEvent) => setKey((event.target as HTMLInputElement).value)}
      /></label>
      <p class="bad" role="alert">${said}</p>
      <p><button class="primary" disabled=${busy}>${text.signIn.button}</button></p>
    </form>
  </section>`;
}
