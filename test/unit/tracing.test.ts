import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type Sampler,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it } from 'vitest';
import { QuireError } from '../../src/errors.ts';
import { activeTrace, flushTraces, inSpan, isTracing, openRequestSpan, traceparent, untraced, within } from '../../src/tracing.ts';

function loadSdk(sampler: Sampler = new AlwaysOnSampler()): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ sampler, spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  return exporter;
}

afterEach(() => {
  for (const api of [trace, context, propagation]) api.disable();
});

describe('without an SDK', () => {
  it('work is done, and nothing is known of it', async () => {
    expect(isTracing()).toBe(false);
    expect(inSpan('work', {}, (span) => (span.set({ a: 1 }), [traceparent(), activeTrace()]))).toEqual([undefined, null]);
    expect(openRequestSpan('GET /', {}, {})).toBeNull();
    expect(untraced(() => 7)).toBe(7);
    await flushTraces();
  });
});

describe('with an SDK', () => {
  it('work has a span, which ends with it', async () => {
    const exporter = loadSdk();
    const seen = await inSpan('work', { attributes: { a: 1 } }, async (span) => {
      span.set({ b: 2 });
      await Promise.resolve();
      expect(exporter.getFinishedSpans()).toEqual([]);
      return { parent: traceparent(), ids: activeTrace() };
    });
    const [span] = exporter.getFinishedSpans();
    expect(span).toMatchObject({ name: 'work', attributes: { a: 1, b: 2 } });
    expect(seen.ids).toEqual({ traceId: span?.spanContext().traceId, spanId: span?.spanContext().spanId });
    expect(seen.parent).toBe(`00-${seen.ids?.traceId}-${seen.ids?.spanId}-01`);
    expect(seen.parent).toHaveLength(55);
  });

  it('an error marks the span and is thrown on; its message is told when it is one of ours', async () => {
    const exporter = loadSdk();
    expect(() => inSpan('foreign', {}, () => JSON.parse('{secret'))).toThrow(SyntaxError);
    const ours = inSpan('ours', {}, async () => {
      throw new QuireError('crawl-failed', 'No answer.');
    });
    await expect(ours).rejects.toThrow('No answer.');
    const isControlFlow = (): boolean => true;
    await expect(inSpan('waits', { isControlFlow }, () => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(exporter.getFinishedSpans().map(({ name, status, attributes }) => [name, status, attributes])).toEqual([
      ['foreign', { code: SpanStatusCode.ERROR }, { 'error.type': 'SyntaxError' }],
      ['ours', { code: SpanStatusCode.ERROR, message: 'No answer.' }, { 'error.type': 'crawl-failed' }],
      ['waits', { code: SpanStatusCode.UNSET }, {}],
    ]);
  });

  it('a root with a cause is linked to it; a cause that is none is left out', () => {
    const exporter = loadSdk();
    inSpan('outer', {}, () => {
      const cause = traceparent();
      inSpan('inner', { root: true, cause }, () => undefined);
      inSpan('odd', { root: true, cause: 'nonsense' }, () => undefined);
    });
    const [inner, odd, outer] = exporter.getFinishedSpans();
    expect(inner?.spanContext().traceId).not.toBe(outer?.spanContext().traceId);
    expect(inner?.links.map((link) => link.context.spanId)).toEqual([outer?.spanContext().spanId]);
    expect(odd?.links).toEqual([]);
  });

  it('a span that the sampler leaves out names no trace', () => {
    loadSdk(new AlwaysOffSampler());
    expect(inSpan('work', {}, () => [traceparent(), activeTrace()])).toEqual([undefined, null]);
  });

  it('work that is untraced sends no trace along and makes no span', () => {
    const exporter = loadSdk();
    const headers: Record<string, string> = {};
    inSpan('work', {}, () =>
      untraced(() => {
        inSpan('inside', {}, () => propagation.inject(context.active(), headers));
      }),
    );
    expect(headers).toEqual({});
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['work']);
  });

  it('a request uses the span that an instrumentation has begun, and does not end it', () => {
    const exporter = loadSdk();
    const foreign = trace.getTracer('http').startSpan('GET');
    const open = context.with(trace.setSpan(ROOT_CONTEXT, foreign), () => openRequestSpan('GET /books', {}, { 'http.route': '/books' }));
    if (open === null) throw new Error('there is no span');
    expect(within(open, activeTrace)?.spanId).toBe(foreign.spanContext().spanId);
    open.end(true);
    expect(exporter.getFinishedSpans()).toEqual([]);
    foreign.end();
    expect(exporter.getFinishedSpans()).toMatchObject([{ name: 'GET', attributes: { 'http.route': '/books' }, status: { code: 0 } }]);
  });
});
