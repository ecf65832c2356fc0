import { context, SpanKind } from '@opentelemetry/api';
import axios, { type CreateAxiosDefaults } from 'axios';
import {
  attachRetryWithTelemetry,
  ResendCountProcessor,
  retryAttempt,
  type TelemetryRetryOptions,
} from '../../lib/opentelemetry.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { inSpan, startTelemetry, type Telemetry } from '../helpers/open-telemetry.ts';
import { answer, closeServers, type Step, startServer } from '../helpers/server.ts';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = startTelemetry([new ResendCountProcessor()]);
});
afterEach(async () => {
  await closeServers();
  await telemetry.stop();
});

const ok = answer(200);
const busy = answer(503);

async function createClient(
  script: Step | readonly Step[],
  options: TelemetryRetryOptions = {},
  defaults: CreateAxiosDefaults = {},
) {
  const { url } = await startServer(script);
  const client = axios.create({ baseURL: url, proxy: false, ...defaults });
  const handle = attachRetryWithTelemetry(client, { ...fast, ...options });
  return { client, handle, url };
}

/** The resend counts of the client spans, in the order in which they began. */
const counts = (): unknown[] =>
  [...telemetry.spans()]
    .filter(({ kind }) => kind === SpanKind.CLIENT)
    .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
    .map(({ attributes }) => attributes['http.request.resend_count']);

describe.each(adapters)('over %s', (adapter) => {
  test('the adapter of one request has it too', async () => {
    const { client } = await createClient([busy, ok]);
    await client.get('/', { adapter });
    expect(counts()).toEqual([undefined, 1]);
  });

  test('interceptors run in the order of registration', async () => {
    const transitional = { legacyInterceptorReqResOrdering: false };
    const { client } = await createClient([busy, busy, ok], {}, { adapter, transitional } as object);
    await client.get('/');
    expect(counts()).toEqual([undefined, 1, 2]);
  });

  test('interceptors inside and outside change nothing', async () => {
    const { url } = await startServer([busy, busy, ok]);
    const client = axios.create({ proxy: false, adapter });
    const prefix = () =>
      client.interceptors.request.use(async (config) => {
        config.url = `${url}${config.url?.replace(url, '')}`;
        return config;
      });
    prefix();
    attachRetryWithTelemetry(client, fast);
    prefix();
    client.interceptors.response.use(({ data }) => data);
    expect(await client.get('/')).toEqual({ status: 200 });
    expect(counts()).toEqual([undefined, 1, 2]);
  });

  test('requests at the same time do not mix', async () => {
    const seen = new Map<string, number>();
    const step: Step = (exchange) => {
      const { url } = exchange.recorded;
      const sends = (seen.get(url) ?? 0) + 1;
      seen.set(url, sends);
      return (sends <= Number(url.slice(1)) % 3 ? busy : ok)(exchange);
    };
    const { client } = await createClient(step, {}, { adapter });
    await Promise.all(Array.from({ length: 12 }, (_, index) => client.get(`/${index}`)));
    const tally = new Map<unknown, number>();
    for (const count of counts()) tally.set(count, (tally.get(count) ?? 0) + 1);
    expect(tally).toEqual(
      new Map<unknown, number>([
        [undefined, 12],
        [1, 8],
        [2, 4],
      ]),
    );
  });

  test('a request that is sent while the response of a retry is read is none of it', async () => {
    const { client, url } = await createClient([busy, answer(200, 'x'.repeat(1_000)), ok], {}, { adapter });
    const { data } = await client.get('/', { responseType: 'stream' });
    const other = axios.create({ adapter, proxy: false });
    if (data.on) {
      await new Promise((resolve) => data.on('data', () => resolve(other.get(url))));
    } else {
      await data.getReader().read();
      await other.get(url);
    }
    await eventually(() => counts().length === 3);
    expect(counts()).toEqual([undefined, 1, undefined]);
  });

  test('a request that is not to be retried has none', async () => {
    const { client } = await createClient(busy, {}, { adapter });
    await caught(client.get('/', { retry: false }));
    expect(counts()).toEqual([undefined]);
  });
});

test('`retryAttempt` tells the attempt that is being sent, and nothing outside of a retry', async () => {
  const { url } = await startServer([busy, busy, ok]);
  const seen: unknown[] = [];
  const adapter = async (config: Parameters<typeof send>[0]) => {
    seen.push(retryAttempt());
    await null;
    seen.push(retryAttempt(context.active()));
    return send(config);
  };
  const send = axios.getAdapter('http');
  const client = axios.create({ baseURL: url, proxy: false, adapter });
  attachRetryWithTelemetry(client, fast);
  await client.get('/');
  expect(seen).toEqual([undefined, undefined, 2, 2, 3, 3]);
  expect(retryAttempt()).toBeUndefined();
});

describe('the processor', () => {
  const attributes = { 'http.request.method': 'GET' };
  test.each([
    ['an HTTP client span', { kind: SpanKind.CLIENT, attributes }, [['http.request.resend_count', 1]]],
    [
      'one by the older conventions',
      { kind: SpanKind.CLIENT, attributes: { 'http.method': 'GET' } },
      [['http.request.resend_count', 1]],
    ],
    ['a client span of DNS', { kind: SpanKind.CLIENT, attributes: { 'peer.ipv4': '' } }, []],
    ['an internal span', { kind: SpanKind.INTERNAL, attributes }, []],
  ])('%s in a retry', async (_name, span, expected) => {
    const set: unknown[][] = [];
    const processor = new ResendCountProcessor();
    const { url } = await startServer([busy, ok]);
    const send = axios.getAdapter('http');
    const client = axios.create({
      baseURL: url,
      proxy: false,
      adapter(config) {
        const setAttribute = (...attribute: unknown[]) => set.push(attribute);
        processor.onStart({ ...span, setAttribute } as never, context.active());
        return send(config);
      },
    });
    attachRetryWithTelemetry(client, fast);
    await client.get('/');
    expect(set).toEqual(expected);
    await Promise.all([processor.forceFlush(), processor.shutdown()]);
    expect(processor.onEnd()).toBeUndefined();
  });
});

describe('the span of a retried request', () => {
  const telemetryOptions = { telemetry: { span: true } };

  /** A client that waits a minute before its first retry. */
  async function createWaitingClient() {
    let begin = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const observe = { onRetry: () => void setTimeout(begin) };
    return { ...(await createClient(busy, { ...telemetryOptions, baseDelay: 60_000, observe })), waiting };
  }

  test('tells where the request goes and how often it was sent again, and no more', async () => {
    const { client, url } = await createClient([busy, busy, ok], telemetryOptions);
    await client.get('/path?key=s3cr3t');
    const [span] = telemetry.spans().filter(({ kind }) => kind === SpanKind.INTERNAL);
    expect([span?.name, span?.attributes, span?.events]).toEqual([
      'retry GET',
      {
        'http.request.method': 'GET',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(url).port),
        'axios_tenacity.retries': 2,
      },
      [],
    ]);
  });

  test.each(['detach', 'drain'] as const)('ends when a wait is ended by `%s`', async (end) => {
    const { client, handle, waiting } = await createWaitingClient();
    const sending = inSpan(() => caught(client.get('/')));
    await waiting;
    handle[end]();
    await sending;
    expect(telemetry.tree()).toContain(
      'INTERNAL retry GET axios_tenacity.reason=detached axios_tenacity.retries=0 error.type=503 ERROR',
    );
  });

  test('ends when the caller aborts', async () => {
    const { client, waiting } = await createWaitingClient();
    const controller = new AbortController();
    const sending = caught(client.get('/', { signal: controller.signal }));
    await waiting;
    controller.abort();
    await sending;
    expect(telemetry.tree()).toContain('axios_tenacity.reason=aborted');
  });

  test('ends once for a response that is polled for too long', async () => {
    const { client } = await createClient(answer(202), { ...telemetryOptions, retryIf: () => true });
    await client.get('/');
    expect(telemetry.tree().match(/INTERNAL retry GET .*/g)).toEqual([
      'INTERNAL retry GET axios_tenacity.reason=max-attempts axios_tenacity.retries=2 error.type=202 ERROR',
    ]);
  });
});
