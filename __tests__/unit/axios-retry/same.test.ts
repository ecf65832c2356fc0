import axios, { AxiosError, type AxiosInstance, type AxiosRequestConfig, isAxiosError } from 'axios';
import originalAxiosRetry from 'axios-retry';
import dropIn, {
  type AxiosRetry,
  type IAxiosRetryConfig,
  type IAxiosRetryConfigExtended,
  type IAxiosRetryReturn,
} from '../../../lib/axios-retry.ts';
import { adapters } from '../../helpers/clients.ts';
import {
  answer,
  closeServers,
  finAfterReading,
  refusedPort,
  type Step,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

/** What a caller, the user's functions and the server got to see of one request. */
interface Transcript {
  readonly requests: readonly string[];
  readonly calls: readonly string[];
  readonly outcome: readonly unknown[];
  readonly state: Partial<IAxiosRetryConfigExtended>;
}

interface Scenario {
  readonly script: readonly Step[] | 'refused';
  readonly options?: IAxiosRetryConfig;
  readonly config?: AxiosRequestConfig;
  readonly prepare?: (client: AxiosInstance, axiosRetry: AxiosRetry, ids: IAxiosRetryReturn) => void;
}

const nameOf = (error: unknown): unknown =>
  isAxiosError(error) ? (error.response?.status ?? 'no response') : (error as Error).message;

/** Writes down every call of a user's function. */
const recorded = (options: IAxiosRetryConfig, calls: string[]): IAxiosRetryConfig =>
  Object.fromEntries(
    Object.entries(options).map(([name, option]) => [
      name,
      typeof option !== 'function'
        ? option
        : (...args: unknown[]) => {
            const seen = args.map((arg) =>
              typeof arg === 'number' ? arg : typeof arg === 'object' && nameOf(arg),
            );
            calls.push(`${name}(${seen.slice(0, 2).join(', ')})`);
            return (option as (...all: unknown[]) => unknown)(...args);
          },
    ]),
  );

async function play(
  axiosRetry: typeof dropIn | typeof originalAxiosRetry,
  adapter: 'http' | 'fetch',
  { script, options = {}, config = {}, prepare }: Scenario,
): Promise<Transcript> {
  const server = script === 'refused' ? undefined : await startServer(script);
  const client = axios.create({ adapter, baseURL: server?.url ?? `http://127.0.0.1:${await refusedPort()}` });
  const calls: string[] = [];
  const ids = axiosRetry(client, recorded(options, calls));
  prepare?.(client, axiosRetry as AxiosRetry, ids);
  const { 'axios-retry': own, ...rest } = config;
  const request = { url: '/path', ...rest, ...(own && { 'axios-retry': recorded(own, calls) }) };
  const [outcome, sent] = await client.request(request).then(
    (response) => [['fulfilled', response.status, response.data], response.config] as const,
    (error) => [['rejected', nameOf(error), error.code, error.message], error.config] as const,
  );
  const { retryCount, retries, shouldResetTimeout } = sent?.['axios-retry'] ?? {};
  return {
    requests: (server?.requests ?? []).map(({ method, url, text, headers }) =>
      [method, url, headers['x-token'], text].filter(Boolean).join(' '),
    ),
    calls,
    outcome: outcome.map((part) => String(part).replaceAll(/:\d{4,5}/g, ':PORT')),
    state: { retryCount, retries, shouldResetTimeout },
  };
}

const eject = (client: AxiosInstance, ids: IAxiosRetryReturn): void => {
  client.interceptors.request.eject(ids.requestInterceptorId);
  client.interceptors.response.eject(ids.responseInterceptorId);
};

const ok = answer(200, 'whole');
const busy = answer(503, 'busy');
const limited = answer(429, 'slow down', { 'retry-after': '0' });
const missing = answer(404, 'none');
const [yes, no] = [() => true, () => false];
const nothing = (): void => undefined;
const instantly = (): number => 0;

const scenarios: Readonly<Record<string, Scenario>> = {
  'a success': { script: [ok] },
  'a failure that passes': { script: [busy, busy, ok] },
  'a rate limit that passes': { script: [limited, ok] },
  'a failure that stays': { script: [busy], options: { onMaxRetryTimesExceeded: nothing } },
  'a connection that is closed': { script: [finAfterReading(), ok], options: { onRetry: nothing } },
  'a refused connection': { script: 'refused', options: { onRetry: nothing, retries: 2 } },
  'a POST whose connection is closed': {
    script: [finAfterReading(), ok],
    config: { method: 'post', data: { a: 1 } },
  },
  'a POST that fails': { script: [busy, ok], config: { method: 'post', data: { a: 1 } } },
  'a POST that the condition lets through': {
    script: [busy, ok],
    options: { retryCondition: yes },
    config: { method: 'post', data: { a: 1 } },
  },
  'a PATCH that the condition lets through': {
    script: [busy, ok],
    options: { retryCondition: yes },
    config: { method: 'patch', data: 'text' },
  },
  'a PUT that fails': {
    script: [busy, ok],
    config: { method: 'put', data: new URLSearchParams({ a: '1' }) },
  },
  'a 404': { script: [missing, ok], options: { onRetry: nothing, onMaxRetryTimesExceeded: nothing } },
  'a 404 that the condition lets through': { script: [missing, ok], options: { retryCondition: yes } },
  'no retries at all': { script: [busy, ok], options: { retries: 0, onMaxRetryTimesExceeded: nothing } },
  'no retries and no retryable failure': {
    script: [missing, ok],
    options: { retries: 0, retryCondition: yes, onMaxRetryTimesExceeded: nothing },
  },
  'a condition that says no': {
    script: [busy, ok],
    options: { retryCondition: no, onRetry: nothing, onMaxRetryTimesExceeded: nothing },
  },
  'a condition that says no after the last retry': {
    script: [busy, missing, ok],
    options: {
      retries: 1,
      retryCondition: ({ response }) => response?.status === 503,
      onMaxRetryTimesExceeded: nothing,
    },
  },
  'a condition that promises yes': { script: [busy, ok], options: { retryCondition: async () => true } },
  'a condition that promises no': { script: [busy, ok], options: { retryCondition: async () => false } },
  'a condition that promises nothing': {
    script: [busy, ok],
    options: { retryCondition: async () => undefined as unknown as boolean },
  },
  'a condition that answers nothing': {
    script: [busy, ok],
    options: { retryCondition: () => undefined as unknown as boolean },
  },
  'a condition that breaks its promise': {
    script: [busy, ok],
    options: { retryCondition: () => Promise.reject(new Error('unknown')) },
  },
  'a condition that throws': {
    script: [busy, ok],
    options: {
      retryCondition: () => {
        throw new Error('the condition failed');
      },
    },
  },
  'a delay that throws': {
    script: [busy, ok],
    options: {
      retryDelay: () => {
        throw new Error('the delay failed');
      },
    },
  },
  'an onRetry that throws': {
    script: [busy, ok],
    options: {
      onRetry: () => {
        throw new Error('onRetry failed');
      },
    },
  },
  'an onMaxRetryTimesExceeded that rejects': {
    script: [busy],
    options: { retries: 1, onMaxRetryTimesExceeded: () => Promise.reject(new Error('all failed')) },
  },
  'every function, in order': {
    script: [busy, busy, missing],
    options: {
      retries: 2,
      retryCondition: yes,
      retryDelay: instantly,
      onRetry: async () => undefined,
      onMaxRetryTimesExceeded: async () => undefined,
    },
  },
  'options of the request': {
    script: [busy, busy, ok],
    options: { retries: 0 },
    config: { 'axios-retry': { retries: 2, onRetry: nothing, shouldResetTimeout: true } },
  },
  'retries without end': { script: [busy, busy, busy, busy, busy, ok], options: { retries: Infinity } },
  'options of the defaults of the instance': {
    script: [busy, busy, ok],
    prepare: (client) => {
      client.defaults['axios-retry'] = { retries: 1 };
    },
  },
  'a count that the caller gives': { script: [busy, busy, ok], config: { 'axios-retry': { retryCount: 2 } } },
  'a response that is no success': {
    script: [answer(200, 'pending'), missing, answer(200, 'done')],
    options: { retryCondition: yes, validateResponse: ({ data }) => data === 'done' },
  },
  'a response that is never a success': {
    script: [answer(200, 'pending')],
    options: { retries: 1, retryCondition: yes, validateResponse: no },
  },
  'an error that is a success': {
    script: [missing],
    options: { validateResponse: ({ status }) => status === 404 },
  },
  'no retry of a response that is no success': {
    script: [answer(200, 'pending')],
    options: { validateResponse: no },
  },
  'a validateResponse that is switched off': {
    script: [ok],
    options: { validateResponse: no },
    config: { 'axios-retry': { validateResponse: null } },
  },
  'a validateResponse that throws': {
    script: [ok],
    options: {
      validateResponse: () => {
        throw new Error('validateResponse failed');
      },
    },
  },
  'a header that onRetry sets': {
    script: [busy, busy, ok],
    options: {
      onRetry: (count, _error, config) => {
        config.headers = { ...config.headers, 'X-Token': `fresh-${count}` };
      },
    },
  },
  'a URL that onRetry sets, and keeps': {
    script: [busy, busy, ok],
    options: {
      onRetry: (count, _error, config) => {
        if (count === 1) config.url = '/elsewhere';
      },
    },
  },
  'parameters that onRetry sets': {
    script: [busy, ok],
    options: {
      onRetry: (_count, _error, config) => {
        config.params.page = 2;
      },
    },
    config: { params: { page: 1 } },
  },
  'an error that the condition edits': {
    script: [busy, ok],
    options: {
      retryCondition: ({ config }) => {
        config?.headers.set('X-Token', 'from the condition');
        return true;
      },
    },
  },
  'a token that an interceptor makes once': {
    script: [busy, busy, ok],
    config: { method: 'post', data: {} },
    options: { retryCondition: yes },
    prepare: (client) => {
      let made = 0;
      client.interceptors.request.use((config) => {
        if (!config.headers['X-Token']) config.headers['X-Token'] = `token-${++made}`;
        return config;
      });
    },
  },
  'a transform of the request': {
    script: [busy, ok],
    config: { method: 'put', data: { a: 1 }, transformRequest: (data) => JSON.stringify({ wrapped: data }) },
  },
  'an interceptor that answers for a failure': {
    script: [busy, ok],
    options: { retries: 1 },
    prepare: (client) => client.interceptors.response.use(null, () => 'made up'),
  },
  'an interceptor that unwraps, registered later': {
    script: [ok],
    prepare: (client) =>
      client.interceptors.response.use(({ data, config }) => ({ data, config, status: 1 }) as never),
  },
  'a request interceptor that fails': {
    script: [ok],
    options: { retryCondition: yes, onRetry: nothing },
    prepare: (client) => client.interceptors.request.use(() => Promise.reject(new Error('no token'))),
  },
  'an earlier error without a config': {
    script: [busy, ok],
    options: { retryCondition: yes, onRetry: nothing },
    prepare: (client) => {
      const [own] = client.interceptors.response.handlers ?? [];
      client.interceptors.response.handlers?.unshift({
        ...own,
        fulfilled: (value: unknown) => value,
        rejected: () => Promise.reject(new Error('mapped')),
      } as never);
    },
  },
  'a second call on one instance': {
    script: [busy, busy, ok],
    options: { retries: 0, retryDelay: instantly },
    prepare: (client, axiosRetry) => void axiosRetry(client, { retries: 2 }),
  },
  'a second call on one instance, ejected': {
    script: [busy, busy, ok],
    options: { retries: 1 },
    prepare: (client, axiosRetry) => eject(client, axiosRetry(client, { retries: 2 })),
  },
  'the first of two calls on one instance, ejected': {
    script: [answer(200, 'pending'), busy, answer(200, 'done')],
    options: { retries: 1 },
    prepare: (client, axiosRetry, ids) => {
      axiosRetry(client, { retryCondition: yes, validateResponse: ({ data }) => data === 'done' });
      eject(client, ids);
    },
  },
  'the only call, ejected': {
    script: [answer(200, 'pending'), ok],
    options: { validateResponse: no, retryCondition: yes },
    prepare: (client, _, ids) => eject(client, ids),
  },
  'the only call, cleared away and made again': {
    script: [busy, busy, ok],
    options: { retries: 1 },
    prepare: (client, axiosRetry) => {
      client.interceptors.request.clear();
      client.interceptors.response.clear();
      axiosRetry(client, { retries: 2 });
    },
  },
  'the only call, ejected and made again': {
    script: [busy, busy, ok],
    options: { retries: 1 },
    prepare: (client, axiosRetry, ids) => {
      eject(client, ids);
      axiosRetry(client, { retries: 2 });
    },
  },
  'an error of a proxy adapter': {
    script: [ok],
    options: { onRetry: nothing },
    config: {
      adapter: async (config) => {
        throw new AxiosError('made up', 'ECONNRESET', config);
      },
    },
  },
};

describe.each(adapters)('over %s', (adapter) => {
  test.each(Object.entries(scenarios))('%s goes as in axios-retry', async (_, scenario) => {
    const there = await play(originalAxiosRetry, adapter, scenario);
    expect(await play(dropIn, adapter, scenario)).toEqual(there);
  });
});
