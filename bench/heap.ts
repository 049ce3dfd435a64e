/** The heap of another Node process, through its inspector: what is used once all that nobody needs is collected. */
import { once } from 'node:events';
import { WebSocket } from 'undici';
import { waitUntil } from '../test/support/wait-until.ts';

export interface Heap {
  /** Has the process collect its garbage, and gives the bytes that are in use then. */
  usedBytes(): Promise<number>;
  close(): void;
}

const ANSWER_MS = 10_000;

interface Answer {
  id: number;
  result?: { usedSize?: number };
  error?: { message: string };
}

/** Connects to a process that was started with `--inspect=127.0.0.1:port`. */
export async function openHeap(port: number): Promise<Heap> {
  const url = await waitUntil('the inspector', async () => {
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as { webSocketDebuggerUrl: string }[];
    return target?.webSocketDebuggerUrl;
  });
  const socket = new WebSocket(url);
  await once(socket, 'open');
  let lastId = 0;
  const ask = async (method: string): Promise<Answer> => {
    const id = ++lastId;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), ANSWER_MS);
    const { signal } = over;
    const answered = new Promise<Answer>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error(`${method} was not answered`)), { once: true });
      const onMessage = ({ data }: { data: unknown }): void => {
        const answer = JSON.parse(String(data)) as Answer;
        if (answer.id === id) resolve(answer);
      };
      socket.addEventListener('message', onMessage, { signal });
    });
    socket.send(JSON.stringify({ id, method }));
    const answer = await answered.finally(() => {
      clearTimeout(timer);
      over.abort();
    });
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer;
  };
  return {
    async usedBytes() {
      await ask('HeapProfiler.collectGarbage');
      return (await ask('Runtime.getHeapUsage')).result?.usedSize ?? Number.NaN;
    },
    close: () => socket.close(),
  };
}
