/** The form in which an event is sent: as JSON for programs, or as a sentence for people. Pure. */
import type { EventType } from './event.ts';

/** `text`: plain text, as ntfy takes it. `slack`: `{"text": …}`, as Slack, Mattermost and Discord (`/slack`) take it. */
export const FORMATS = ['json', 'text', 'slack'] as const;
export type Format = (typeof FORMATS)[number];

export interface Message {
  headers: Record<string, string>;
  body: string;
}

type Data = Record<string, unknown>;

const told = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const counted = (counts: unknown): string =>
  Object.entries((counts ?? {}) as Record<string, number>)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${n} ${state}`)
    .join(', ');

/** What each event says to a person, and how loudly: 2 low, 3 as usual, 4 high, as ntfy counts. */
const SENTENCES: Record<EventType, { priority: 2 | 3 | 4; say: (data: Data) => string }> = {
  'batch.completed': {
    priority: 3,
    say: ({ batchId, state, counts, url }) => `Batch ${told(batchId)} is ${told(state)}: ${counted(counts)}. ${told(url)}`,
  },
  'book.parsed': { priority: 2, say: ({ title, author, url }) => `Parsed: ${told(title)} by ${told(author)}. ${told(url)}` },
  'book.failed': {
    priority: 3,
    say: ({ jobId, url, reason, detail }) => `Failed (${told(reason)}): ${told(url) || told(jobId)} ${told(detail)}`,
  },
  'source.blocked': {
    priority: 4,
    say: ({ state, reason, nextProbeAt }) =>
      `Goodreads is ${told(state)}: ${told(reason)} Jobs wait. The next probe is at ${told(nextProbeAt)}.`,
  },
  'source.opened': {
    priority: 3,
    say: ({ before, closedSeconds }) => `Goodreads answers again, after ${told(closedSeconds)} s ${told(before)}. Jobs go on.`,
  },
  'parser.drift': {
    priority: 4,
    say: ({ fields, families }) =>
      `Pages of Goodreads changed: ${[fields, families].flat().join(', ') || 'they are not recognised'}. See /parser/health.`,
  },
  'store.nearly-full': { priority: 4, say: ({ what, percent }) => `The store is nearly full: ${told(what)}, ${told(percent)} % used.` },
};

/** Slack reads `<!channel>` and links in a text, and a title of a book must not make any. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What is sent of an event. `payload`: its JSON, as the delivery keeps it. */
export function messageOf(type: EventType, payload: string, format: Format = 'json'): Message {
  // A newer version may have recorded an event that this one has no sentence for.
  const sentence: (typeof SENTENCES)[EventType] | undefined = SENTENCES[type];
  if (format === 'json' || sentence === undefined) return { headers: { 'content-type': 'application/json' }, body: payload };
  const text = sentence.say((JSON.parse(payload) as { data: Data }).data).trim();
  if (format === 'slack')
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text: `*Quire ${type}* ${escaped(text)}` }) };
  return {
    headers: { 'content-type': 'text/plain; charset=utf-8', title: `Quire: ${type}`, priority: String(sentence.priority) },
    body: text,
  };
}
