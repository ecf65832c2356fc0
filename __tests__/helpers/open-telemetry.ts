import http from 'node:http';
import {
  context,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import {
  AggregationTemporality,
  type DataPoint,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';

/** The SDK, set up globally as an application does it, with everything kept in memory. */
export interface Telemetry {
  /** The finished spans, as a tree. */
  tree(): string;
  readonly spans: () => readonly ReadableSpan[];
  /** The points of every metric of axios-tenacity so far, by its name. */
  points(): Promise<Readonly<Record<string, readonly DataPoint<unknown>[]>>>;
  stop(): Promise<void>;
}

/** @param requestHook for both instrumentations */
export function startTelemetry(
  processors: readonly SpanProcessor[],
  requestHook?: (span: Span) => void,
): Telemetry {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new NodeTracerProvider({
    spanProcessors: [...processors, new SimpleSpanProcessor(exporter)],
  });
  tracerProvider.register({ contextManager: new AsyncLocalStorageContextManager() });

  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter,
    exportIntervalMillis: 3_600_000,
  });
  const meterProvider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(meterProvider);

  const hooks = requestHook ? { requestHook } : {};
  const forHttp = new HttpInstrumentation({ disableIncomingRequestInstrumentation: true, ...hooks });
  const forUndici = new UndiciInstrumentation(hooks);
  const unregister = registerInstrumentations({
    instrumentations: [forHttp, forUndici],
    tracerProvider,
    // A meter of its own: nobody reads it here.
    meterProvider: new MeterProvider(),
  });
  // jest's `require` does not pass the hook by which it patches the module.
  const patch = forHttp.getModuleDefinitions().find(({ name }) => name === 'http');
  patch?.patch?.(http);

  return {
    spans: () => exporter.getFinishedSpans(),
    tree: () => treeOf(exporter.getFinishedSpans()),
    async points() {
      metricExporter.reset();
      await reader.forceFlush();
      const all = metricExporter
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
      return Object.fromEntries(all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
    },
    async stop() {
      patch?.unpatch?.(http);
      unregister();
      await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
      for (const api of [trace, context, propagation, metrics]) api.disable();
    },
  };
}

/** Runs in a span `test`, as a request handler of an instrumented server would. */
export const inSpan = <T>(run: () => Promise<T>): Promise<T> =>
  trace.getTracer('test').startActiveSpan('test', async (span) => {
    try {
      return await run();
    } finally {
      span.end();
    }
  });

const KEPT = /^(http\.(response\.status_code|request\.resend_count)|error\.type|axios_tenacity\..*)$/;

/** One line for each span: kind, name, the attributes that tell of retries, status and events; children are indented. */
function treeOf(spans: readonly ReadableSpan[]): string {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const startOf = ({ startTime: [seconds, nanos] }: ReadableSpan): number => seconds * 1e9 + nanos;
  const sorted = [...spans].sort((a, b) => startOf(a) - startOf(b));
  const render = (parent: string | undefined, indent: string): string[] =>
    sorted
      .filter(({ parentSpanContext }) =>
        parent ? parentSpanContext?.spanId === parent : !ids.has(parentSpanContext?.spanId ?? ''),
      )
      .flatMap((span) => [`${indent}${lineOf(span)}`, ...render(span.spanContext().spanId, `${indent}  `)]);
  return `\n${render(undefined, '').join('\n')}\n`;
}

function lineOf({ kind, name, attributes, status, events }: ReadableSpan): string {
  const told = Object.entries(attributes)
    .filter(([key]) => KEPT.test(key))
    .map(([key, value]) => ` ${key}=${value}`)
    .sort();
  const failed = status.code === SpanStatusCode.ERROR ? ' ERROR' : '';
  return `${SpanKind[kind]} ${name}${told.join('')}${failed}${events.map((event) => ` event:${event.name}`).join('')}`;
}
