import { metrics } from '@opentelemetry/api';
import axios, { AxiosError, type CreateAxiosDefaults, type InternalAxiosRequestConfig } from 'axios';
import { RetryThrottle } from '../../lib/limits/throttle.ts';
import { attachRetryWithTelemetry, type TelemetryRetryOptions } from '../../lib/opentelemetry.ts';
import { scriptedAdapter } from '../../lib/testing/scripted-adapter.ts';
import { virtualClock } from '../../lib/testing/virtual-clock.ts';
import { caught } from '../helpers/caught.ts';
import { startTelemetry, type Telemetry } from '../helpers/open-telemetry.ts';

let telemetry: Telemetry;
beforeEach(() => {
  telemetry = startTelemetry([]);
});
afterEach(() => telemetry.stop());

/** A client that plays a script, in no time, with no chance. */
function createClient(
  script: Parameters<typeof scriptedAdapter>[0],
  options: TelemetryRetryOptions = {},
  defaults: CreateAxiosDefaults = {},
) {
  const client = axios.create({
    baseURL: 'https://api.example.com/v1',
    adapter: scriptedAdapter(script),
    ...defaults,
  });
  const handle = attachRetryWithTelemetry(client, options, { clock: virtualClock(), random: () => 0.5 });
  return { client, handle };
}

const request = {
  'http.request.method': 'GET',
  'server.address': 'api.example.com',
  'server.port': 443,
};

/** The points of a metric, each as its attributes and its value; of a histogram, the count and the sum. */
async function pointsOf(name: string) {
  const points = (await telemetry.points())[`axios_tenacity.${name}`] ?? [];
  return points.map(({ attributes, value }) => {
    const { count, sum } = value as { count?: number; sum?: number };
    return [attributes, count === undefined ? value : { count, sum }];
  });
}

describe('a request that succeeds after retries', () => {
  test('counts each retry, its wait, and how many there were', async () => {
    const { client } = createClient([503, { status: 429, retryAfter: 10 }, 'ECONNRESET', 200], {
      maxAttempts: 4,
    });
    await client.get('/users/1');
    const retries = [
      { ...request, 'error.type': '503', 'axios_tenacity.delay_source': 'backoff' },
      { ...request, 'error.type': '429', 'axios_tenacity.delay_source': 'server' },
      { ...request, 'error.type': 'ECONNRESET', 'axios_tenacity.delay_source': 'backoff' },
    ];
    expect(await pointsOf('retries')).toEqual(retries.map((attributes) => [attributes, 1]));
    expect(await pointsOf('retry_delay')).toEqual(
      [0.5, 11, 2].map((sum, index) => [retries[index], { count: 1, sum }]),
    );
    expect(await pointsOf('request.retries')).toEqual([
      [
        { ...request, 'axios_tenacity.reason': 'succeeded' },
        { count: 1, sum: 3 },
      ],
    ]);
    expect(await pointsOf('give_ups')).toEqual([]);
  });
});

describe('a request that is given up', () => {
  test('counts with its reason', async () => {
    const { client } = createClient([503, 503, 503]);
    await caught(client.get('/users/1'));
    const reason = { 'axios_tenacity.reason': 'max-attempts' };
    expect(await pointsOf('give_ups')).toEqual([[{ ...request, 'error.type': '503', ...reason }, 1]]);
    expect(await pointsOf('request.retries')).toEqual([
      [
        { ...request, ...reason },
        { count: 1, sum: 2 },
      ],
    ]);
  });

  test('without a retry is no request with retries', async () => {
    const { client } = createClient([503]);
    await caught(client.post('/users', {}));
    expect((await pointsOf('give_ups'))[0]?.[0]).toMatchObject({ 'axios_tenacity.reason': 'unsafe-method' });
    expect(await pointsOf('request.retries')).toEqual([]);
  });

  test('counts once when its outcome is a response', async () => {
    const pending = () => true;
    const { client } = createClient([202, 202], { retryIf: pending, maxAttempts: 2 });
    await client.get('/job');
    expect((await pointsOf('give_ups'))[0]?.[0]).toMatchObject({ 'error.type': '202' });
    expect(await pointsOf('request.retries')).toEqual([
      [
        { ...request, 'axios_tenacity.reason': 'max-attempts' },
        { count: 1, sum: 1 },
      ],
    ]);
  });
});

test.each([
  ['a success', [200]],
  ['a failure that nobody would retry', [404]],
])('%s leaves no point', async (_name, script) => {
  const { client } = createClient(script);
  await client.get('/').catch(() => undefined);
  expect(Object.values(await telemetry.points()).flat()).toEqual([]);
});

describe('attributes', () => {
  test('are the same on every point of a metric, whatever happens', async () => {
    for (const script of [
      [503, 200],
      ['timeout', 503, 429],
      [{ status: 503, retryAfter: 9_999 }],
      ['ECONNRESET', 404],
    ]) {
      const { client } = createClient(script as never);
      await client.get('/').catch(() => undefined);
      const { client: relative } = createClient(script as never, { methods: ['LOCK'] }, { baseURL: '' });
      await relative.request({ method: 'LOCK', url: '/' }).catch(() => undefined);
      const thrower = () => {
        throw new Error('no code');
      };
      const { client: broken } = createClient(script as never, { retryIf: () => true, wait: thrower });
      await broken.get('/').catch(() => undefined);
    }
    const points = Object.entries(await telemetry.points());
    expect(points.map(([name]) => name).sort()).toEqual([
      'axios_tenacity.give_ups',
      'axios_tenacity.request.retries',
      'axios_tenacity.retries',
      'axios_tenacity.retry_delay',
      'axios_tenacity.throttle.tokens',
    ]);
    for (const [, of] of points) {
      expect(new Set(of.map(({ attributes }) => Object.keys(attributes).sort().join(' '))).size).toBe(1);
    }
  });

  test('of methods, codes and reasons that nobody knows are bounded', async () => {
    let number = 0;
    const adapter = async (config: InternalAxiosRequestConfig) => {
      throw new AxiosError('x', `E_${number}`, config);
    };
    const { client } = createClient(
      [],
      { retryIf: () => true, stop: () => `quota of customer ${number}` },
      { adapter },
    );
    for (number = 0; number < 150; number += 1) {
      await caught(client.request({ method: `m${number}`, url: `https://h${number}.example.com/${number}` }));
      await caught(client.get(`/${number}`));
    }
    const points = (await telemetry.points())['axios_tenacity.give_ups'] ?? [];
    const valuesOf = (name: string) => new Set(points.map(({ attributes }) => attributes[name]));
    expect(valuesOf('http.request.method')).toEqual(new Set(['GET', '_OTHER']));
    for (const name of ['error.type', 'axios_tenacity.reason', 'server.address']) {
      expect(valuesOf(name).size).toBeLessThanOrEqual(101);
      expect(valuesOf(name)).toContain('_OTHER');
    }
    expect(points.reduce((sum, { value }) => sum + (value as number), 0)).toBe(300);
  });

  test('hold nothing of a path, a query, a header, a body or credentials', async () => {
    const secret = 's3cr3t';
    const { client } = createClient(
      [{ status: 503, data: secret }, 'ECONNRESET', 503],
      { methods: ['POST'], telemetry: { span: true } },
      {
        baseURL: `https://user:${secret}@api.example.com/${secret}?key=${secret}`,
        headers: { Authorization: secret },
      },
    );
    await caught(
      client.post(`/${secret}?token=${secret}`, { password: secret }, { params: { key: secret } }),
    );
    expect(Object.keys(await telemetry.points())).toHaveLength(5);
    expect(JSON.stringify(await telemetry.points())).not.toContain(secret);
    expect(telemetry.spans()).toHaveLength(1);
    expect(JSON.stringify(telemetry.spans()[0]?.attributes)).not.toContain(secret);
    expect(telemetry.spans()[0]?.events).toEqual([]);
  });
});

describe('the gauge of the throttle', () => {
  const tokens = [{ 'server.address': 'api.example.com', 'server.port': 443 }, 486];

  test('reads the throttle that the client makes by itself', async () => {
    const { client } = createClient([503, 503], { maxAttempts: 2, baseDelay: 0 });
    await caught(client.get('/'));
    expect(await pointsOf('throttle.tokens')).toEqual([tokens]);
  });

  test('reads a shared one, and of several the emptiest', async () => {
    const throttle = new RetryThrottle();
    const shared = createClient([503, 503], { maxAttempts: 2, baseDelay: 0, throttle });
    const own = createClient([503, 503, 503], { maxAttempts: 3, baseDelay: 0, throttle: { retryCost: 100 } });
    await caught(shared.client.get('/'));
    expect(await pointsOf('throttle.tokens')).toEqual([tokens]);
    await caught(own.client.get('/'));
    expect(await pointsOf('throttle.tokens')).toEqual([[tokens[0], 300]]);
  });

  test('is silent without a throttle', async () => {
    const { client } = createClient([503, 503], { maxAttempts: 2, throttle: false });
    await caught(client.get('/'));
    expect(await pointsOf('throttle.tokens')).toEqual([]);
  });
});

describe('the options', () => {
  test('turn the metrics off', async () => {
    const { client } = createClient([503, 200], { telemetry: { metrics: false } });
    await client.get('/');
    expect(Object.values(await telemetry.points()).flat()).toEqual([]);
  });

  test('leave those of the request and its observers alone', async () => {
    const events: string[] = [];
    const note = (name: string) => ({ onRetry: () => void events.push(name) });
    const { client } = createClient([503, 503, 200], { observe: note('instance') });
    await client.get('/', { retry: { observe: note('request') } });
    expect(events).toEqual(['instance', 'request', 'instance', 'request']);
    expect((await pointsOf('retries'))[0]?.[1]).toBe(2);
  });

  test.each([
    [
      { telemetry: { colour: true } },
      'Expected `telemetry` option `colour` to be one of metrics, span, meterProvider, tracerProvider, got true',
    ],
    [{ telemetry: { span: 1 } }, 'Expected `telemetry` option `span` to be a boolean, got 1'],
    [{ telemetry: true }, 'Expected `telemetry` options to be an object, got true'],
    [
      { telemetry: { meterProvider: {} } },
      'Expected `telemetry` option `meterProvider` to be a provider with the method getMeter, got [object Object]',
    ],
    [{ maxAttempts: 0 }, 'Expected retry option `maxAttempts` to be an integer ≥ 1 or Infinity, got 0'],
    [{ throttle: 3 }, 'Expected retry option `throttle`'],
    [3, 'Expected retry options to be an object, got 3'],
  ])('%j are refused, and nothing is left behind', (options, message) => {
    const client = axios.create();
    expect(() => attachRetryWithTelemetry(client, options as never)).toThrow(message);
    expect(client.interceptors.request).toMatchObject({
      handlers: axios.create().interceptors.request.handlers,
    });
  });
});

test('a provider that the application sets after it attached is found', async () => {
  await telemetry.stop();
  const { client } = createClient([503, 503, 200]);
  telemetry = startTelemetry([]);
  await client.get('/');
  expect((await pointsOf('retries'))[0]?.[1]).toBe(2);
  expect(metrics.getMeterProvider()).toBeDefined();
});

test('a client that is detached is as if it had never been attached', async () => {
  const { client, handle } = createClient([503, 503]);
  handle.detach();
  await caught(client.get('/'));
  expect(Object.values(await telemetry.points()).flat()).toEqual([]);
  expect(() => attachRetryWithTelemetry(client)).not.toThrow();
});

test('an error has the adapter of the request on its config, so that it can be sent again', async () => {
  const { client } = createClient([503, 503, 503]);
  const { adapter } = client.defaults;
  const error = (await caught(client.get('/'))) as AxiosError;
  expect(error.config?.adapter).toBe(adapter);
});
