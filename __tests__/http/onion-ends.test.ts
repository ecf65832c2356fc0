import { setTimeout as pause } from 'node:timers/promises';
import axios, {
  type AxiosError,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosResponse,
} from 'axios';
import { attemptOf, type RetryOptions, retryReport } from '../../lib/index.ts';
import { attachAround, createAround, orders } from '../helpers/around.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { createGate, type Gate } from '../helpers/gate.ts';
import { createMutex } from '../helpers/mutex.ts';
import { answer, closeServers, slowly, stall, startServer } from '../helpers/server.ts';
import { openLine, transports } from '../helpers/transports.ts';

afterEach(closeServers);

const nothing = (): void => undefined;

/** Registers a request interceptor that stops at a gate on every attempt but the first. */
const gated =
  (gate: Gate, arrived: () => void) =>
  ({ interceptors }: AxiosInstance): void => {
    interceptors.request.use(async (config) => {
      if ((attemptOf(config) ?? 1) > 1) {
        arrived();
        await gate.passed;
      }
      return config;
    });
  };

/** Puts an adapter of its own on every attempt, as caches and mocks do, after the gate. */
const withOwnAdapter =
  (calls: unknown[]) =>
  ({ interceptors, defaults }: AxiosInstance): void => {
    const send = axios.getAdapter(defaults.adapter);
    interceptors.request.use((config) => {
      config.adapter = (sent) => {
        calls.push(attemptOf(sent));
        return send(sent);
      };
      return config;
    });
  };

describe.each(transports)('an interceptor inside that never settles on a retry, over %s,', (transport) => {
  const ends: readonly {
    readonly end: string;
    readonly options?: RetryOptions;
    readonly act: (abort: () => void, detach: () => void) => void;
    readonly expected: (error: AxiosError) => void;
  }[] = [
    {
      end: 'an abort',
      act: (abort) => abort(),
      expected(error) {
        expect(axios.isCancel(error)).toBe(true);
        expect(retryReport(error)?.reason).toBe('aborted');
      },
    },
    {
      end: 'detach()',
      act: (_, detach) => detach(),
      expected(error) {
        expect(error.response?.status).toBe(503);
        expect(retryReport(error)?.reason).toBe('detached');
      },
    },
    {
      end: 'totalTimeout',
      options: { totalTimeout: 500 },
      act: nothing,
      expected(error) {
        expect(error.response?.status).toBe(503);
        expect(retryReport(error)?.reason).toBe('total-timeout');
      },
    },
  ];

  test.each(ends)(
    'is cut off by $end, and nothing is sent afterwards',
    async ({ options, act, expected }) => {
      const { defaults, sent } = await openLine(transport, 503, 200);
      const gate = createGate();
      const controller = new AbortController();
      const calls: unknown[] = [];
      let isThere = false;
      const { client, handle } = attachAround(
        'before us',
        (instance) => {
          // Request interceptors run last first: the adapter is put in after the gate.
          withOwnAdapter(calls)(instance);
          gated(gate, () => {
            isThere = true;
          })(instance);
        },
        options,
        defaults,
      );
      const given = caught(client.get('/', { signal: controller.signal }));
      await eventually(() => isThere);
      act(
        () => controller.abort(),
        () => handle.detach(),
      );
      expected(await given);
      gate.open();
      await pause(30);
      expect(sent).toHaveLength(1);
      expect(calls).toEqual([1]);
    },
  );

  test('gives back the mutex that it gets after it was cut off', async () => {
    const { defaults, sent } = await openLine(transport, 503, 200);
    const mutex = createMutex();
    const controller = new AbortController();
    const client = createAround(
      'before us',
      ({ interceptors }) => {
        interceptors.request.use(async (config) => {
          await mutex.take();
          return config;
        });
        const give = () => mutex.give();
        interceptors.response.use(
          (response) => {
            give();
            return response;
          },
          (error) => {
            give();
            throw error;
          },
        );
      },
      // Somebody else has it from the first wait on.
      { observe: { onRetry: () => void mutex.take() } },
      defaults,
    );
    const given = caught(client.get('/', { signal: controller.signal }));
    await eventually(() => mutex.turns() === 2);
    await pause(30);
    controller.abort();
    expect(axios.isCancel(await given)).toBe(true);
    mutex.give();
    await eventually(() => mutex.turns() === 3 && !mutex.isTaken());
    expect(sent).toHaveLength(1);
  });
});

describe.each(transports)(
  'a response interceptor inside that never settles on a retry, over %s,',
  (transport) => {
    const stuck = ({ interceptors }: AxiosInstance): void => {
      interceptors.response.use(() => new Promise(nothing));
    };

    test('is cut off by an abort', async () => {
      const { defaults, sent } = await openLine(transport, 503, 200);
      const controller = new AbortController();
      const client = createAround('before us', stuck, {}, defaults);
      const given = caught(client.get('/', { signal: controller.signal }));
      await eventually(() => sent.length === 2);
      await pause(30);
      controller.abort();
      expect(axios.isCancel(await given)).toBe(true);
    });

    test('is cut off by totalTimeout', async () => {
      const { defaults } = await openLine(transport, 503, 200);
      const error = await caught(createAround('before us', stuck, { totalTimeout: 500 }, defaults).get('/'));
      expect(retryReport(error)?.reason).toBe('total-timeout');
    });

    describe.each(['drain', 'detach'] as const)('after %s()', (end) => {
      /** A request whose retry was answered, and hangs, when the client ends. */
      async function hang(options: RetryOptions = {}) {
        const { defaults, sent } = await openLine(transport, 503, 200);
        const controller = new AbortController();
        let isThere = false;
        const { client, handle } = attachAround(
          'before us',
          ({ interceptors }) => {
            interceptors.response.use(() => {
              isThere = true;
              return new Promise(nothing);
            });
          },
          options,
          defaults,
        );
        const given = caught(client.get('/', { signal: controller.signal }));
        await eventually(() => isThere);
        handle[end]();
        expect(sent).toHaveLength(2);
        return { given, controller };
      }

      test('is cut off by an abort', async () => {
        const { given, controller } = await hang();
        controller.abort();
        const error = await given;
        expect([axios.isCancel(error), retryReport(error)?.reason]).toEqual([true, 'aborted']);
      });

      test('is cut off by totalTimeout', async () => {
        const { given } = await hang({ totalTimeout: 500 });
        const error = await given;
        expect(error.response?.status).toBe(503);
        expect(retryReport(error)).toMatchObject({
          reason: 'total-timeout',
          attempts: [{ status: 503 }, { number: 2 }],
        });
      });
    });
  },
);

describe.each(adapters)('over %s', (adapter) => {
  describe('a retry whose failure in flight then hangs inside', () => {
    const hangOn =
      (isMeant: (error: unknown) => boolean) =>
      ({ interceptors }: AxiosInstance) => {
        interceptors.response.use(undefined, (error) =>
          isMeant(error) ? new Promise(nothing) : Promise.reject(error),
        );
      };

    test.each(['', 'drain', 'detach'] as const)('is cut off after an abort %s', async (end) => {
      const server = await startServer([answer(503), stall()]);
      const controller = new AbortController();
      const defaults = { adapter, baseURL: server.url };
      const { client, handle } = attachAround('before us', hangOn(axios.isCancel), {}, defaults);
      const given = caught(client.get('/', { signal: controller.signal }));
      await eventually(() => server.requests.length === 2);
      controller.abort();
      if (end) handle[end]();
      const error = await given;
      expect([axios.isCancel(error), retryReport(error)?.reason]).toEqual([true, 'aborted']);
    });

    test('is cut off once, and counted once, when a second source cancels meanwhile', async () => {
      const server = await startServer([answer(503), stall()]);
      const [controller, source] = [new AbortController(), axios.CancelToken.source()];
      const hang = hangOn((error) => {
        if (axios.isCancel(error)) source.cancel();
        return axios.isCancel(error);
      });
      const client = createAround('before us', hang, {}, { adapter, baseURL: server.url });
      const given = caught(client.get('/', { signal: controller.signal, cancelToken: source.token }));
      await eventually(() => server.requests.length === 2);
      controller.abort();
      const error = await given;
      await pause(50);
      expect(retryReport(error)?.attempts).toHaveLength(2);
    });

    test('is cut off by totalTimeout', async () => {
      const server = await startServer([answer(503), stall()]);
      const isTimeout = (error: unknown) => (error as { code?: string }).code === 'ETIMEDOUT';
      const defaults = { adapter, baseURL: server.url };
      const client = createAround('before us', hangOn(isTimeout), { totalTimeout: 500 }, defaults);
      const error = await caught(client.get('/'));
      expect(error.response?.status).toBe(503);
      expect(retryReport(error)).toMatchObject({
        reason: 'total-timeout',
        attempts: [{ status: 503 }, { number: 2 }],
      });
    });
  });

  // The fetch adapter of axios before 1.7.7 does not hear a token in flight.
  (adapter === 'http' || axiosSince('1.7.7') ? describe : describe.skip)(
    'a cancel token that fires in flight',
    () => {
      /** Sends requests under one token, cancels them on their first or second attempt; answers the errors. */
      async function cancel(steps: 0 | 1, requests: number, options: RetryOptions = {}) {
        const arrivals = new Map<string, number>();
        const server = await startServer((exchange) => {
          const { url } = exchange.recorded;
          const number = (arrivals.get(url) ?? 0) + 1;
          arrivals.set(url, number);
          return (number <= steps ? answer(503) : stall())(exchange);
        });
        const { client } = createClient({ adapter, baseURL: server.url }, options);
        const { token, cancel: fire } = axios.CancelToken.source();
        const given = Array.from({ length: requests }, (_, i) =>
          caught(client.get(`/${i}`, { cancelToken: token })),
        );
        await eventually(() => server.requests.length === (steps + 1) * requests);
        await pause(30);
        fire('enough');
        return Promise.all(given);
      }

      test.each([
        [0, 1],
        [1, 1],
        [0, 3],
        [1, 3],
      ] as const)(
        'after %d retries, of %d requests, gives each its error and tells of each once',
        async (steps, requests) => {
          const onGiveUp = jest.fn();
          const onAttempt = jest.fn();
          const errors = await cancel(steps, requests, { observe: { onGiveUp, onAttempt } });
          expect(errors.map((error) => [axios.isCancel(error), error.message])).toEqual(
            errors.map(() => [true, 'enough']),
          );
          expect(errors.map((error) => retryReport(error)?.reason)).toEqual(errors.map(() => 'aborted'));
          expect(errors.map((error) => retryReport(error)?.attempts.length)).toEqual(
            errors.map(() => steps + 1),
          );
          expect(onGiveUp.mock.calls.map(([{ reason }]) => reason)).toEqual(errors.map(() => 'aborted'));
          expect(onAttempt).toHaveBeenCalledTimes((steps + 1) * requests);
        },
      );
    },
  );

  describe('drain()', () => {
    test('settles what waits, lets what is in flight finish, and sends what is new once', async () => {
      const busy = await startServer(answer(503));
      const slow = await startServer(slowly(200, answer(200, 'late')));
      const { client, handle } = createClient({ adapter }, { baseDelay: 60_000 });
      const waiting = caught(client.get(busy.url));
      const inFlight = client.get(slow.url);
      await eventually(() => busy.requests.length === 1 && slow.requests.length === 1);
      await pause(50);
      handle.drain();
      const error = await waiting;
      expect([error.response?.status, retryReport(error)?.reason]).toEqual([503, 'detached']);
      expect((await inFlight).data).toBe('late');
      const fresh = await caught(client.get(busy.url));
      expect([fresh.response?.status, retryReport(fresh)?.reason]).toEqual([503, 'detached']);
      expect(busy.requests).toHaveLength(2);
    });

    test('lets a retry that is in flight finish', async () => {
      const server = await startServer([answer(503), slowly(200, answer(200, 'late'))]);
      const { client, handle } = createClient({ adapter, baseURL: server.url });
      const given = client.get('/');
      await eventually(() => server.requests.length === 2);
      handle.drain();
      expect((await given).data).toBe('late');
    });

    test('keeps keys, deadlines and `data` in force', async () => {
      const server = await startServer([answer(201), stall()]);
      const { client, handle } = createClient({ adapter, baseURL: server.url }, { idempotencyKey: true });
      handle.drain();
      await client.post('/', undefined, { retry: { data: () => ({ made: true }) } });
      expect(server.requests[0]?.text).toBe('{"made":true}');
      expect(server.requests[0]?.headers).toHaveProperty('idempotency-key');
      const error = await caught(client.get('/', { retry: { attemptTimeout: 100 } }));
      expect(error.code).toBe('ETIMEDOUT');
    });
  });

  test.each(orders)(
    'a 401 refresher registered %s sends again what its own request refreshed',
    async (order) => {
      let token = 'stale';
      const server = await startServer(({ response, recorded: { url, headers }, number }) => {
        if (url === '/token') return response.end('fresh');
        if (number === 1) return response.writeHead(503).end();
        return response.writeHead(headers.authorization === 'fresh' ? 200 : 401).end();
      });
      const refresh = (client: AxiosInstance): void => {
        client.interceptors.request.use((config) => {
          if (config.url !== '/token') config.headers.set('Authorization', token);
          return config;
        });
        client.interceptors.response.use(undefined, async (error: AxiosError) => {
          if (error.response?.status !== 401) throw error;
          token = (await client.get('/token')).data;
          return client.request(error.config as AxiosRequestConfig);
        });
      };
      const client = createAround(order, refresh, {}, { adapter, baseURL: server.url });
      const response: AxiosResponse = await client.get('/orders');
      expect(response.status).toBe(200);
      expect(server.requests.map(({ url }) => url)).toEqual(['/orders', '/orders', '/token', '/orders']);
    },
  );
});
