/**
 * The way through the operator's proxy (HTTPS_PROXY): each connection to the source is a tunnel that the proxy opens on `CONNECT`. What goes
 * wrong on the way there is a fault of the network here, never of the source.
 */
import { request as requestHttp, type ClientRequest } from 'node:http';
import { request as requestHttps } from 'node:https';
import { buildConnector } from 'undici';
import { codeOf, FetchFault } from './fetch-fault.ts';

export interface ProxySettings {
  /** HTTPS_PROXY: `http://[user:password@]host:port`; `null` for none. */
  httpsProxy: string | null;
  /** NO_PROXY: names that are asked without it. */
  noProxy: string;
}

const DEFAULT_PORT: Record<string, number> = { 'http:': 80, 'https:': 443 };

/**
 * Whether requests to `origin` take the proxy: it is an https origin, and NO_PROXY does not name it. NO_PROXY has names with commas or spaces
 * between them. A name counts for its subdomains too, may begin with a dot or `*.`, and may end in a port. `*` stands for every name.
 */
export function takesProxy(origin: string, { httpsProxy, noProxy }: ProxySettings): boolean {
  const { protocol, hostname, port } = new URL(origin);
  if (httpsProxy === null || protocol !== 'https:') return false;
  const ownPort = Number(port === '' ? DEFAULT_PORT[protocol] : port);
  return !noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => {
      const [, name = '', onlyPort] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
      if (entry === '*') return true;
      return (
        name !== '' && (hostname === name || hostname.endsWith(`.${name}`)) && (onlyPort === undefined || Number(onlyPort) === ownPort)
      );
    });
}

export interface Tunnels {
  /** Connects for a pool of undici. */
  connect: buildConnector.connector;
  /** Gives up the tunnels that are being opened. */
  close(): void;
}

/** Opens tunnels through `proxy`. Each has `timeoutMs` for the answer of the proxy, and then for the encryption. */
export function createTunnels(proxy: string, { timeoutMs, ca }: { timeoutMs: number; ca: string | undefined }): Tunnels {
  const encrypt = buildConnector({ timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) });
  const opening = new Set<ClientRequest>();
  return {
    connect(options, callback) {
      const target = `${options.hostname}:${options.port === '' ? DEFAULT_PORT[options.protocol] : options.port}`;
      const asked = askForTunnel(new URL(proxy), target);
      opening.add(asked);
      asked.setTimeout(timeoutMs, () => asked.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
      asked.once('close', () => opening.delete(asked));
      asked.once('error', (error) => {
        const code = codeOf(error);
        callback(new FetchFault('unreachable', `The proxy of HTTPS_PROXY cannot be reached (${code}).`, error), null);
      });
      asked.once('connect', ({ statusCode }, httpSocket) => {
        opening.delete(asked);
        httpSocket.setTimeout(0);
        if (statusCode === 200) return encrypt({ ...options, httpSocket }, callback);
        httpSocket.destroy();
        const remedy = statusCode === 407 ? ' Its user and password belong into HTTPS_PROXY.' : '';
        callback(new FetchFault('unreachable', `The proxy of HTTPS_PROXY refused to connect (status ${statusCode}).${remedy}`), null);
      });
      asked.end();
    },
    close() {
      for (const asked of opening) asked.destroy();
    },
  };
}

function askForTunnel({ protocol, hostname, port, username, password }: URL, target: string): ClientRequest {
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return (protocol === 'https:' ? requestHttps : requestHttp)({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT[protocol] : port,
    method: 'CONNECT',
    path: target,
    headers: { host: target, ...(username === '' ? {} : { 'proxy-authorization': `Basic ${user}` }) },
    agent: false,
  });
}
