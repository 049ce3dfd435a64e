/** How an api leaves callers who keep connections open: it answers a little longer, tells each connection to end, and then cuts what is left. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** Callers have noticed when none has asked for so long. */
const QUIET_MS = 250;
/** How often that is looked at, and connections that have become idle are closed. */
const LOOK_MS = 50;

export interface DrainTimes {
  /** How long it goes on answering at most, in milliseconds, while callers still come. 0 closes at once. */
  lingerMs: number;
  /** After so long, in milliseconds from the call, connections that are still open are cut. */
  cutMs: number;
}

const isProbe = (url: string | undefined): boolean => /^\/(readyz|livez|metrics)\b/.test(url ?? '');

/** Resolves when nobody but probes has asked for a while, at the latest after `lingerMs`. */
async function quiet(server: Server, lingerMs: number): Promise<void> {
  const untilMs = performance.now() + lingerMs;
  let askedAtMs = performance.now();
  const onRequest = ({ url }: IncomingMessage): void => {
    if (!isProbe(url)) askedAtMs = performance.now();
  };
  server.on('request', onRequest);
  try {
    while (performance.now() < Math.min(untilMs, askedAtMs + QUIET_MS)) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  } finally {
    server.off('request', onRequest);
  }
}

/**
 * Closes the app. A kept-alive connection that is closed just as a request arrives on it loses that request, and no caller can tell whether it was
 * taken. So connections are not closed under callers: for as long as requests come (at most `lingerMs`), they are answered with `connection: close`.
 */
export async function closeGently(app: FastifyInstance, { lingerMs, cutMs }: DrainTimes): Promise<void> {
  const { server } = app;
  if (!server.listening) return app.close();
  // Before Fastify's own listener, which may answer at once. Added only now, since it would cost every request something.
  server.prependListener('request', (_request, response: ServerResponse) => response.setHeader('connection', 'close'));
  const cut = setTimeout(() => server.closeAllConnections(), cutMs);
  let closeIdle: NodeJS.Timeout | undefined;
  try {
    await quiet(server, lingerMs);
    // An answer that was begun before said "keep-alive": its connection would stay open for as long as the caller likes.
    closeIdle = setInterval(() => server.closeIdleConnections(), LOOK_MS);
    await app.close();
  } finally {
    clearTimeout(cut);
    clearInterval(closeIdle);
  }
}
