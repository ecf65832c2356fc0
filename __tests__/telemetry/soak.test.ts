import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Span } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import axios, { type InternalAxiosRequestConfig } from 'axios';
import { GIVE_UP_CHANNEL, publishRetries, RETRY_CHANNEL } from '../../lib/diagnostics.ts';
import { logRetries } from '../../lib/observe/log.ts';
import { attachRetryWithTelemetry, ResendCountProcessor } from '../../lib/opentelemetry.ts';
import type { Clock } from '../../lib/types.ts';

// jest maps every stack of an error to its source, which takes longer than all the rest.
Error.stackTraceLimit = 0;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A clock on which no wait takes time. */
const hasty: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: () => Promise.resolve(),
};

test('with everything attached nothing grows with the number of requests', async () => {
  const open = new Set<unknown>();
  const counter = {
    onStart: (span: Span) => void open.add(span),
    onEnd: (span: unknown) => void open.delete(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const tracerProvider = new NodeTracerProvider({ spanProcessors: [new ResendCountProcessor(), counter] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  let told = 0;
  const tell = () => {
    told += 1;
  };
  subscribe(RETRY_CHANNEL, tell);
  subscribe(GIVE_UP_CHANNEL, tell);

  let sends = 0;
  /** Two of three attempts fail, so some requests succeed at once, some after retries, and some never. */
  const adapter = async (config: InternalAxiosRequestConfig) => {
    sends += 1;
    const status = (Math.imul(sends, 0x9e3779b1) >>> 8) % 3 < 2 ? 503 : 200;
    const response = { status, statusText: '', headers: {}, config, data: 'x'.repeat(1_000) };
    if (status < 400) return response;
    throw new axios.AxiosError('failed', 'ERR_BAD_RESPONSE', config, null, response);
  };
  const client = axios.create({ adapter });
  attachRetryWithTelemetry(
    client,
    {
      observe: [logRetries({ warn: tell, error: tell, debug: tell }, { attempt: 'debug' }), publishRetries()],
      throttle: { capacity: 1_000_000, refillTime: 1e12, refund: 0 },
      telemetry: { span: true, meterProvider, tracerProvider },
    },
    { clock: hasty },
  );
  const outcomes = { succeeded: 0, failed: 0 };
  const play = async (from: number, to: number): Promise<number> => {
    for (let id = from; id < to; id += 1) {
      await client.get(`https://api.example.com/users/${id}?token=${id}`).then(
        () => (outcomes.succeeded += 1),
        () => (outcomes.failed += 1),
      );
    }
    await new Promise((resolve) => setTimeout(resolve));
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await play(0, 300);
  const after = await play(300, 1_300);
  await reader.forceFlush();
  const metrics = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  for (const channel of [RETRY_CHANNEL, GIVE_UP_CHANNEL]) unsubscribe(channel, tell);
  await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);

  expect(outcomes.succeeded).toBeGreaterThan(500);
  expect(outcomes.failed).toBeGreaterThan(200);
  expect(told).toBeGreaterThan(1_500);
  expect(open.size).toBe(0);
  expect(metrics).toHaveLength(5);
  for (const { dataPoints } of metrics) expect(dataPoints.length).toBeLessThan(5);
  // A request that stayed in memory would take some kilobytes: its body alone is one.
  expect((after - before) / 1_000).toBeLessThan(1_000);
}, 120_000);
