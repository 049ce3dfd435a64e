/** Prometheus metrics: a registry of the app's own, names `quire_*`, and no label that a caller can fill. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, onResponseHookHandler } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ReadOutcome } from '../answers/book-answer.ts';
import type { HttpDependencies } from '../dependencies.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Left out of the request times: what measuring costs is felt there. */
    unmeasured?: boolean;
  }
}

export interface Metrics {
  readonly contentType: string;
  /** The metrics as text. What the store would have to say is left out while it is away. */
  text(): Promise<string>;
  countRead(outcome: ReadOutcome): void;
  /** Streams of events that are open now. */
  readonly openStreams: { inc(): void; dec(): void };
}

const BUCKETS_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/** Makes the metrics and counts the answers of `app`. */
export function createMetrics(
  app: FastifyInstance,
  {
    store,
    jobs,
    source,
    version,
    bodyBytes,
  }: Pick<HttpDependencies, 'store' | 'jobs' | 'source' | 'version'> & { bodyBytes: () => number },
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'quire_http_request_seconds',
    help: 'Time from request to the last byte of its answer.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS_SECONDS,
    registers,
  });
  // Counted in plain numbers and handed over when somebody looks: reads are the busiest path.
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
  const openStreams = new Gauge({ name: 'quire_event_streams', help: 'Open streams of batch events.', registers });
  void new Gauge({
    name: 'quire_request_body_bytes',
    help: 'Bytes of request bodies that are held now.',
    registers,
    collect() {
      this.set(bodyBytes());
    },
  });
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
  measureProcess(app, registry, version);

  app.addHook('onRoute', (route) => {
    if (route.config?.unmeasured === true) return;
    const measure: onResponseHookHandler = (request, reply, done) => {
      requests.observe({ method: request.method, route: route.url, status: reply.statusCode }, reply.elapsedTime / 1000);
      done();
    };
    route.onResponse = [measure, ...[route.onResponse ?? []].flat()];
  });

  const collect = async (): Promise<void> => {
    const { mode } = source.current();
    for (const state of ['open', 'slowed', 'blocked']) sourceState.set({ state }, state === mode ? 1 : 0);
    try {
      const [{ oldestSeconds, ...states }, stored] = await Promise.all([jobs.backlog(), store.books.count()]);
      for (const [state, n] of Object.entries(states)) jobStates.set({ state }, n);
      oldest.set(oldestSeconds ?? 0);
      books.set(stored);
      storeUp.set(1);
    } catch {
      for (const gauge of [jobStates, oldest, books]) gauge.reset();
      storeUp.set(0);
    }
  };

  return {
    contentType: registry.contentType,
    async text() {
      await collect();
      return registry.metrics();
    },
    countRead: (outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
    openStreams,
  };
}

/** The process itself, under the names Prometheus' own clients use. prom-client's default metrics would start observers that never end. */
function measureProcess(app: FastifyInstance, registry: Registry, version: string): void {
  const registers = [registry];
  new Gauge({ name: 'quire_build_info', help: 'The version that runs.', labelNames: ['version'], registers }).set({ version }, 1);
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  app.addHook('onClose', () => {
    delay.disable();
  });
  void new Gauge({
    name: 'quire_event_loop_delay_seconds',
    help: 'Longest delay of the event loop since the last look.',
    registers,
    collect() {
      this.set(delay.max / 1e9);
      delay.reset();
    },
  });
  void new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  void new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time used.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}
