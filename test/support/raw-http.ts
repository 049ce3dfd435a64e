/** Requests written by hand on a socket of their own: with any Host or none, and by callers who first write everything and then read. */
import { connect, type Socket } from 'node:net';

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

function read(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), head: text.slice(0, Math.max(end, 0)), body: text.slice(end + 4) };
}

/** Opens a connection and writes the head of a request. */
export function openRequest(origin: string, lines: string[]): Socket {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  // A connection that is cut is told by its end.
  socket.on('error', () => undefined);
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

/** What the other side answers until it closes the connection. The status is 0 when the answer was lost. */
async function answerOf(socket: Socket): Promise<RawAnswer> {
  let text = '';
  socket.on('data', (data) => (text += data.toString('latin1')));
  await new Promise((resolve) => socket.once('close', resolve));
  return read(text);
}

/** Sends a request, all of it before reading anything, and returns the answer. Name `connection: close` among the lines. */
export async function sendRaw(origin: string, lines: string[], body?: Uint8Array): Promise<RawAnswer> {
  const socket = openRequest(origin, lines).pause();
  const answer = answerOf(socket);
  socket.pause();
  if (body) {
    // Resolves on failure as well: what was answered by then counts.
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.write(body, () => resolve());
    });
  }
  socket.resume();
  return answer;
}
