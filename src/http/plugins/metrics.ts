/** What the HTTP part records of itself: requests by route, reads of books, open streams. No label is one that a caller can fill. */
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import type { Meters, Metrics } from '../../metrics/metrics.ts';
import type { MetricsFormat } from '../../metrics/registry.ts';
import { traceIdOf } from '../../tracing.ts';
import type { ReadOutcome } from '../answers/book-answer.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Left out of the request times, because measuring would slow the route down. */
    unmeasured?: boolean;
  }
}

/** Times every request from now on, by method, route and status. */
export function timeRequests(app: FastifyInstance, { httpSeconds }: Pick<Meters, 'httpSeconds'>): void {
  app.addHook('onRoute', (route) => {
    if (route.config?.unmeasured === true) return;
    const { url } = route;
    // A route has few methods and statuses: their series are kept, so that a request costs two look-ups.
    const series = new Map<string, Map<number, ReturnType<Meters['httpSeconds']['of']>>>();
    const measure: onResponseHookHandler = ({ method, span }, { statusCode, elapsedTime }, done) => {
      let byStatus = series.get(method);
      if (!byStatus) series.set(method, (byStatus = new Map()));
      let one = byStatus.get(statusCode);
      if (!one) byStatus.set(statusCode, (one = httpSeconds.of(method, url, String(statusCode))));
      // The span of the request has ended by now, so it is no longer the active one.
      one.observe(elapsedTime / 1000, span === null ? null : traceIdOf(span));
      done();
    };
    route.onResponse = [measure, ...[route.onResponse ?? []].flat()];
  });
}

/** Counts reads of books: the busiest path. */
export const createReadCounter =
  ({ bookReads }: Pick<Meters, 'bookReads'>): ((outcome: ReadOutcome) => void) =>
  (outcome) =>
    bookReads.of(outcome).add();

/** Shows streams of events that are open, and bytes of request bodies that are held. */
export function showLoad({ meters, onLook }: Metrics, bodyBytes: () => number): { inc(): void; dec(): void } {
  let streams = 0;
  onLook(() => {
    meters.openStreams.of().set(streams);
    meters.bodyBytes.of().set(bodyBytes());
  });
  return { inc: () => void (streams += 1), dec: () => void (streams -= 1) };
}

const qualityOf = (parameters: readonly string[]): number => {
  const q = parameters.find((one) => /^\s*q\s*=/i.test(one));
  const value = q === undefined ? 1 : Number(q.split('=')[1]);
  return Number.isFinite(value) ? value : 0;
};

/** The form that `Accept` prefers. Without a preference it is Prometheus' own. */
export function formatFor(accept: string | undefined): MetricsFormat {
  let [open, text] = [0, 0];
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';');
    const name = type.trim().toLowerCase();
    if (name === 'application/openmetrics-text') open = Math.max(open, qualityOf(parameters));
    if (name === 'text/plain' || name === 'text/*') text = Math.max(text, qualityOf(parameters));
  }
  return open > 0 && open >= text ? 'openmetrics' : 'text';
}
