/** What can go wrong between asking for a page and having its bytes. */
import { QuireError } from '../../errors.ts';

/**
 * `timeout`: the deadline of the whole exchange passed. `reset`: the connection ended before the answer did. `unreachable`: the
 * network here, or its proxy, has no way to Goodreads. `insecure`: no connection was made, because of its encryption. `protocol`: the answer is not HTTP. `too-large`: the limit on received or decoded bytes was
 * exceeded. `bad-encoding`: the body is not what `Content-Encoding` says. `redirect`: a redirect that is not followed.
 */
export type FetchFaultKind = 'timeout' | 'reset' | 'unreachable' | 'insecure' | 'protocol' | 'too-large' | 'bad-encoding' | 'redirect';

/** A `crawl-failed` with a machine-readable kind. */
export class FetchFault extends QuireError {
  readonly kind: FetchFaultKind;

  constructor(kind: FetchFaultKind, detail: string, cause?: unknown) {
    super('crawl-failed', detail, cause === undefined ? {} : { cause });
    this.name = 'FetchFault';
    this.kind = kind;
  }
}

const UNREACHABLE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EACCES|EPERM)$/;
const INSECURE = /^(CERT_.*|ERR_TLS_.*|ERR_SSL_.*|DEPTH_ZERO_.*|SELF_SIGNED_.*|UNABLE_TO_.*)$/;
const TIMEOUT = /^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/;
const PROTOCOL = /^(HPE_.*|UND_ERR_HEADERS_OVERFLOW|ERR_INVALID_.*)$/;

/** Turns an error of the HTTP client into a fault. Its detail has only the error's code, because messages may contain addresses. */
export function faultOf(error: unknown): FetchFault {
  if (error instanceof FetchFault) return error;
  const code = codeOf(error);
  if (TIMEOUT.test(code)) return new FetchFault('timeout', 'Goodreads did not answer in time.', error);
  if (UNREACHABLE.test(code)) return new FetchFault('unreachable', `No connection to Goodreads came about (${code}).`, error);
  if (INSECURE.test(code)) return new FetchFault('insecure', `No encrypted connection to Goodreads came about (${code}).`, error);
  if (PROTOCOL.test(code)) return new FetchFault('protocol', `The answer is not proper HTTP (${code}).`, error);
  return new FetchFault('reset', `The connection ended before the answer did${code === '' ? '' : ` (${code})`}.`, error);
}

/** What a fault says about the source, when `sent` requests had left before it. */
export const outcomeOf = ({ kind }: FetchFault, sent: number): 'unreachable' | 'failed' =>
  kind === 'unreachable' && sent === 0 ? 'unreachable' : 'failed';

/** The code of an error; '' when it has none. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_INVALID';
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
