/** How an api stops: it answers a little longer, tells each connection to end, and then cuts those that are left. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

/** No request for this long means that callers have moved on. */
const QUIET_MS = 250;
/** How often the server looks for requests, and closes idle connections. */
const LOOK_MS = 50;

export interface DrainTimes {
  /** How long the server goes on answering at most, in milliseconds, while requests still come. 0 closes at once. */
  lingerMs: number;
  /** When connections that are still open are cut, in milliseconds from the call. */
  cutMs: number;
}

const isProbe = (url: string | undefined): boolean => /^\/(readyz|livez|metrics)\b/.test(url ?? '');

/** Resolves when only probes have asked for a while, at the latest after `lingerMs`. */
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
 * Closes the app. A kept-alive connection that closes just as a request arrives loses that request, and the caller cannot tell whether it
 * was taken. So requests are answered with `connection: close` for as long as they come, at most `lingerMs`.
 */
export async function closeGently(app: FastifyInstance, { lingerMs, cutMs }: DrainTimes): Promise<void> {
  const { server } = app;
  if (!server.listening) return app.close();
  // Before Fastify's own listener, which may answer at once. Added only now, because it costs every request something.
  server.prependListener('request', (_request, response: ServerResponse) => response.setHeader('connection', 'close'));
  const cut = setTimeout(() => server.closeAllConnections(), cutMs);
  let closeIdle: NodeJS.Timeout | undefined;
  try {
    await quiet(server, lingerMs);
    // An answer that began earlier said "keep-alive": the caller may keep that connection open.
    closeIdle = setInterval(() => server.closeIdleConnections(), LOOK_MS);
    await app.close();
  } finally {
    clearTimeout(cut);
    clearInterval(closeIdle);
  }
}
