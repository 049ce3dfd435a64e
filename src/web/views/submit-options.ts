/** The options of a submission, behind one click. */
import { html, type VNode } from '../preact.ts';
import { text } from '../text.ts';

export interface SubmitOptions {
  priority: string;
  /** Seconds as text; empty: the settings decide. */
  maxAge: string;
  maxBooks: string;
  untilField: string;
  untilTest: string;
  untilValue: string;
}

export const NO_OPTIONS: SubmitOptions = {
  priority: 'normal',
  maxAge: '',
  maxBooks: '',
  untilField: '',
  untilTest: 'contains',
  untilValue: '',
};

const NUMBERS = new Set(['rating', 'pages', 'originalPublishedYear']);

/** The options as members of a body, those that are not set left out. */
export function bodyOf({ priority, maxAge, maxBooks, untilField, untilTest, untilValue }: SubmitOptions): Record<string, unknown> {
  const value = NUMBERS.has(untilField) ? Number(untilValue) : untilValue;
  return {
    ...(priority === 'normal' ? {} : { priority }),
    ...(maxAge === '' ? {} : { maxAge: Number(maxAge) }),
    ...(maxBooks === '' ? {} : { maxBooks: Number(maxBooks) }),
    ...(untilField === '' || untilValue === '' ? {} : { until: { field: untilField, [untilTest]: value } }),
  };
}

/** The same in a query string, for a file. */
export function queryOf(options: SubmitOptions): string {
  const entries = Object.entries(bodyOf(options)).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries).toString()}`;
}

const choices = (from: Record<string, string>, chosen: string): VNode[] =>
  Object.entries(from).map(([value, label]) => html`<option value=${value} selected=${value === chosen}>${label}</option>`);

interface Props {
  options: SubmitOptions;
  onChange: (options: SubmitOptions) => void;
}

export function OptionFields({ options, onChange }: Props): VNode {
  const words = text.submit;
  const set = (name: keyof SubmitOptions) => (event: Event) =>
    onChange({ ...options, [name]: (event.target as HTMLInputElement | HTMLSelectElement).value });
  return html`<details class="options">
    <summary>${words.options}</summary>
    <div class="fields">
      <label
        >${words.priority}<select onChange=${set('priority')}>
          ${choices(words.priorities, options.priority)}
        </select></label
      >
      <label
        >${words.maxAge}<select onChange=${set('maxAge')}>
          ${choices(words.maxAges, options.maxAge)}
        </select></label
      >
      <label
        >${words.maxBooks}<input
          type="number"
          min="1"
          max="10000"
          inputmode="numeric"
          placeholder="10 000"
          value=${options.maxBooks}
          onInput=${set('maxBooks')}
      /></label>
      <fieldset>
        <legend>${words.until}</legend>
        <select aria-label=${words.until} onChange=${set('untilField')}>
          ${choices(words.untilFields, options.untilField)}
        </select>
        ${
          options.untilField !== '' &&
          html`<select aria-label=${words.untilTest} onChange=${set('untilTest')}>
              ${choices(words.untilTests, options.untilTest)}
            </select>
            <input aria-label=${words.untilValue} value=${options.untilValue} onInput=${set('untilValue')} />`
        }
      </fieldset>
    </div>
  </details>`;
}
