import { setTimeout as pause } from 'node:timers/promises';
import axios, { AxiosError, type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { attachRetry, attemptOf, retryReport } from '../../lib/index.ts';
import { attachAround, createAround, orders } from '../helpers/around.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { fast } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { createMutex, type Mutex } from '../helpers/mutex.ts';
import { closeServers } from '../helpers/server.ts';
import { openLine, transports } from '../helpers/transports.ts';

afterEach(closeServers);

// The package has no types.
const cloneDeep = jest.requireActual('lodash/cloneDeep') as <T>(value: T) => T;

/** What a request sees of the server, and how it ends. */
const courses = [
  { course: 'recovers', statuses: [503, 503, 200], failures: 2 },
  { course: 'is given up', statuses: [503, 503, 503], failures: 3 },
  { course: 'succeeds at once', statuses: [200], failures: 0 },
] as const;

const settle = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => undefined);

/** Runs `begin` before each attempt and `end` with what came of it. */
const around =
  (
    begin: (config: InternalAxiosRequestConfig) => unknown,
    end: (config: InternalAxiosRequestConfig | undefined) => void,
  ) =>
  ({ interceptors }: AxiosInstance): void => {
    interceptors.request.use(async (config) => {
      await begin(config);
      return config;
    });
    interceptors.response.use(
      (response) => {
        end(response.config);
        return response;
      },
      (error) => {
        end(error.config);
        throw error;
      },
    );
  };

const onError =
  (listen: (error: AxiosError) => void) =>
  ({ interceptors }: AxiosInstance): void => {
    interceptors.response.use(undefined, (error) => {
      listen(error);
      throw error;
    });
  };

/** A mutex in interceptors: taken before the request goes out, given back with its outcome. */
const locked = (mutex: Mutex) =>
  around(
    () => mutex.take(),
    () => mutex.give(),
  );

describe.each(transports)('over %s', (transport) => {
  describe.each(orders)('registered %s', (order) => {
    const isInside = order === 'before us';

    describe.each(courses)('and a request that $course', ({ statuses, failures }) => {
      const attempts = statuses.length;
      const hasFailed = failures === attempts;

      test('a toast on an error is shown once for a failure that the caller gets, and per attempt inside', async () => {
        const { defaults } = await openLine(transport, ...statuses);
        let toasts = 0;
        const toast = onError(() => {
          toasts += 1;
        });
        await settle(createAround(order, toast, {}, defaults).get('/'));
        expect(toasts).toBe(isInside ? failures : Number(hasFailed));
      });

      test('a map of requests in flight, by a field of the config, is empty in the end', async () => {
        const { defaults } = await openLine(transport, ...statuses);
        const inFlight = new Map<unknown, unknown>();
        let entries = 0;
        const track = around(
          (config) => {
            entries += 1;
            Object.assign(config, { ticket: entries });
            inFlight.set(entries, config.url);
          },
          (config) => void inFlight.delete((config as { ticket?: number } | undefined)?.ticket),
        );
        await settle(createAround(order, track, {}, defaults).get('/'));
        expect(inFlight.size).toBe(0);
        expect(entries).toBe(isInside ? attempts : 1);
      });

      test('a loader is balanced', async () => {
        const { defaults } = await openLine(transport, ...statuses);
        const levels = [0];
        const step = (by: number) => () => void levels.push((levels.at(-1) ?? 0) + by);
        await settle(createAround(order, around(step(1), step(-1)), {}, defaults).get('/'));
        const flash = [1, 0];
        expect(levels).toEqual([0, ...Array.from({ length: isInside ? attempts : 1 }, () => flash).flat()]);
      });

      test('a mutex lets three requests at once through to their end', async () => {
        const { defaults } = await openLine(transport, ...statuses);
        const mutex = createMutex();
        const client = createAround(order, locked(mutex), { throttle: false }, defaults);
        await Promise.all([client.get('/'), client.get('/'), client.get('/')].map(settle));
        expect(mutex.isTaken()).toBe(false);
        expect(mutex.turns()).toBeGreaterThanOrEqual(3);
      });

      test('a `client.request` that is a queue with one place gets both requests through', async () => {
        const { defaults, sent } = await openLine(transport, ...statuses);
        const queue = (client: AxiosInstance): void => {
          const send = client.request.bind(client);
          let last: Promise<unknown> = Promise.resolve();
          client.request = ((config: never) => {
            const answer = last.then(() => send(config));
            last = settle(answer);
            return answer;
          }) as never;
        };
        const client = createAround(order, queue, {}, defaults);
        const send = () => settle(client.request({ url: '/' }));
        await Promise.all([send(), send()]);
        expect(sent.length).toBe(hasFailed ? 2 * attempts : attempts + 1);
      });

      test('a deep clone of the config keeps the retries, and the report', async () => {
        const { defaults, sent } = await openLine(transport, ...statuses);
        const clone = ({ interceptors }: AxiosInstance): void => {
          interceptors.request.use((config) => cloneDeep(config));
        };
        const outcome = await createAround(order, clone, {}, defaults)
          .get('/')
          .catch((error) => error);
        expect(sent).toHaveLength(attempts);
        expect(retryReport(outcome)?.attempts.map(({ status }) => status)).toEqual(statuses);
      });
    });

    test('a mapper of errors that keeps the cause maps what it sees, and keeps the retries', async () => {
      class ApiError extends Error {}
      const { defaults, sent } = await openLine(transport, 503);
      let mapped = 0;
      const map = ({ interceptors }: AxiosInstance): void => {
        interceptors.response.use(undefined, (cause) => {
          mapped += 1;
          return Promise.reject(new ApiError('Try later', { cause }));
        });
      };
      const error = await caught<Error>(createAround(order, map, {}, defaults).get('/'));
      expect(error).toBeInstanceOf(ApiError);
      expect(error.cause).toBeInstanceOf(AxiosError);
      expect(error.cause).not.toHaveProperty('cause.cause');
      expect(mapped).toBe(isInside ? 3 : 1);
      expect(sent).toHaveLength(3);
      expect(retryReport(error)).toMatchObject({ reason: 'max-attempts', attempts: [{}, {}, {}] });
    });

    test('`attemptOf` tells an interceptor inside which attempt it serves, and one outside nothing', async () => {
      const { defaults, sent } = await openLine(transport, 503, 503, 200);
      const inRequests: unknown[] = [];
      const inResponses: unknown[] = [];
      const number = around(
        (config) => {
          inRequests.push(attemptOf(config));
          config.headers.set('X-Attempt', attemptOf(config) ?? 'none');
        },
        (config) => void inResponses.push(attemptOf(config)),
      );
      await createAround(order, number, {}, defaults).get('/');
      expect(inRequests).toEqual(isInside ? [1, 2, 3] : [undefined]);
      expect(inResponses.slice(0, 2)).toEqual(isInside ? [1, 2] : [expect.any(Number)]);
      const received = sent.map(({ headers }) => String(headers['x-attempt']));
      expect(received).toEqual(isInside ? ['1', '2', '3'] : ['none', 'none', 'none']);
    });

    test('`runWhen` says of every attempt whether an interceptor runs', async () => {
      const { defaults } = await openLine(transport, 503, 503, 200);
      let runs = 0;
      const count = ({ interceptors }: AxiosInstance): void => {
        const add = (by: number) => (config: InternalAxiosRequestConfig) => {
          runs += by;
          return config;
        };
        interceptors.request.use(add(1), null, { runWhen: ({ method }) => method === 'get' });
        interceptors.request.use(add(100), null, { runWhen: ({ method }) => method !== 'get' });
        interceptors.request.use(add(10), null, { runWhen: null as never, synchronous: true });
      };
      await createAround(order, count, {}, defaults).get('/');
      expect(runs).toBe(isInside ? 33 : 11);
    });

    test.each([true, false])(
      'ids stay good: `eject` works after retries (synchronous: %j)',
      async (synchronous) => {
        const { defaults } = await openLine(transport, 503, 503, 200);
        let runs = 0;
        const count = (config: InternalAxiosRequestConfig) => {
          runs += 1;
          return config;
        };
        const ids: number[] = [];
        const client = createAround(
          order,
          ({ interceptors }) => {
            ids.push(interceptors.request.use(count, null, { synchronous }));
          },
          {},
          defaults,
        );
        let late = -1;
        await client.get('/', {
          retry: {
            observe: {
              onRetry: () => {
                if (late < 0) late = client.interceptors.request.use(count);
              },
            },
          },
        });
        // What is registered during the request is outside, and comes too late for it.
        expect(runs).toBe(isInside ? 3 : 1);
        await client.get('/');
        expect(runs).toBe(isInside ? 5 : 3);
        client.interceptors.request.eject(late);
        await client.get('/');
        expect(runs).toBe(isInside ? 6 : 4);
        for (const id of ids) client.interceptors.request.eject(id);
        await client.get('/');
        expect(runs).toBe(isInside ? 6 : 4);
      },
    );

    test.each(['request', 'response'] as const)(
      '%s interceptors that are cleared during a wait are gone, and the retry is sent',
      async (side) => {
        const { defaults, sent } = await openLine(transport, 503, 200);
        let runs = 0;
        const count = around(
          () => {
            runs += 1;
          },
          () => {
            runs += 1;
          },
        );
        const client = createAround(order, count, {}, defaults);
        const clear = () => client.interceptors[side].clear();
        const response = await client.get('/', { retry: { observe: { onRetry: clear } } });
        expect(response.status).toBe(200);
        expect(sent).toHaveLength(2);
        // Outside, both ran for the request itself: axios had made its list already.
        expect(runs).toBe(isInside ? 3 : 2);
      },
    );

    test.each(['at once', 'later'])(
      'a request of its own through the same instance goes through all interceptors (%s)',
      async (when) => {
        const { defaults, sent } = await openLine(transport, 503, 200, 503, 200);
        const seen: unknown[] = [];
        const nested: Promise<unknown>[] = [];
        const nest = ({ interceptors }: AxiosInstance): void => {
          interceptors.request.use(
            (config) => {
              if (config.url !== '/main') return config;
              const answer = client.get('/nested');
              nested.push(answer);
              return (when === 'at once' ? config : answer.then(() => config)) as never;
            },
            null,
            { synchronous: when === 'at once' },
          );
        };
        const client = createAround(order, nest, {}, defaults);
        client.interceptors.response.use((response) => {
          seen.push(response.config.url);
          return response;
        });
        const response = await client.get('/main');
        await Promise.all(nested);
        expect(response.status).toBe(200);
        const attempts = sent.filter(({ url }) => url === '/main').length;
        expect(nested).toHaveLength(isInside ? attempts : 1);
        expect(seen.sort()).toEqual(['/main', ...nested.map(() => '/nested')]);
      },
    );
  });

  describe('a mutex whose holder waits for its retry is given back', () => {
    test.each(orders)(
      'when that request is cancelled, and when the plugin is detached (registered %s)',
      async (order) => {
        const { defaults } = await openLine(transport, 503, 200, 503, 200);
        const mutex = createMutex();
        const { client, handle } = attachAround(order, locked(mutex), { baseDelay: 60_000 }, defaults);
        const controller = new AbortController();
        const cancelled = caught(client.get('/', { signal: controller.signal }));
        await eventually(() => mutex.turns() === 1);
        const second = client.get('/');
        await pause(20);
        controller.abort();
        expect(axios.isCancel(await cancelled)).toBe(true);
        expect((await second).status).toBe(200);

        const detached = caught(client.get('/'));
        await eventually(() => mutex.turns() === 3);
        const last = client.get('/');
        await pause(20);
        handle.detach();
        expect((await detached).response?.status).toBe(503);
        expect((await last).status).toBe(200);
        expect(mutex.isTaken()).toBe(false);
      },
    );
  });

  describe('where the order of request interceptors is another', () => {
    const settings: readonly (readonly [string, object | undefined])[] = [
      ['no setting', undefined],
      ['an empty setting', {}],
      ['a setting of part of the options', { silentJSONParsing: false }],
      ...(axiosSince('1.13.6')
        ? ([
            ['the order of registration', { legacyInterceptorReqResOrdering: false }],
            ['the legacy order', { legacyInterceptorReqResOrdering: true, clarifyTimeoutError: true }],
          ] as const)
        : []),
    ];

    /** Where such a setting can stand. */
    const places: readonly (readonly [
      string,
      (transitional: object | undefined, defaults: object) => AxiosInstance,
    ])[] = [
      [
        'an instance',
        (transitional, defaults) =>
          axios.create({ proxy: false, ...defaults, ...(transitional && { transitional }) }),
      ],
      [
        '`new Axios`',
        (transitional, defaults) =>
          new axios.Axios({
            proxy: false,
            // The fetch adapter of axios 1.12 does not work without.
            env: axios.defaults.env,
            ...defaults,
            ...(transitional && { transitional }),
          } as never) as AxiosInstance,
      ],
      [
        'a request',
        (transitional, defaults) => {
          const client = axios.create({ proxy: false, ...defaults });
          const { get } = client;
          client.get = ((url: string) => get(url, transitional ? { transitional } : {})) as never;
          return client;
        },
      ],
    ];

    describe.each(places)('on %s', (_, create) => {
      test.each(settings)(
        '%s: what runs after our request interceptor is inside',
        async (__, transitional) => {
          const { defaults, sent } = await openLine(transport, 503, 503, 200);
          const client = create(transitional, defaults);
          const runs: Record<string, unknown[]> = { before: [], after: [] };
          const note = (name: string) => (config: InternalAxiosRequestConfig) => {
            runs[name]?.push(attemptOf(config));
            return config;
          };
          client.interceptors.request.use(note('before'));
          attachRetry(client, fast);
          client.interceptors.request.use(note('after'));
          const response = await client.get('/');
          expect(response.status).toBe(200);
          expect(sent).toHaveLength(3);
          expect([runs.before, runs.after].sort((a, b) => (a?.length ?? 0) - (b?.length ?? 0))).toEqual([
            [undefined],
            [1, 2, 3],
          ]);
        },
      );
    });
  });

  test('two attached instances, one as the adapter of the other, make no more attempts than one', async () => {
    const { defaults, sent } = await openLine(transport, 503);
    const inner = createAround('after us', () => undefined, {}, defaults);
    const outer = createAround(
      'after us',
      () => undefined,
      {},
      {
        adapter: ({ url }) => inner.get(url ?? ''),
      },
    );
    const error = await caught(outer.get('/'));
    expect(error.response?.status).toBe(503);
    expect(sent).toHaveLength(3);
  });

  test('the failed config of one attached instance is a new request on another', async () => {
    const { defaults, sent } = await openLine(transport, 503);
    const one = createAround('after us', () => undefined, {}, defaults);
    const other = createAround('after us', () => undefined, {}, defaults);
    const { config } = await caught(one.get('/'));
    const again = await caught(other.request(config as InternalAxiosRequestConfig));
    expect(sent).toHaveLength(6);
    expect(retryReport(again)?.attempts).toHaveLength(3);
  });
});
