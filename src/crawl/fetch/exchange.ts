/** One request and its answer on a pooled connection. The received bytes are limited, and a signal ends the exchange at once. */
import type { Dispatcher } from 'undici';
import { untraced } from '../../tracing.ts';
import { FetchFault, faultOf } from './fetch-fault.ts';

export type AnswerHeaders = Record<string, string | string[] | undefined>;

export interface Exchange {
  status: number;
  headers: AnswerHeaders;
  /** As received: not yet decompressed. */
  body: Buffer;
}

interface ExchangeOptions {
  path: string;
  /** Names and values in turn: the cheapest form for the client. */
  headers: string[];
  maxBytes: number;
  /** Ends the exchange; its reason is what the caller gets. */
  signal: AbortSignal;
  /** Is called when the request leaves, on a connection that exists. */
  onSent: () => void;
}

const EMPTY = Buffer.alloc(0);
/** The headers say all about a redirect. Its body is read up to this limit, only to keep the connection. */
const MAX_REDIRECT_BODY = 64 * 1024;

/**
 * Whether status and headers alone say what the answer is. Then a body that is broken, endless or too large is ignored. 404 and 410 need
 * their body: only the page itself proves that a book does not exist.
 */
export function needsNoBody(status: number, headers: AnswerHeaders): boolean {
  if (headers['x-amzn-waf-action'] !== undefined || status === 202) return true;
  return isRedirect(status) || (status >= 400 && status !== 404 && status !== 410);
}

/** Whether the answer sends the client elsewhere. */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** Sends a GET and resolves to the whole answer. Rejects with a {@link FetchFault}, or with the signal's reason. */
export async function exchange(dispatcher: Dispatcher, options: ExchangeOptions): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const { path, headers: requestHeaders, maxBytes, signal, onSent } = options;
    let controller: Dispatcher.DispatchController | undefined;
    let settled = false;
    let status = 0;
    let headers: AnswerHeaders = {};
    let limit = maxBytes;
    let received = 0;
    // With a known length the pieces are copied to their place as they arrive. Otherwise they are collected.
    let whole: Buffer | undefined;
    let pieces: Buffer[] = [];

    const finish = (settle: () => void): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      settle();
      whole = undefined;
      pieces = [];
    };
    const fail = (error: unknown): void => finish(() => reject(error));
    /** Ends the connection. Rejects, unless the headers alone are the answer. */
    const cut = (fault: FetchFault): void => {
      finish(() => (needsNoBody(status, headers) ? resolve({ status, headers, body: EMPTY }) : reject(fault)));
      controller?.abort(fault);
    };
    const onAbort = (): void => {
      fail(signal.reason);
      controller?.abort(signal.reason as Error);
    };

    if (signal.aborted) return fail(signal.reason);
    signal.addEventListener('abort', onAbort);
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        // The exchange ended while it waited for a connection, so nothing is sent.
        if (settled) started.abort(new FetchFault('timeout', 'The request was given up before it was sent.'));
        else onSent();
      },
      onResponseStart(_controller, statusCode, answerHeaders) {
        if (statusCode < 200) return;
        status = statusCode;
        headers = answerHeaders;
        if (isRedirect(status)) limit = Math.min(maxBytes, MAX_REDIRECT_BODY);
        const announced = Number(headers['content-length'] ?? Number.NaN);
        if (announced > limit) cut(tooLarge(maxBytes));
        else if (announced > 0) whole = Buffer.allocUnsafeSlow(announced);
      },
      onResponseData(_controller, piece) {
        if (settled) return;
        const at = received;
        received += piece.length;
        if (received > limit) cut(tooLarge(maxBytes));
        else if (whole === undefined) pieces.push(piece);
        else piece.copy(whole, at);
      },
      onResponseEnd() {
        finish(() => resolve({ status, headers, body: whole ?? (pieces.length === 0 ? EMPTY : Buffer.concat(pieces, received)) }));
      },
      onResponseError(_controller, error) {
        const fault = faultOf(error);
        finish(() => (status > 0 && needsNoBody(status, headers) ? resolve({ status, headers, body: EMPTY }) : reject(fault)));
      },
    };
    untraced(() => dispatcher.dispatch({ path, method: 'GET', headers: requestHeaders }, handler));
  });
}

function tooLarge(maxBytes: number): FetchFault {
  return new FetchFault('too-large', `The answer is larger than ${maxBytes} bytes and was cut off.`);
}
