/** What a worker is called where an operator meets it: in BullMQ's record of a job, on its connection to the store, in the text of a failure, in its log. */
import { hostname } from 'node:os';

/** Redis keeps a job as a compact listpack while no value of it is longer than this many bytes. */
const MAX_BYTES = 64;

/**
 * Name of the workers of this process: host name and process id, `crawler-7d9f8b-x2x4z:1`. Redis takes printable ASCII without spaces as the name
 * of a connection. Of a name that is too long the end stays, which is what tells the members of a fleet apart.
 */
export function workerName(host: string = hostname(), pid: number = process.pid): string {
  return `${host.replaceAll(/[^!-~]/g, '-')}:${pid}`.slice(-MAX_BYTES);
}
