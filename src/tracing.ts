/**
 * Spans for whoever operates Quire: docs/tracing.md. Quire knows the API of OpenTelemetry alone. The SDK is the operator's: it is loaded
 * before Quire (`node --import`), or there is none, and then nothing here does anything.
 */
import {
  context,
  createContextKey,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type TracerProvider,
} from '@opentelemetry/api';
import { QuireError } from './errors.ts';

/** The longest wait for the SDK to send its last spans, in milliseconds. */
const FLUSH_MS = 2_000;
/** The key by which the SDK and its instrumentations know that they leave something alone. The SDK exports no constant to the API. */
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** What the API uses while there is no SDK. */
const NO_SDK = new ProxyTracerProvider().getDelegate();
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Work that is being traced. */
export interface TracedWork {
  set(attributes: Attributes): void;
}

/** A span that its maker ends. */
export interface OpenSpan extends TracedWork {
  readonly context: Context;
  /** Ends it. `failed`: as failed work. */
  end(failed: boolean): void;
}

export interface SpanOptions {
  attributes?: Attributes;
  kind?: 'internal' | 'client' | 'consumer';
  /** Begins a trace of its own, whatever runs now. */
  root?: boolean;
  /** The work that caused this one, as {@link traceparent} gave it. */
  cause?: string | undefined;
  /** Errors that are no failure of the work. */
  isControlFlow?: (error: unknown) => boolean;
}

const KINDS = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER };
const NOTHING: TracedWork = { set: () => undefined };

const tracer = () => trace.getTracer('quire');

/** The provider of the SDK. */
function provider(): TracerProvider & { forceFlush?: () => Promise<void> } {
  const found: TracerProvider & { getDelegate?: () => TracerProvider } = trace.getTracerProvider();
  return found.getDelegate?.() ?? found;
}

/** Whether an SDK is loaded. */
export const isTracing = (): boolean => provider() !== NO_SDK;

/** The context of the work that runs now, if its spans are kept. */
function recorded(): SpanContext | undefined {
  const span = trace.getActiveSpan();
  return span?.isRecording() === true && (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0 ? span.spanContext() : undefined;
}

/** The id of the trace of a span, or `null` when its spans are not kept. The span may have ended. */
export function traceIdOf({ context: of }: Pick<OpenSpan, 'context'>): string | null {
  const found = trace.getSpanContext(of);
  return found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0 ? found.traceId : null;
}

/** The ids of the work that runs now, or `null` when its spans are not kept: for exemplars of metrics, and for log lines. */
export function activeTrace(): { traceId: string; spanId: string } | null {
  const found = recorded();
  return found === undefined ? null : { traceId: found.traceId, spanId: found.spanId };
}

/** The W3C `traceparent` of the work that runs now, 55 characters, or `undefined` when its spans are not kept. */
export function traceparent(): string | undefined {
  const found = recorded();
  return found === undefined ? undefined : `00-${found.traceId}-${found.spanId}-01`;
}

function linksTo(cause: string | undefined): Link[] {
  const [, traceId, spanId, flags = ''] = TRACEPARENT.exec(cause ?? '') ?? [];
  return traceId && spanId ? [{ context: { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true } }] : [];
}

/** Marks a span as failed. The message of an error of ours is a sentence without secrets; those of others are left out. */
function markFailed(span: Span, error: unknown): void {
  const ours = error instanceof QuireError;
  span.setAttribute('error.type', ours ? error.code : ((error as Error | undefined)?.name ?? typeof error));
  span.setStatus({ code: SpanStatusCode.ERROR, ...(ours ? { message: error.message } : {}) });
}

/**
 * Does `work` in a span, which ends with it. An error makes the span a failed one, and is thrown on. Without an SDK this is a call of
 * `work`.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: TracedWork) => T): T {
  if (!isTracing()) return work(NOTHING);
  const { attributes = {}, kind = 'internal', root = false, cause, isControlFlow = () => false } = options;
  const parent = root ? ROOT_CONTEXT : context.active();
  const span = tracer().startSpan(name, { attributes, kind: KINDS[kind], root, links: linksTo(cause) }, parent);
  const fail = (error: unknown): never => {
    if (!isControlFlow(error)) markFailed(span, error);
    span.end();
    throw error;
  };
  const succeed = <R>(result: R): R => {
    span.end();
    return result;
  };
  return context.with(trace.setSpan(parent, span), () => {
    let result: T;
    try {
      result = work({ set: (more) => void span.setAttributes(more) });
    } catch (error) {
      return fail(error);
    }
    return result instanceof Promise ? (result.then(succeed, fail) as T) : succeed(result);
  });
}

/** Adds facts to the span of the work that runs now. */
export const tagSpan = (attributes: Attributes): void => void trace.getActiveSpan()?.setAttributes(attributes);

/**
 * Begins the span of a request, below that of its caller. Where an instrumentation of the operator has begun one, that one is used: it
 * keeps its name and its end. Returns `null` without an SDK.
 */
export function openRequestSpan(name: string, headers: Record<string, unknown>, attributes: Attributes): OpenSpan | null {
  if (!isTracing()) return null;
  const active = context.active();
  const foreign = trace.getSpan(active);
  const parent = foreign ? active : propagation.extract(active, headers);
  const span = foreign?.setAttributes(attributes) ?? tracer().startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  return {
    context: foreign ? active : trace.setSpan(parent, span),
    set: (more) => void span.setAttributes(more),
    end(failed) {
      if (foreign) return;
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

/** Does `work` as part of a span. */
export const within = <T>(span: Pick<OpenSpan, 'context'>, work: () => T): T => context.with(span.context, work);

/**
 * Does `work` so that no instrumentation of the operator sees it. So no id of a trace goes to Goodreads or to receivers of webhooks.
 */
export const untraced = <T>(work: () => T): T => (isTracing() ? context.with(context.active().setValue(SUPPRESSED, true), work) : work());

/** Lets the SDK send what it holds. Resolves after 2 s at the latest, and never rejects. */
export async function flushTraces(): Promise<void> {
  if (!isTracing()) return;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, FLUSH_MS)));
  const flushed = Promise.resolve(provider().forceFlush?.()).catch(() => undefined);
  await Promise.race([flushed, late]);
  clearTimeout(timer);
}
