/** A TCP proxy on loopback that delays, drops and cuts what goes through it: the network between Quire and its store on a bad day. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * - `pass`: as if it were not there.
 * - `delay`: each piece comes 50 to 500 ms late, in either direction, in order.
 * - `drop`: nothing comes through, in either direction, and nobody is told: connections stay up, new ones are taken and stay silent.
 *   A connection that lost something this way never speaks again, even when the mode has changed: a firewall forgot about it.
 * - `cut`: every connection is reset, and new ones are refused.
 */
export type ProxyMode = 'pass' | 'delay' | 'drop' | 'cut';

export interface Proxy {
  /** Where it listens, on 127.0.0.1. */
  readonly port: number;
  /** Connections through it that are up. */
  connections(): number;
  set(mode: ProxyMode): Promise<void>;
  stop(): Promise<void>;
}

const LEAST_DELAY_MS = 50;
const MOST_DELAY_MS = 500;

interface Link {
  client: Socket;
  server: Socket;
  /** Something was swallowed: what came after it would make no sense. */
  silent: boolean;
}

/** Starts a proxy to `127.0.0.1:toPort`. */
export async function startProxy(toPort: number): Promise<Proxy> {
  const links = new Set<Link>();
  let mode: ProxyMode = 'pass';

  const hand = (link: Link, from: Socket, to: Socket): void => {
    /** When the piece before this one goes on, by the monotonic clock. */
    let dueMs = 0;
    from.on('data', (piece) => {
      if (mode === 'drop') link.silent = true;
      if (link.silent) return;
      const nowMs = performance.now();
      const waitMs = mode === 'delay' ? LEAST_DELAY_MS + Math.random() * (MOST_DELAY_MS - LEAST_DELAY_MS) : 0;
      if (waitMs === 0 && dueMs <= nowMs) {
        to.write(piece);
        return;
      }
      dueMs = Math.max(dueMs, nowMs + waitMs);
      // Timers of equal time fire in order, and none before an earlier one.
      // oxlint-disable-next-line eslint/no-restricted-globals -- being late is what this is for
      setTimeout(() => !link.silent && !to.destroyed && to.write(piece), Math.ceil(dueMs - nowMs));
    });
    from.on('error', () => undefined);
    from.on('close', () => {
      // The other end of a silent connection does not hear of its end either, but a client that has left needs no server.
      if (link.silent && from === link.server) return;
      to.destroy();
      if (link.client.destroyed) links.delete(link);
    });
  };

  const take = (client: Socket): void => {
    const link: Link = { client, server: connect({ host: '127.0.0.1', port: toPort }), silent: mode === 'drop' };
    links.add(link);
    client.setNoDelay(true);
    link.server.setNoDelay(true);
    hand(link, client, link.server);
    hand(link, link.server, client);
  };

  const listener = createServer(take);
  const listen = async (port: number): Promise<void> => {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
  };
  const cut = async (): Promise<void> => {
    const closed = new Promise((resolve) => listener.close(resolve));
    for (const { client, server } of links) {
      client.resetAndDestroy();
      server.destroy();
    }
    await closed;
    links.clear();
  };
  await listen(0);
  const { port } = listener.address() as AddressInfo;

  return {
    port,
    connections: () => links.size,
    async set(next) {
      const before = mode;
      mode = next;
      // Also what was said before is on its way no longer.
      if (next === 'drop') for (const link of links) link.silent = true;
      if (next === 'cut' && before !== 'cut') await cut();
      if (next !== 'cut' && before === 'cut') await listen(port);
    },
    async stop() {
      if (mode !== 'cut') await cut();
    },
  };
}
