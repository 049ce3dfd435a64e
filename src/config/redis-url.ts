/**
 * What `REDIS_URL` names: one server, a set that Sentinels watch, or a cluster.
 *
 *   redis://[user:password@]host[:port][/database]                        rediss:// for TLS
 *   redis-sentinel://[user:password@]host[:port],host[:port][/database]#master      rediss-sentinel:// for TLS
 *   redis-cluster://[user:password@]host[:port],host[:port]                        rediss-cluster:// for TLS
 */
export interface RedisAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  nodes: { host: string; port: number }[];
  tls: boolean;
  username: string | undefined;
  password: string | undefined;
  database: number;
  /** Name of the master that the sentinels watch. */
  master: string | undefined;
}

const FORM = /^(rediss?)(-sentinel|-cluster)?:\/\/(?=\S)(?:([^@/\s]*)@)?([^/#?\s]*)(?:\/(\d*))?(?:#(\S+))?$/;
const NODE = /^(\[[0-9a-fA-F:]+\]|[^:]+)(?::(\d{1,5}))?$/;

/** Parses a URL; throws an Error whose message completes "REDIS_URL must be …". Never repeats the password. */
export function parseRedisUrl(url: string): RedisAddress {
  const match = FORM.exec(url);
  if (!match) throw new Error('a URL such as redis://127.0.0.1:6379, redis-sentinel://host1,host2#master or redis-cluster://host1,host2');
  const [, scheme = '', mode, credentials, hosts = '', database, master] = match;
  const kind = mode === '-sentinel' ? 'sentinel' : mode === '-cluster' ? 'cluster' : 'single';
  const nodes = (hosts || '127.0.0.1').split(',').map((text) => {
    const node = NODE.exec(text);
    const port = Number(node?.[2] ?? (kind === 'sentinel' ? 26_379 : 6_379));
    if (!node?.[1] || port < 1 || port > 65_535) throw new Error('a URL whose hosts look like host or host:port, separated by commas');
    return { host: node[1].replace(/^\[|\]$/g, ''), port };
  });
  if (kind === 'single' && nodes.length > 1)
    throw new Error('a URL with one host (for several, use redis-sentinel:// or redis-cluster://)');
  if (kind === 'sentinel' && !master)
    throw new Error('a URL that names the master after a #, such as redis-sentinel://host1,host2#mymaster');
  if (kind === 'cluster' && Number(database || 0) > 0)
    throw new Error('a cluster URL without a database number: a cluster has only number 0');
  const [username, password] = (credentials ?? '').includes(':') ? (credentials ?? '').split(/:(.*)/s) : ['', credentials];
  const decoded = (text: string | undefined): string | undefined => {
    try {
      return text ? decodeURIComponent(text) : undefined;
    } catch (error) {
      throw new Error('a URL whose user and password are percent-encoded (a % itself is %25)', { cause: error });
    }
  };
  return {
    kind,
    nodes,
    tls: scheme === 'rediss',
    username: decoded(username),
    password: decoded(password),
    database: Number(database || 0),
    master,
  };
}

/** Describes an address without its secrets, for the log. */
export function describeAddress({ kind, nodes, tls, database, master }: RedisAddress): string {
  const hosts = nodes.map(({ host, port }) => `${host}:${port}`).join(', ');
  const what = kind === 'single' ? 'Redis at' : kind === 'cluster' ? 'Redis Cluster at' : `Redis, master ${master} of the Sentinels at`;
  return `${what} ${hosts}${database > 0 ? `, database ${database}` : ''}${tls ? ' (TLS)' : ''}`;
}
