/** Reads Server-Sent Events (WHATWG HTML, section 9.2.6): only what Quire sends of them. */

export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/** The events of a body, in their order. An event that is cut off is left out. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let event: ServerEvent = { id: null, event: 'message', data: '' };
  for await (const line of readLines(body)) {
    if (line === '') {
      if (event.data !== '') yield { ...event, data: event.data.replace(/\n$/, '') };
      event = { id: null, event: 'message', data: '' };
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') event.id = value;
    else if (field === 'event') event.event = value;
    else if (field === 'data') event.data += `${value}\n`;
  }
}

/** The lines of a body of UTF-8. A last line without its end is left out: it was cut off. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield line.replace(/\r$/, '');
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
