/** Metrics lead to traces: an exemplar names the trace that gave a value. The SDK is one of an operator, in this process. */
import { context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterEach, expect, it } from 'vitest';
import { readOpenMetrics } from '../../support/exposition.ts';
import { startQuire } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

afterEach(() => {
  for (const api of [trace, context, propagation]) api.disable();
});

it('an exemplar names the trace of the job, or of the request, that gave the value', async () => {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  const quire = await startQuire('embedded');
  try {
    const { batchId } = await quire.submit([quire.goodreads.ids[0]]);
    await quire.ended(batchId as string);
    const traceOf = (name: string): string | undefined =>
      exporter
        .getFinishedSpans()
        .find((span) => span.name === name)
        ?.spanContext().traceId;
    const job = await waitUntil('the job to be traced', () => traceOf('parse-book'));
    const request = traceOf('POST /parse-links');
    const { body } = await quire.get('/metrics', { headers: { accept: 'application/openmetrics-text' } });
    const families = readOpenMetrics(body as string);
    const tracesOf = (name: string, labels: Record<string, string> = {}): unknown[] =>
      (families.get(name)?.samples ?? [])
        .filter((one) => one.exemplar !== null && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .map(({ exemplar }) => exemplar?.labels['trace_id']);
    for (const name of ['quire_fetch_seconds', 'quire_parse_seconds', 'quire_link_to_book_seconds'])
      expect(tracesOf(name), name).toEqual([job]);
    expect(tracesOf('quire_jobs_ended', { outcome: 'parsed' })).toEqual([job]);
    expect(tracesOf('quire_http_request_seconds', { route: '/parse-links' })).toEqual([request]);
    expect((await quire.get('/metrics')).body).not.toContain('trace_id');
  } finally {
    await quire.stop();
  }
});
