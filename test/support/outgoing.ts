/** What this process connects to and asks for, whoever does it: for tests that nothing goes where it should not. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { Socket } from 'node:net';

export interface Outgoing {
  /** `host:port` or a path of a socket, of every connection that was begun. */
  connections: Set<string>;
  /** Origin and path of every request that undici made. */
  requests: Set<string>;
  /** Host names that were looked up. */
  names: Set<string>;
  stop(): void;
}

interface Target {
  host?: string;
  port?: number | string;
  path?: string;
}

/** `connect` takes a port and a host, a path, options, or a list of these that Node itself has normalised. */
function targetOf([first, second]: unknown[]): string {
  const [one] = [first].flat();
  if (typeof one === 'object' && one !== null) {
    const { host = 'localhost', port, path } = one as Target;
    return path ?? `${host}:${port}`;
  }
  return Number.isInteger(Number(one)) ? `${typeof second === 'string' ? second : 'localhost'}:${String(one)}` : String(one);
}

/** Begins to watch. `stop` puts back what it changed. */
export function watchOutgoing(): Outgoing {
  const [connections, requests, names] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const { connect } = Socket.prototype;
  const { lookup } = dns;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    connections.add(targetOf(args));
    return Reflect.apply(connect, this, args) as Socket;
  };
  dns.lookup = new Proxy(lookup, {
    apply(target, self, args: unknown[]) {
      names.add(String(args[0]));
      return Reflect.apply(target, self, args) as unknown;
    },
  });
  const onRequest = (message: unknown): void => {
    const { origin, path } = (message as { request: { origin: string; path: string } }).request;
    requests.add(`${origin}${path}`);
  };
  subscribe('undici:request:create', onRequest);
  return {
    connections,
    requests,
    names,
    stop() {
      Socket.prototype.connect = connect;
      dns.lookup = lookup;
      unsubscribe('undici:request:create', onRequest);
    },
  };
}
