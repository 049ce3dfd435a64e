/** A place to drop saved pages on. What came of each is told below it. */
import { errorBox } from './basics.ts';
import { html, useRef, useState, type VNode } from '../preact.ts';
import { text } from '../text.ts';
import type { Uploaded } from '../types.ts';
import { sendPages } from '../views/submit-files.ts';
import { UploadedList } from './uploaded-list.ts';

export function DropPages({ onRead }: { onRead: () => void }): VNode {
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const [uploaded, setUploaded] = useState<Uploaded | null>(null);
  const [error, setError] = useState<unknown>(null);
  const chooser = useRef<HTMLInputElement>(null);
  const send = async (files: File[]): Promise<void> => {
    if (files.length === 0) return;
    setBusy(true);
    try {
      setUploaded(await sendPages(files));
      setError(null);
      onRead();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const onDrop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void send([...(event.dataTransfer?.files ?? [])]);
  };
  const onDragOver = (event: DragEvent): void => {
    event.preventDefault();
    setOver(true);
  };
  return html`<div
      class=${over ? 'dropzone over' : 'dropzone'}
      onDrop=${onDrop}
      onDragOver=${onDragOver}
      onDragLeave=${() => setOver(false)}
    >
      ${busy ? text.submit.sending : html`<button type="button" class="link" onClick=${() => chooser.current?.click()}>${text.submit.choose}</button> ${text.source.drop}`}
      <input
        ref=${chooser}
        type="file"
        multiple
        hidden
        accept=".html,.htm,.zip,.har,.warc,.gz"
        onChange=${(event: Event) => void send([...((event.target as HTMLInputElement).files ?? [])])}
      />
    </div>
    ${error !== null && errorBox(error)} ${uploaded !== null && html`<${UploadedList} uploaded=${uploaded} />`}`;
}
