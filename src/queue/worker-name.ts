/**
 * The name of a worker, as an operator sees it: in BullMQ's record of a job, on its connection to the store, in failures and in the log.
 */
import { hostname } from 'node:os';

/** Redis stores a job compactly, as a listpack, while none of its values is longer than this many bytes. */
const MAX_BYTES = 64;

/**
 * Name of the workers of this process: host name and process id, such as `crawler-7d9f8b-x2x4z:1`. Redis accepts printable ASCII without
 * spaces as the name of a connection. A name that is too long loses its start, because the end tells the workers of a fleet apart.
 */
export function workerName(host: string = hostname(), pid: number = process.pid): string {
  return `${host.replaceAll(/[^!-~]/g, '-')}:${pid}`.slice(-MAX_BYTES);
}
