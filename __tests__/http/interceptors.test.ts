import axios, {
  AxiosHeaders,
  type AxiosInstance,
  type AxiosRequestConfig,
  type AxiosRequestTransformer,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { attachRetry, retryReport } from '../../lib/index.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, fast } from '../helpers/clients.ts';
import { answer, closeServers, resetAfterReading, type Step, startServer } from '../helpers/server.ts';
import { wireOf } from '../helpers/wire.ts';

afterEach(closeServers);

type Setup = (client: AxiosInstance) => void;
type Edit = (
  config: InternalAxiosRequestConfig,
) => InternalAxiosRequestConfig | void | Promise<InternalAxiosRequestConfig | void>;

const onRequest =
  (edit: Edit): Setup =>
  (client) => {
    client.interceptors.request.use(async (config) => (await edit(config)) ?? config);
  };
const onRequestSync =
  (edit: (config: InternalAxiosRequestConfig) => void): Setup =>
  (client) => {
    client.interceptors.request.use(
      (config) => {
        edit(config);
        return config;
      },
      null,
      { synchronous: true },
    );
  };

/** An instance on which something else was set up before the plugin, or is after it. */
function createAround(
  defaults: AxiosRequestConfig,
  order: 'before' | 'after',
  setUp: Setup,
  options: Parameters<typeof attachRetry>[1] = {},
): AxiosInstance {
  const client = axios.create({ proxy: false, ...defaults } as never);
  if (order === 'before') setUp(client);
  attachRetry(client, { ...fast, ...options });
  if (order === 'after') setUp(client);
  return client;
}

const orders = ['before', 'after'] as const;

/** Both orders in which axios can run request interceptors; it refuses an option that it does not know yet. */
const orderings = [
  { ordering: 'the legacy ordering of interceptors', transitional: {}, isLastFirst: true, since: '1.0.0' },
  {
    ordering: 'request interceptors in the order of registration',
    transitional: { legacyInterceptorReqResOrdering: false },
    isLastFirst: false,
    since: '1.13.6',
  },
].filter(({ since }) => axiosSince(since));

/** Answers 503 so many times and then 200, with a count of the answers as body. */
const recoverAfter = (failures: number): readonly Step[] => [
  ...Array<Step>(failures).fill(answer(503)),
  answer(200, { well: true }),
];

describe.each(adapters)('over %s', (adapter) => {
  describe.each(orderings)('with $ordering', ({ transitional, isLastFirst }) => {
    describe.each(orders)('an interceptor registered %s the plugin', (order) => {
      const edits: readonly { readonly what: string; readonly setUp: Setup }[] = [
        {
          what: 'prefixes the URL',
          setUp: onRequest((config) => {
            config.url = `/v1${config.url}`;
          }),
        },
        {
          what: 'extends the base URL',
          setUp: onRequest((config) => {
            config.baseURL = `${config.baseURL}/api`;
          }),
        },
        {
          what: 'wraps the data',
          setUp: onRequest((config) => {
            config.data = { data: config.data };
          }),
        },
        {
          what: 'encodes the data',
          setUp: onRequest((config) => {
            config.data = JSON.stringify(JSON.stringify(config.data));
          }),
        },
        {
          what: 'edits the data in place',
          setUp: onRequest((config) => {
            config.data.list.push(config.data.list.length);
          }),
        },
        {
          what: 'appends to a header',
          setUp: onRequest((config) => {
            config.headers.set('X-Hops', `${config.headers.get('X-Hops') ?? ''}>`);
          }),
        },
        {
          what: 'appends to a header synchronously',
          setUp: onRequestSync((config) => {
            config.headers.set('X-Hops', `${config.headers.get('X-Hops') ?? ''}>`);
          }),
        },
        {
          what: 'takes a header away',
          setUp: onRequest((config) => {
            config.headers.delete('X-Hops');
          }),
        },
        {
          what: 'adds params in place',
          setUp: onRequest((config) => {
            config.params.page.from += 1;
            config.params.tags.push('more');
          }),
        },
        {
          what: 'adds params by a copy',
          setUp: onRequest((config) => {
            config.params = { ...config.params, [`n${Object.keys(config.params).length}`]: 1 };
          }),
        },
        {
          what: 'moves params into the URL',
          setUp: onRequest((config) => {
            config.url = axios.getUri({ url: config.url ?? '', params: config.params });
            delete config.params;
          }),
        },
        {
          what: 'changes the method',
          setUp: onRequest((config) => {
            config.method = config.method === 'put' ? 'patch' : 'delete';
          }),
        },
        {
          what: 'adds a transform',
          setUp: onRequest((config) => {
            config.transformRequest = [config.transformRequest ?? [], (data: unknown) => `${data}!`].flat();
          }),
        },
        {
          what: 'adds a transform in place',
          setUp: onRequest((config) => {
            (config.transformRequest as AxiosRequestTransformer[]).push((data) => `${data}!`);
          }),
        },
        {
          what: 'edits credentials in place',
          setUp: onRequest((config) => {
            Object.assign(config.auth as object, { username: `${config.auth?.username}!` });
          }),
        },
        {
          what: 'edits a field of its own in place',
          setUp: onRequest((config) => {
            const { trace } = config as { trace?: string[] };
            trace?.push('hop');
            config.headers.set('X-Trace', `${trace}`);
          }),
        },
        {
          what: 'gives back a copy of the config',
          setUp: onRequest((config) => ({ ...config, url: `${config.url}/copy` })),
        },
        {
          what: 'adds credentials',
          setUp: onRequest((config) => {
            config.auth = { username: `u${config.auth?.username ?? ''}`, password: 'p' };
          }),
        },
      ];

      test.each(edits)(
        'that $what leaves every attempt the same, and as bare axios sends it',
        async ({ setUp }) => {
          const server = await startServer([answer(200), answer(503), answer(503), answer(200)]);
          const defaults = { adapter, baseURL: server.url, transitional };
          const send = (client: AxiosInstance) =>
            client.put('/p', { a: 1, list: [0] }, {
              params: { page: { from: 1 }, tags: ['x'] },
              headers: { 'X-Hops': '' },
              auth: { username: 'u', password: 'p' },
              trace: ['start'],
            } as AxiosRequestConfig);
          const bare = axios.create({ proxy: false, ...defaults });
          setUp(bare);
          await send(bare);
          await send(createAround(defaults, order, setUp, { methods: ['PUT', 'PATCH'] }));
          const [wire, ...attempts] = server.requests.map(wireOf);
          expect(attempts).toEqual([wire, wire, wire]);
        },
      );

      test.each([0, 1, 2])('`r => r.data` works after %i retries', async (retries) => {
        const server = await startServer(recoverAfter(retries));
        const unwrap: Setup = (client) => {
          client.interceptors.response.use((response) => response.data);
        };
        const client = createAround({ adapter, baseURL: server.url, transitional }, order, unwrap);
        expect(await client.get('/')).toEqual({ well: true });
        expect(server.requests).toHaveLength(retries + 1);
      });

      test('`r => r.data` under a validateStatus that lets everything pass gives one body', async () => {
        const server = await startServer(recoverAfter(1));
        const unwrapped: unknown[] = [];
        const unwrap: Setup = (client) => {
          client.interceptors.response.use((response) => {
            unwrapped.push(response.data);
            return response.data;
          });
        };
        const defaults = { adapter, baseURL: server.url, transitional, validateStatus: () => true };
        const body = await createAround(defaults, order, unwrap).get('/');
        // Unwrapped before the plugin sees it, nothing tells a 503 from a success: it is final.
        expect(body).toEqual(order === 'after' ? { well: true } : { status: 503 });
        expect(unwrapped).toEqual([body]);
      });

      test('that maps errors gives the caller the mapped error of the last attempt', async () => {
        const server = await startServer(({ response, number }) => response.writeHead(503).end(`${number}`));
        class Mapped extends Error {}
        const map: Setup = (client) => {
          client.interceptors.response.use(null, (error) => Promise.reject(new Mapped(error.response?.data)));
        };
        const client = createAround({ adapter, baseURL: server.url, transitional }, order, map);
        const error = await caught<Error>(client.get('/'));
        expect(error).toBeInstanceOf(Mapped);
        // Mapped before the plugin sees it, nothing tells what the error is: it is final.
        expect(error.message).toBe(order === 'after' ? '3' : '1');
      });

      describe.each([
        { end: 'that recovers', steps: [answer(503), resetAfterReading(), answer(200)] },
        { end: 'that is given up', steps: [answer(503), answer(503), answer(503)] },
        { end: 'that fails for good on a retry', steps: [answer(503), answer(404)] },
        { end: 'that succeeds at once', steps: [answer(200)] },
      ])('and a request $end', ({ steps }) => {
        test('run for every attempt where they are inside, and once where they are outside', async () => {
          const server = await startServer(steps);
          let requests = 0;
          const outcomes: unknown[] = [];
          const count: Setup = (client) => {
            client.interceptors.request.use((config) => {
              requests += 1;
              return config;
            });
            client.interceptors.response.use(
              (response) => {
                outcomes.push(response.status);
                return response;
              },
              (error) => {
                outcomes.push(error.response?.status ?? error.code);
                return Promise.reject(error);
              },
            );
          };
          const client = createAround({ adapter, baseURL: server.url, transitional }, order, count);
          const attempts = steps.length;
          const settled = await client.get('/').catch((error) => error);
          const seen = retryReport(settled)?.attempts.map(({ status, code }) => status ?? code);
          expect(server.requests).toHaveLength(attempts);
          // Request interceptors inside are those that run after ours.
          const isInside = (order === 'before') === isLastFirst;
          expect(requests).toBe(isInside ? attempts : 1);
          expect(outcomes).toEqual(order === 'before' ? seen : seen?.slice(-1));
        });
      });

      describe('that refreshes a token on a 401', () => {
        /** Answers 429 first, then 401 until the token is fresh; a charge is what was answered 201. */
        async function startBilling() {
          let charges = 0;
          const server = await startServer((exchange) => {
            const { number, recorded } = exchange;
            if (recorded.url === '/token') return answer(200, 'fresh')(exchange);
            if (number === 1) return answer(429)(exchange);
            if (recorded.headers.authorization !== 'Bearer fresh') return answer(401)(exchange);
            charges += 1;
            return answer(201, { charge: charges })(exchange);
          });
          return { server, charges: () => charges };
        }

        const createRefresher = () => {
          let token = 'stale';
          let refreshes = 0;
          const setUp: Setup = (client) => {
            client.interceptors.request.use((config) => {
              if (config.url !== '/token') config.headers.setAuthorization(`Bearer ${token}`);
              return config;
            });
            client.interceptors.response.use(null, async (error) => {
              if (error.response?.status !== 401 || error.config.again) throw error;
              refreshes += 1;
              token = (await client.get('/token')).data;
              return client.request({ ...error.config, again: true });
            });
          };
          return { setUp, refreshes: () => refreshes };
        };

        test.each([{}, { idempotencyKey: true }])(
          'charges once for a POST answered 429 and then 401, %j',
          async (options) => {
            const { server, charges } = await startBilling();
            const { setUp, refreshes } = createRefresher();
            const client = createAround(
              { adapter, baseURL: server.url, transitional },
              order,
              setUp,
              options,
            );
            const response = await client.post('/charges', { amount: 5 });
            expect(response.data).toEqual({ charge: 1 });
            expect(charges()).toBe(1);
            expect(refreshes()).toBe(1);
            expect(server.requests.map(({ url, text }) => [url, text])).toEqual([
              ['/charges', '{"amount":5}'],
              ['/charges', '{"amount":5}'],
              ['/token', ''],
              ['/charges', '{"amount":5}'],
            ]);
            const keys = server.requests.flatMap(({ headers }) => headers['idempotency-key'] ?? []);
            expect(new Set(keys).size).toBe('idempotencyKey' in options ? 1 : 0);
          },
        );
      });
    });
  });

  describe('between an interceptor before the plugin and one after it', () => {
    test('every attempt is seen by the first, and only the final outcome by the second', async () => {
      const server = await startServer([answer(503), answer(502), answer(200, 'well')]);
      const client = axios.create({ adapter, baseURL: server.url, proxy: false });
      const before: unknown[] = [];
      const after: unknown[] = [];
      const watch = (seen: unknown[]): void => {
        client.interceptors.response.use(
          (response) => {
            seen.push(response.status);
            return response;
          },
          (error) => {
            seen.push(error.response.status);
            return Promise.reject(error);
          },
        );
      };
      watch(before);
      attachRetry(client, fast);
      watch(after);
      expect((await client.get('/')).data).toBe('well');
      expect(before).toEqual([503, 502, 200]);
      expect(after).toEqual([200]);
    });

    test('a token that a request interceptor before the plugin reads is fresh on every attempt', async () => {
      const server = await startServer(recoverAfter(2));
      let token = 0;
      const client = createAround({ adapter, baseURL: server.url }, 'before', (instance) => {
        instance.interceptors.request.use((config) => {
          token += 1;
          config.headers.setAuthorization(`Bearer ${token}`);
          return config;
        });
      });
      await client.get('/');
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
        'Bearer 1',
        'Bearer 2',
        'Bearer 3',
      ]);
    });

    test('an error interceptor after the plugin may answer in place of a failure', async () => {
      const server = await startServer(answer(503));
      const client = createAround({ adapter, baseURL: server.url }, 'after', (instance) => {
        instance.interceptors.response.use(null, (error) => ({
          ...error.response,
          data: 'from the cache',
        }));
      });
      const response = await client.get('/');
      expect(response.data).toBe('from the cache');
      expect(server.requests).toHaveLength(3);
      expect(retryReport(response)?.reason).toBe('max-attempts');
    });

    test('an error interceptor after the plugin that answers everything changes no attempt', async () => {
      const server = await startServer(recoverAfter(2));
      const client = createAround({ adapter, baseURL: server.url }, 'after', (instance) => {
        instance.interceptors.response.use(null, () => ({ data: 'swallowed' }) as AxiosResponse);
      });
      expect((await client.get('/')).data).toEqual({ well: true });
      expect(server.requests).toHaveLength(3);
    });
  });

  describe('headers', () => {
    const cases: readonly {
      readonly what: string;
      readonly setUp?: Setup;
      readonly config?: AxiosRequestConfig;
    }[] = [
      { what: 'of the request', config: { headers: { 'X-One': '1', 'x-two': 2, 'X-List': ['a', 'b'] } } },
      {
        what: 'in an AxiosHeaders',
        config: { headers: new AxiosHeaders({ 'X-One': '1', Accept: 'text/plain' }) },
      },
      { what: 'taken away by null', config: { headers: { Accept: null, 'X-Common': null } as never } },
      {
        what: 'taken away by false',
        config: { headers: { 'User-Agent': false, 'Accept-Encoding': false, 'X-Put': false } as never },
      },
      {
        what: 'left open by undefined',
        config: { headers: { 'X-One': undefined, 'X-Common': undefined } as never },
      },
      {
        what: 'in other letter cases than the defaults',
        config: { headers: { 'x-COMMON': 'mine', 'content-type': 'application/vnd.mine+json' } },
      },
      { what: 'with an empty value', config: { headers: { 'X-Empty': '' } } },
      { what: 'from credentials', config: { auth: { username: 'u', password: 'pä' } } },
      {
        what: 'that an interceptor takes away',
        setUp: onRequest((config) => {
          config.headers.delete('X-Common');
          config.headers.set('Accept', false);
        }),
      },
      {
        what: 'that a transformRequest sets',
        config: {
          transformRequest: (data, headers) => {
            headers['X-Length'] = `${headers['X-Length'] ?? ''}${JSON.stringify(data).length}`;
            return JSON.stringify(data);
          },
        },
      },
    ];

    test.each(cases)(
      '$what are the same on every attempt, and as bare axios sends them',
      async ({ setUp, config }) => {
        const server = await startServer([answer(200), answer(503), answer(503), answer(200)]);
        const defaults = { adapter, baseURL: server.url, headers: { 'X-Instance': 'i' } };
        const all: Setup = (client) => {
          client.defaults.headers.common['X-Common'] = 'common';
          client.defaults.headers.put['X-Put'] = 'put';
          client.defaults.headers.post['X-Post'] = 'post';
          setUp?.(client);
        };
        const bare = axios.create({ proxy: false, ...defaults });
        all(bare);
        await bare.put('/', { a: 1 }, config);
        await createAround(defaults, 'after', all).put('/', { a: 1 }, config);
        const [wire, ...attempts] = server.requests.map(wireOf);
        expect(attempts).toEqual([wire, wire, wire]);
        expect(wire?.headers).toContain('X-Instance');
        expect(wire?.headers).not.toContain('X-Post');
      },
    );
  });

  describe('every way to send', () => {
    const retry = { methods: ['GET', 'DELETE', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH'] };
    const data = { a: 1 };
    const ways: readonly {
      readonly way: string;
      readonly send: (client: AxiosInstance) => Promise<AxiosResponse>;
    }[] = [
      { way: 'client(url)', send: (client) => client('/p', { retry }) },
      { way: 'client(config)', send: (client) => client({ url: '/p', method: 'POST', data, retry }) },
      {
        way: 'client.request(config)',
        send: (client) => client.request({ url: '/p', method: 'put', data, retry }),
      },
      {
        way: 'client(url, config)',
        send: (client) =>
          (client as (url: string, config: AxiosRequestConfig) => Promise<AxiosResponse>)('/p', {
            method: 'post',
            data,
            retry,
          }),
      },
      { way: 'get', send: (client) => client.get('/p', { params: { q: ['a', 'b'] }, retry }) },
      { way: 'delete', send: (client) => client.delete('/p', { data, retry }) },
      { way: 'head', send: (client) => client.head('/p', { retry }) },
      { way: 'options', send: (client) => client.options('/p', { retry }) },
      { way: 'post', send: (client) => client.post('/p', data, { retry }) },
      { way: 'put', send: (client) => client.put('/p', data, { retry }) },
      { way: 'patch', send: (client) => client.patch('/p', data, { retry }) },
      { way: 'postForm', send: (client) => client.postForm('/p', data, { retry }) },
      { way: 'putForm', send: (client) => client.putForm('/p', data, { retry }) },
      { way: 'patchForm', send: (client) => client.patchForm('/p', data, { retry }) },
    ];

    test.each(ways)('$way recovers, the same on every attempt', async ({ send }) => {
      const server = await startServer([answer(200), answer(503), answer(503), answer(200)]);
      const defaults = { adapter, baseURL: server.url };
      await send(axios.create({ proxy: false, ...defaults }));
      const response = await send(createAround(defaults, 'after', () => undefined));
      expect(response.status).toBe(200);
      const [wire, ...attempts] = server.requests.map(wireOf);
      expect(attempts).toEqual([wire, wire, wire]);
    });
  });
});
