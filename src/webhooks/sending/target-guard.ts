/**
 * Which URLs a webhook may have. A URL is checked when it is given and at each attempt, because host names change their addresses. The call
 * connects to the checked addresses (send.ts), so that a second look-up cannot lead elsewhere.
 */
import { unlessAborted } from '../../domain/deadline.ts';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { QuireError } from '../../errors.ts';
import { isLoopbackAddress } from '../../domain/loopback.ts';
import { isPublic } from './addresses.ts';

/** A URL that may be called, and its addresses, each of them checked. */
export interface Target {
  url: URL;
  addresses: string[];
}

/** The addresses of a host name. Rejects when there are none. */
export type Resolve = (hostname: string) => Promise<string[]>;

export interface TargetGuard {
  /**
   * Resolves to the target when it may be called now. Throws `webhook-target-refused` with a sentence that says why not, or the signal's
   * reason.
   */
  check(url: string, signal?: AbortSignal): Promise<Target>;
}

const RESOLVE_TIMEOUT_MS = 5_000;
/** Longest URL, in characters. */
const MAX_URL = 2048;

/** The look-up of the system, including its hosts file, as a connection would use it. */
const resolveHost: Resolve = async (hostname) => (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address);

function refuse(detail: string): never {
  throw new QuireError('webhook-target-refused', detail, { errors: [{ pointer: '/url', detail }] });
}

/** Checks what the text alone shows. */
function readUrl(text: string, allowLoopback: boolean): URL {
  // The URL parser turns odd spellings of IPv4 addresses (0x7f.1, 017700000001, 2130706433) into the usual one.
  if (text.length > MAX_URL || !URL.canParse(text)) return refuse(`The webhook must be a URL of at most ${MAX_URL} characters.`);
  const url = new URL(text);
  const schemes = allowLoopback ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) return refuse('The webhook must be an https URL.');
  if (url.username !== '' || url.password !== '')
    return refuse('The webhook must not contain a user or password: calls are authenticated by their signature.');
  url.hash = '';
  return url;
}

/** `allowLoopback` admits this machine, by http too: for development and tests. */
export function createTargetGuard({ allowLoopback, resolve = resolveHost }: { allowLoopback: boolean; resolve?: Resolve }): TargetGuard {
  const addressesOf = async (host: string, signal: AbortSignal): Promise<string[]> => {
    if (isIP(host) !== 0) return [host];
    try {
      return await unlessAborted(resolve(host), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      return refuse(`The host name ${host} cannot be resolved.`);
    }
  };

  return {
    async check(text, signal) {
      const url = readUrl(text, allowLoopback);
      const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
      const ownDeadline = AbortSignal.timeout(RESOLVE_TIMEOUT_MS);
      let addresses: string[];
      try {
        addresses = await addressesOf(host, signal ? AbortSignal.any([signal, ownDeadline]) : ownDeadline);
      } catch (error) {
        if (!signal?.aborted && ownDeadline.aborted) return refuse(`The host name ${host} could not be resolved in time.`);
        throw error;
      }
      const admitted = (address: string): boolean =>
        (url.protocol === 'https:' && isPublic(address)) || (allowLoopback && isLoopbackAddress(address));
      // One bad address is enough to refuse: the call may connect to any of them.
      if (addresses.length === 0 || !addresses.every(admitted)) {
        const http = url.protocol === 'http:' ? ', or is not called by https' : '';
        return refuse(`The webhook's host ${host} leads to an address that may not be called: it is not on the public internet${http}.`);
      }
      return { url, addresses };
    },
  };
}
