/** Reads a stream of Server-Sent Events the way a browser does. */
import { waitUntil } from '../../support/wait-until.ts';
import type { Loose } from './scene.ts';

export interface SeenEvent {
  id: number;
  event: string;
  data: Loose;
}

export interface EventReader {
  status: number;
  headers: Headers;
  /** Everything seen so far. */
  events: SeenEvent[];
  /** Comments seen so far: heartbeats. */
  comments: number;
  /** Resolves when the server has ended the stream. */
  ended: Promise<void>;
  /** Resolves when so many `item` events were seen. */
  items(count: number): Promise<void>;
  close(): void;
}

function parseBlock(block: string): SeenEvent | null {
  const fields = new Map(block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const));
  const event = fields.get('event');
  return event === undefined ? null : { id: Number(fields.get('id')), event, data: JSON.parse(fields.get('data') ?? 'null') as Loose };
}

export async function readEvents(origin: string, batchId: string, lastEventId?: number): Promise<EventReader> {
  const controller = new AbortController();
  const answer = await fetch(`${origin}/batches/${batchId}/events`, {
    signal: controller.signal,
    headers: { accept: 'text/event-stream', ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }) },
  });
  const events: SeenEvent[] = [];
  const reader = { comments: 0 };
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseBlock(block.replace(/^retry: \d+\n/, ''));
        if (event) events.push(event);
        else reader.comments += 1;
      }
    }
  };
  const ended = read().catch((error: unknown) => {
    if (!controller.signal.aborted) throw error;
  });
  return Object.assign(reader, {
    status: answer.status,
    headers: answer.headers,
    events,
    ended,
    items: async (count: number) => {
      await waitUntil(`${count} item events`, () => events.filter(({ event }) => event === 'item').length >= count);
    },
    close: () => controller.abort(),
  });
}

/** The `item` events. */
export const itemsOf = (events: SeenEvent[]): SeenEvent[] => events.filter(({ event }) => event === 'item');
