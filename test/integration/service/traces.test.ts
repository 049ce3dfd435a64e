/** Traces from the request to the settled job, with the SDK of an operator in this process. docs/tracing.md describes them. */
import diagnostics from 'node:diagnostics_channel';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { openQueue } from '../../../src/queue/parse-book-queue.ts';
import { startQuire, type TestQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** Loads the SDK as an operator does, before Quire. */
function loadSdk(sampler: Sampler = new AlwaysOnSampler()): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  return exporter;
}

afterEach(() => {
  for (const api of [trace, context, propagation]) api.disable();
});

async function start(settings: Record<string, string> = {}, onLog?: (line: string) => void): Promise<TestQuire> {
  const quire = await startQuire('embedded', { settings, ...(onLog ? { onLog, log: 'debug' } : {}) });
  onTestFinished(() => quire.stop());
  return quire;
}

/** What BullMQ keeps with the jobs that wait and have ended. */
async function dataOfJobs(quire: TestQuire): Promise<unknown[]> {
  const queue = openQueue(quire.service.store, () => undefined);
  try {
    return (await queue.getJobs()).map(({ data }) => data as unknown);
  } finally {
    await queue.close();
  }
}

const named = (spans: ReadableSpan[], name: string): ReadableSpan[] => spans.filter((span) => span.name === name);
const idOf = (span: ReadableSpan | undefined): string => span?.spanContext().spanId ?? '';
const traceOf = (span: ReadableSpan | undefined): string => span?.spanContext().traceId ?? '';

it('a request is a trace of its own, and each attempt of its job is another that is linked to it', async () => {
  const exporter = loadSdk();
  const sent: { path: string; headers: Record<string, string> }[] = [];
  // What instrumentations of HTTP clients do: they send the trace that is active when the request is made.
  const instrument = (message: unknown): void => {
    const { request } = message as { request: { path: string } };
    const headers: Record<string, string> = {};
    propagation.inject(context.active(), headers);
    sent.push({ path: request.path, headers });
  };
  diagnostics.subscribe('undici:request:create', instrument);
  onTestFinished(() => void diagnostics.unsubscribe('undici:request:create', instrument));
  const log: Record<string, unknown>[] = [];
  const quire = await start({}, (line) => log.push(JSON.parse(line) as Record<string, unknown>));

  const [id = ''] = quire.goodreads.ids;
  await quire.goodreads.control({ mode: 'down' });
  const headers = { 'content-type': 'application/json', traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01` };
  const { body } = await quire.post('/parse-links?priority=interactive', undefined, { body: JSON.stringify([id]), headers });
  await waitUntil('the first attempt to fail', () => named(exporter.getFinishedSpans(), 'parse-book').length > 0);
  await quire.goodreads.control({ mode: 'open' });
  await quire.ended(body.batchId as string);
  await quire.get('/livez');
  await waitUntil('the last attempt to end', () => {
    const runs = named(exporter.getFinishedSpans(), 'parse-book');
    return runs.at(-1)?.attributes['quire.outcome'] === 'parsed';
  });

  const spans = exporter.getFinishedSpans();
  const [request] = named(spans, 'POST /parse-links');
  expect(request).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: CALLER,
    attributes: { 'http.route': '/parse-links', 'http.response.status_code': 202 },
  });
  expect(traceOf(request)).toBe(CALLER.traceId);
  const [submit] = named(spans, 'submit');
  expect(submit?.parentSpanContext?.spanId).toBe(idOf(request));

  const attempts = named(spans, 'parse-book');
  expect(attempts.length).toBeGreaterThanOrEqual(2);
  expect(new Set([request, ...attempts].map(traceOf)).size).toBe(attempts.length + 1);
  for (const attempt of attempts) {
    expect(attempt.parentSpanContext).toBeUndefined();
    expect(attempt.links.map((link) => [link.context.traceId, link.context.spanId])).toEqual([[traceOf(request), idOf(request)]]);
  }
  const [first, last] = [attempts[0], attempts.at(-1)];
  expect(first).toMatchObject({ attributes: { 'quire.attempt': 1, 'quire.next': 'retry', 'quire.error': 'crawl-failed' } });
  expect(first?.status.code).toBe(SpanStatusCode.ERROR);
  expect(last).toMatchObject({ attributes: { 'quire.job': `book-${id}`, 'quire.next': 'done' }, status: { code: SpanStatusCode.UNSET } });
  const steps = spans.filter((span) => traceOf(span) === traceOf(last) && span !== last);
  expect(steps.map(({ name }) => name)).toEqual(['wait for turn', 'fetch', 'parse', 'settle']);
  expect(steps.map((step) => step.parentSpanContext?.spanId)).toEqual(steps.map(() => idOf(last)));
  expect(steps[1]).toMatchObject({ kind: SpanKind.CLIENT, attributes: { 'http.response.status_code': 200 } });
  expect(steps[2]?.attributes).toMatchObject({ 'quire.page': 'book' });
  expect(steps[3]?.attributes).toMatchObject({ 'quire.outcome': 'parsed', 'quire.stored': 'stored' });

  // Health checks are not traced, and no span has what a caller may put into an address.
  expect(spans.filter(({ name }) => name.includes('livez'))).toEqual([]);
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('priority=');
  // Lines of a traced attempt lead to its trace.
  expect(log.find(({ code }) => code === 'crawl-failed')).toMatchObject({ trace_id: traceOf(first), span_id: idOf(first) });
  // No id of a trace goes to Goodreads.
  const toGoodreads = sent.filter(({ path }) => path.startsWith('/book/show/') || path === '/robots.txt');
  expect(toGoodreads.length).toBeGreaterThanOrEqual(3);
  expect(toGoodreads.filter((call) => 'traceparent' in call.headers)).toEqual([]);
  expect(await dataOfJobs(quire)).toEqual([{ trace: `00-${traceOf(request)}-${idOf(request)}-01` }]);
});

it('a job keeps nothing of a trace while no SDK is loaded, and nothing of one that the sampler leaves out', async () => {
  const quire = await start();
  const first = await quire.submit([quire.goodreads.ids[0]]);
  const exporter = loadSdk(new AlwaysOffSampler());
  const second = await quire.submit([quire.goodreads.ids[1]]);
  for (const { batchId } of [first, second]) await quire.ended(batchId);
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(await dataOfJobs(quire)).toEqual([{}, {}]);
});
