/** Prometheus metrics: a registry of the app's own, names `quire_*`, and no label that a caller can fill. */
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReadOutcome } from '../answers/book-answer.ts';
import { SOURCE_STATES } from '../../crawl/source/source-state.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { measureProcess } from './process-metrics.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Left out of the request times, because measuring would slow the route down. */
    unmeasured?: boolean;
  }
}

export interface Metrics {
  readonly contentType: string;
  /** The metrics as text. While the store is away, its metrics are left out. */
  text(): Promise<string>;
  countRead(outcome: ReadOutcome): void;
  /** Streams of events that are open now. */
  readonly openStreams: { inc(): void; dec(): void };
}

const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

type Registers = { registers: Registry[] };

/** Times every request from now on, by method, route and status. */
function timeRequests(app: FastifyInstance, { registers }: Registers): void {
  const requests = new Histogram({
    name: 'quire_http_request_seconds',
    help: 'Time from request to the last byte of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS_SECONDS,
    registers,
  });
  app.addHook('onRoute', (route) => {
    if (route.config?.unmeasured === true) return;
    const measure: onResponseHookHandler = (request, reply, done) => {
      requests.observe({ method: request.method, route: route.url, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    };
    route.onResponse = [measure, ...[route.onResponse ?? []].flat()];
  });
}

/** Counts reads in plain numbers, and hands them over when somebody looks: reads are the busiest path. */
function createReadCounter({ registers }: Registers): (outcome: ReadOutcome) => void {
  const outcomes = new Map<ReadOutcome, number>();
  void new Counter({
    name: 'quire_book_reads_total',
    help: 'Reads of single books by outcome.',
    labelNames: ['outcome'] as const,
    registers,
    collect() {
      this.reset();
      for (const [outcome, n] of outcomes) this.inc({ outcome }, n);
    },
  });
  return (outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

/** Counts questions to Goodreads by what came of them. */
function countLookUps({ registers }: Registers, lookUps: Pick<HttpDependencies['lookUps'], 'counts'>): void {
  void new Counter({
    name: 'quire_look_ups_total',
    help: 'Questions to Goodreads that callers waited for, by kind and result.',
    labelNames: ['kind', 'result'] as const,
    registers,
    collect() {
      this.reset();
      for (const [name, n] of lookUps.counts()) {
        const [kind = '', result = ''] = name.split(' ');
        this.inc({ kind, result }, n);
      }
    },
  });
}

type StateDependencies = Pick<HttpDependencies, 'store' | 'jobs' | 'source' | 'collections' | 'parserHealth'>;

/** Makes the gauges of collections. The function returned sets them. */
function createCollectionGauges({ registers }: Registers, { collections, parserHealth }: StateDependencies) {
  const states = new Gauge({ name: 'quire_collections', help: 'Collections in the queue by state.', labelNames: ['state'], registers });
  const pages = new Gauge({
    name: 'quire_listing_pages',
    help: 'Pages that list books that were read in the last 6 hours.',
    labelNames: ['family'] as const,
    registers,
  });
  const unread = new Gauge({
    name: 'quire_listing_unrecognised_ratio',
    help: 'Share of the pages of a family that were not recognised in the last 6 hours.',
    labelNames: ['family'] as const,
    registers,
  });
  const set = async (): Promise<void> => {
    const [counts, { families }] = await Promise.all([collections.counts(), parserHealth()]);
    for (const [state, n] of Object.entries(counts)) states.set({ state }, n);
    for (const { family, pages: read, unrecognised } of families) {
      pages.set({ family }, read.recent);
      unread.set({ family }, unrecognised.recent ?? 0);
    }
  };
  return { set, gauges: [states, pages, unread] };
}

/** Makes the gauges of the store and the source. The function returned sets them; the store's have no value while it is away. */
function createStateGauges({ registers }: Registers, deps: StateDependencies) {
  const { store, jobs, source } = deps;
  const jobStates = new Gauge({ name: 'quire_jobs', help: 'Jobs by state.', labelNames: ['state'] as const, registers });
  const oldest = new Gauge({ name: 'quire_oldest_waiting_job_seconds', help: 'Age of the oldest waiting job.', registers });
  const books = new Gauge({ name: 'quire_books', help: 'Books stored; more than 10,000 may be an estimate.', registers });
  const storeUp = new Gauge({ name: 'quire_store_up', help: '1 while the store answers.', registers });
  const sourceState = new Gauge({
    name: 'quire_source_state',
    help: '1 for the state the source is in.',
    labelNames: ['state'] as const,
    registers,
  });

  const ofCollections = createCollectionGauges({ registers }, deps);

  return async (): Promise<void> => {
    const { mode } = source.current();
    for (const state of SOURCE_STATES) sourceState.set({ state }, state === mode ? 1 : 0);
    try {
      const [{ oldestSeconds, ...states }, stored] = await Promise.all([jobs.backlog(), store.books.count(), ofCollections.set()]);
      for (const [state, n] of Object.entries(states)) jobStates.set({ state }, n);
      oldest.set(oldestSeconds ?? 0);
      books.set(stored);
      storeUp.set(1);
    } catch {
      for (const gauge of [jobStates, oldest, books, ...ofCollections.gauges]) gauge.reset();
      storeUp.set(0);
    }
  };
}

interface MetricsOptions extends StateDependencies, Pick<HttpDependencies, 'version' | 'lookUps'> {
  /** Bytes of request bodies that are held now. */
  bodyBytes: () => number;
}

/** Makes the metrics and counts the answers of `app`. */
export function createMetrics(app: FastifyInstance, { version, bodyBytes, ...deps }: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  timeRequests(app, { registers });
  const countRead = createReadCounter({ registers });
  countLookUps({ registers }, deps.lookUps);
  const openStreams = new Gauge({ name: 'quire_event_streams', help: 'Open streams of batch events.', registers });
  void new Gauge({
    name: 'quire_request_body_bytes',
    help: 'Bytes of request bodies that are held now.',
    registers,
    collect() {
      this.set(bodyBytes());
    },
  });
  const setStates = createStateGauges({ registers }, deps);
  measureProcess(app, registry, version);

  return {
    contentType: registry.contentType,
    async text() {
      await setStates();
      return registry.metrics();
    },
    countRead,
    openStreams,
  };
}
