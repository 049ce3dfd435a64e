/** What the clients in both languages are asked to do, and the Quire they ask. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { startQuire, type StoreName, type TestQuire } from '../../support/service.ts';

export const API_KEY = 'a-key-of-the-clients-tests';
export const GONE = '1830000009';

/** Starts a Quire with a key, whose source knows every made-up book but {@link GONE}. */
export async function startAskedQuire(store: StoreName): Promise<TestQuire> {
  const quire = await startQuire(store, { settings: { API_KEYS: API_KEY } });
  await quire.goodreads.control({ modes: { [GONE]: 'missing' } });
  return quire;
}

/** `count` numbers of made-up books, from `first` on. */
export const numbers = (first: number, count: number): string[] => Array.from({ length: count }, (_, n) => String(first + n));

export interface BreakingWay {
  origin: string;
  /** How many connections were cut. */
  cuts(): number;
  stop(): Promise<void>;
}

/** A way to `origin` that cuts the connection of each of the first `times` event streams once its first item has passed. */
export async function breakEventStreams(origin: string, times: number): Promise<BreakingWay> {
  const { hostname, port } = new URL(origin);
  const sockets = new Set<Socket>();
  let cuts = 0;
  const server = createServer((client) => {
    const target = connect(Number(port), hostname);
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => target.write(bytes));
    target.on('data', (bytes) => {
      client.write(bytes);
      if (cuts >= times || !bytes.includes('event: item')) return;
      cuts += 1;
      client.end(() => client.destroy());
      target.destroy();
    });
    client.once('close', () => target.destroy());
    target.once('close', () => client.end());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
