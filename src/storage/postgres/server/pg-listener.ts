/** Hearing PostgreSQL's notifications over a connection of their own, which is opened again whenever it is lost. */
import { setTimeout as wait } from 'node:timers/promises';
import { doublingMs } from '../../../domain/backoff.ts';
import { endClient } from '../../../grafts/pg-silent-goodbye.ts';
import { inTime } from './outage.ts';
import type { PgClientOptions, PgConnections } from './pg-connections.ts';

/** How often the connection that listens is asked whether it is still there. */
const HEARTBEAT_MS = 5_000;
const RELISTEN_FIRST_MS = 100;
const RELISTEN_MOST_MS = 5_000;

interface Listening {
  connections: PgConnections;
  options: PgClientOptions;
  channel: string;
  onPayload: (payload: string) => void;
  /** Ends the listening. */
  signal: AbortSignal;
}

/** Listens until the connection is lost; resolves then. `ready` is called once notifications arrive. */
async function listenOnce({ connections, options, channel, onPayload, signal }: Listening, ready: () => void): Promise<void> {
  const client = await connections.connect();
  const lost = new Promise<void>((resolve) => {
    client.once('end', resolve);
    client.once('error', () => resolve());
  });
  const stop = (): void => void endClient(client);
  signal.addEventListener('abort', stop, { once: true });
  client.on('notification', ({ payload }) => onPayload(payload ?? ''));
  // A firewall that forgot about the connection tells nobody. Only an answer that stays out shows that it is dead.
  const heartbeat = setInterval(() => {
    inTime(client.query('SELECT 1'), options.place).catch(stop);
  }, HEARTBEAT_MS);
  try {
    await client.query(`LISTEN "${channel}"`);
    ready();
    await lost;
  } finally {
    clearInterval(heartbeat);
    signal.removeEventListener('abort', stop);
    await endClient(client);
  }
}

/** Resolves when notifications arrive, and rejects when the first attempt fails. Later failures are waited out, until the signal fires. */
export const keepListening = (listening: Listening): Promise<void> =>
  new Promise((resolve, reject) => {
    const { options, signal } = listening;
    let heard = false;
    let failures = 0;
    const ready = (): void => {
      heard = true;
      failures = 0;
      resolve();
    };
    const loop = async (): Promise<void> => {
      for (; !signal.aborted; failures += 1) {
        try {
          await listenOnce(listening, ready);
        } catch (error) {
          if (!heard) return reject(error);
          options.onError(error as Error);
        }
        const delayMs = doublingMs(failures, RELISTEN_FIRST_MS, RELISTEN_MOST_MS) * (0.5 + Math.random() / 2);
        // Rejects when the client ends, which the loop sees.
        await wait(delayMs, undefined, { signal }).catch(() => undefined);
      }
    };
    void loop();
  });
