/** The first view: one box, one button. */
import { ask, messageOf } from '../api.ts';
import { html, useEffect, useRef, useState, type VNode } from '../preact.ts';
import { errorBox } from '../parts/basics.ts';
import { icon } from '../parts/icons.ts';
import { addressOf, goTo } from '../routing.ts';
import { text } from '../text.ts';
import type { DryRun, Uploaded } from '../types.ts';
import { RecentBatches } from './batches.ts';
import { UploadedList } from '../parts/uploaded-list.ts';
import { DryRunList } from './dry-run-list.ts';
import { sendCsv, sendPages, takeFiles, type Chosen } from './submit-files.ts';
import { bodyOf, NO_OPTIONS, OptionFields, queryOf, type SubmitOptions } from './submit-options.ts';

const words = text.submit;
/** The wait after a key, in milliseconds, before the lines are read; and before lists are looked up at Goodreads. */
const READ_MS = 200;
const LOOK_UP_MS = 900;

const linesOf = (value: string): string[] =>
  value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** What would be sent, tried as it is typed: at once by what is known here, then by asking for the first page of each list. */
function useDryRun(value: string, options: SubmitOptions): { result: DryRun | null; asking: boolean; error: unknown } {
  const [state, setState] = useState<{ result: DryRun | null; asking: boolean; error: unknown }>({
    result: null,
    asking: false,
    error: null,
  });
  const key = JSON.stringify([linesOf(value), options.maxAge, options.maxBooks]);
  useEffect(() => {
    const urls = linesOf(value);
    if (urls.length === 0) return setState({ result: null, asking: false, error: null });
    const stop = new AbortController();
    const { until: _until, ...more } = bodyOf(options);
    const attempt = async (dryRun: true | 'offline'): Promise<DryRun | null> => {
      try {
        const result = await ask<DryRun>('/parse-links', { method: 'POST', body: { urls, ...more, dryRun }, signal: stop.signal });
        setState({ result, asking: false, error: null });
        return result;
      } catch (error) {
        if (!stop.signal.aborted) setState({ result: null, asking: false, error });
        return null;
      }
    };
    let timer = setTimeout(async () => {
      const result = await attempt('offline');
      if (result === null || !result.entries.some(({ source }) => source === 'not-asked')) return;
      setState({ result, asking: true, error: null });
      timer = setTimeout(() => void attempt(true), LOOK_UP_MS);
    }, READ_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key]);
  return state;
}

export function SubmitView(): VNode {
  const [value, setValue] = useState('');
  const [options, setOptions] = useState(NO_OPTIONS);
  const [files, setFiles] = useState<Chosen[]>([]);
  const [faults, setFaults] = useState<string[]>([]);
  const [uploaded, setUploaded] = useState<Uploaded | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const { result, asking, error: unread } = useDryRun(value, options);

  const take = async (chosen: Iterable<File>): Promise<void> => {
    const taken = await takeFiles(chosen);
    setFiles((before) => [...before, ...taken.files]);
    setFaults(taken.faults);
    if (taken.lines.length > 0) setValue((before) => [...linesOf(before), ...taken.lines].join('\n'));
  };

  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const batches: string[] = [];
      const urls = linesOf(value);
      if (urls.length > 0) {
        const body = { urls, ...bodyOf(options) };
        const answer = await ask<{ batchId: string }>('/parse-links', { method: 'POST', body, did: words.button });
        batches.push(answer.batchId);
      }
      for (const one of files) if (one.kind === 'csv') batches.push(await sendCsv(one, queryOf(options)));
      const pages = files.filter(({ kind }) => kind === 'pages').map(({ file }) => file);
      const sent = pages.length > 0 ? await sendPages(pages) : null;
      if (sent?.batchId !== undefined) batches.push(sent.batchId);
      const [first] = batches;
      if (first !== undefined) return goTo(addressOf(['batches', first]));
      setUploaded(sent);
      setFiles([]);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  const replace = (line: string, link: string): void =>
    setValue((before) =>
      before
        .split('\n')
        .map((one) => (one.trim() === line ? link : one))
        .join('\n'),
    );

  const ready = linesOf(value).length > 0 || files.length > 0;
  return html`<section class="submit">
      <h1>${words.title}</h1>
      <p class="lead">${words.lead}</p>
      <form onSubmit=${send}>
        <${Box} value=${value} onInput=${setValue} onFiles=${take} onSend=${send} />
        <${FileList} files=${files} faults=${faults} onRemove=${(at: number) => setFiles(files.filter((_, n) => n !== at))} />
        ${result !== null && html`<${DryRunList} result=${result} onReplace=${replace} />`}
        ${asking && html`<p class="hint" role="status">${words.asking}</p>`}
        ${unread !== null && html`<p class="hint bad" role="alert">${messageOf(unread)}</p>`} ${error !== null && errorBox(error)}
        <div class="bar">
          <button class="primary" disabled=${!ready || busy}>${busy ? words.sending : words.button}</button
          ><${OptionFields} options=${options} onChange=${setOptions} />
        </div>
      </form>
      ${uploaded !== null && html`<${UploadedList} uploaded=${uploaded} />`}
    </section>
    <${RecentBatches} />`;
}

interface BoxProps {
  value: string;
  onInput: (value: string) => void;
  onFiles: (files: Iterable<File>) => void;
  onSend: (event: Event) => void;
}

function Box({ value, onInput, onFiles, onSend }: BoxProps): VNode {
  const [over, setOver] = useState(false);
  const chooser = useRef<HTMLInputElement>(null);
  const onDrop = (event: DragEvent): void => {
    setOver(false);
    const files = event.dataTransfer?.files;
    if (files === undefined || files.length === 0) return;
    event.preventDefault();
    onFiles(files);
  };
  const onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    setOver(true);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSend(event);
  };
  const rows = Math.min(16, Math.max(5, value.split('\n').length + 1));
  return html`<div class=${over ? 'field over' : 'field'} onDragOver=${onDrag} onDragLeave=${() => setOver(false)} onDrop=${onDrop}>
    <textarea
      aria-label=${words.label}
      placeholder=${words.placeholder}
      rows=${rows}
      spellcheck=${false}
      autocapitalize="off"
      dir="auto"
      value=${value}
      onInput=${(event: InputEvent) => onInput((event.target as HTMLTextAreaElement).value)}
      onKeyDown=${onKeyDown}
    ></textarea>
    <p class="hint">
      ${over ? words.dropNow : html`<button type="button" class="link" onClick=${() => chooser.current?.click()}>${words.choose}</button> ${words.drop}`}
      <input
        ref=${chooser}
        type="file"
        multiple
        hidden
        accept=".csv,.txt,.html,.htm,.zip,.har,.warc,.gz"
        onChange=${(event: Event) => {
          const input = event.target as HTMLInputElement;
          onFiles([...(input.files ?? [])]);
          input.value = '';
        }}
      />
    </p>
  </div>`;
}

function FileList({ files, faults, onRemove }: { files: Chosen[]; faults: string[]; onRemove: (at: number) => void }): VNode {
  return html`${
    files.length > 0 &&
    html`<ul class="dry" aria-label=${words.files}>
      ${files.map(
        ({ file, says }, at) =>
          html`<li>
            ${icon('file')}<span class="input" dir="auto">${file.name}</span
            ><span class="says"
              >${says}
              <button type="button" class="link" aria-label=${`${words.remove} ${file.name}`} onClick=${() => onRemove(at)}>
                ${words.remove}
              </button></span
            >
          </li>`,
      )}
    </ul>`
  }
  ${faults.map((fault) => html`<p class="hint bad" role="alert">${fault}</p>`)}`;
}
