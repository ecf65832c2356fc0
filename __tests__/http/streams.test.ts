import { Agent } from 'node:http';
import { Readable } from 'node:stream';
import axios, { type AxiosRequestConfig, type ResponseType } from 'axios';
import { type RetryOptions, retryReport } from '../../lib/index.ts';
import { createAround, orders } from '../helpers/around.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { drip } from '../helpers/drip.ts';
import { eventually } from '../helpers/eventually.ts';
import { watchSockets } from '../helpers/freed.ts';
import { readText } from '../helpers/read-stream.ts';
import {
  answer,
  closeServers,
  echo,
  refusedPort,
  resetAfterReading,
  resetBeforeReading,
  type Step,
  startServer,
} from '../helpers/server.ts';

afterEach(closeServers);

const endless = (status: number): Step => drip(status, 10_000);
const large = 'x'.repeat(1_000_000);

describe('response streams over http with one socket', () => {
  const agents: Agent[] = [];
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.destroy();
  });
  const oneSocket = (keepAlive: boolean): Agent => {
    const agent = new Agent({ maxSockets: 1, keepAlive });
    agents.push(agent);
    return agent;
  };

  test.each<[string, boolean, AxiosRequestConfig, Step]>([
    ['a short failed body', true, {}, answer(503)],
    ['a large failed body', true, {}, answer(503, large)],
    ['a failed body without an end', true, {}, endless(503)],
    ['a failed body without an end, under maxContentLength', true, { maxContentLength: 1e7 }, endless(503)],
    ['a large failed body, under maxContentLength', false, { maxContentLength: 1e7 }, answer(503, large)],
    [
      'a failed body without an end, under a deadline',
      true,
      { retry: { attemptTimeout: 5_000 } },
      endless(503),
    ],
    ['a failed body without an end, under maxRate', true, { maxRate: 1e9 }, endless(503)],
    ['a failed body that is let through', true, { validateStatus: null }, endless(503)],
  ])('%s does not hold up the next attempt', async (_, keepAlive, config, failing) => {
    const server = await startServer([failing, failing, answer(200, 'whole')]);
    const { client } = createClient({ adapter: 'http', httpAgent: oneSocket(keepAlive) });
    const response = await client.get(server.url, { responseType: 'stream', ...config });
    expect(response.status).toBe(200);
    expect(await readText(response.data)).toBe('whole');
    expect(server.requests).toHaveLength(3);
  });

  test('the last failed stream can be read, and frees its socket then', async () => {
    const server = await startServer([endless(503), answer(503, large), answer(200, 'next')]);
    const { client } = createClient(
      { adapter: 'http', httpAgent: oneSocket(true), responseType: 'stream' },
      { maxAttempts: 2 },
    );
    const error = await caught(client.get(server.url));
    expect(await readText(error.response?.data)).toBe(large);
    expect(await readText((await client.get(server.url)).data)).toBe('next');
  });
});

describe.each(adapters)('over %s', (adapter) => {
  describe('a response that is read as a stream', () => {
    test('frees the connection of a failed attempt before the wait', async () => {
      const { step, freed } = watchSockets(endless(503));
      const server = await startServer([step, answer(200, 'whole')]);
      const { client } = createClient({ adapter }, { baseDelay: 100 });
      const answered = client.get(server.url, { responseType: 'stream' });
      await eventually(() => freed() === 1);
      expect(server.requests).toHaveLength(1);
      expect(await readText((await answered).data)).toBe('whole');
    });

    test('can be read when it is the last failure', async () => {
      const server = await startServer([answer(503, 'first'), answer(503, large)]);
      const { client } = createClient({ adapter }, { maxAttempts: 2 });
      const error = await caught(client.get(server.url, { responseType: 'stream' }));
      expect(error.response?.status).toBe(503);
      expect(await readText(error.response?.data)).toBe(large);
    });

    test.each<[string, RetryOptions]>([
      ['it is not worth it', { retryIf: () => false }],
      ['the method is unsafe', { methods: [] }],
      ['the hint is too long', { retryAfter: { max: 1 } }],
      ['the wait would pass the bound', { maxElapsedTime: 1, baseDelay: 1_000 }],
      ['a stop condition holds', { stop: () => 'enough' }],
      ['a deadline leaves no room', { totalTimeout: 9_000, baseDelay: 10_000 }],
    ])('can be read when %s', async (_, options) => {
      const server = await startServer(answer(503, large, { 'retry-after': '1' }));
      const ignoring = options.retryAfter ? {} : { retryAfter: false as const };
      const { client } = createClient({ adapter }, { ...ignoring, ...options });
      const error = await caught(client.get(server.url, { responseType: 'stream' }));
      expect(await readText(error.response?.data)).toBe(large);
      expect(server.requests).toHaveLength(1);
    });

    test('can be read after a success, deadlines included', async () => {
      const server = await startServer([answer(503, large), drip(200, 30, 50)]);
      const { client } = createClient({ adapter }, { attemptTimeout: 600, totalTimeout: 900 });
      const { data } = await client.get(server.url, { responseType: 'stream' });
      expect(await readText(data)).toBe('drop '.repeat(30));
    });

    test.each([{}, { attemptTimeout: 5_000 }])(
      'obeys the signal while it is read, under %j',
      async (retry) => {
        const server = await startServer([answer(503), endless(200)]);
        const controller = new AbortController();
        const { client } = createClient({ adapter });
        const { data } = await client.get(server.url, {
          responseType: 'stream',
          signal: controller.signal,
          retry,
        });
        setTimeout(() => controller.abort(), 20);
        await caught(readText(data));
      },
    );

    test('that is given up because an observer of the user aborts is let go', async () => {
      const { step, freed } = watchSockets(endless(503));
      const server = await startServer(step);
      const controller = new AbortController();
      const { client } = createClient({ adapter }, { observe: { onRetry: () => controller.abort() } });
      const error = await caught(
        client.get(server.url, { responseType: 'stream', signal: controller.signal }),
      );
      expect(axios.isCancel(error)).toBe(true);
      await eventually(() => freed() === 1);
    });

    test('that fails under a retryIf which throws is let go', async () => {
      const { step, freed } = watchSockets(endless(503));
      const server = await startServer(step);
      const retryIf = () => {
        throw new Error('No idea');
      };
      const { client } = createClient({ adapter }, { retryIf });
      const error = await caught(client.get(server.url, { responseType: 'stream' }));
      expect(error.message).toBe('No idea');
      await eventually(() => freed() === 1);
    });
  });

  test.each(['arraybuffer', 'blob', 'document', 'text', 'response'] as const)(
    'the response type %s arrives as bare axios would give it, after a retry and after giving up',
    async (responseType) => {
      const server = await startServer([answer(503, large), answer(200, 'whole'), answer(503, large)]);
      const { client } = createClient({ adapter }, { maxAttempts: 2 });
      const config = { responseType: responseType as ResponseType };
      const bare = await startServer([answer(200, 'whole'), answer(503, large)]);
      const asIs = { ...config, adapter, proxy: false } as const;
      expect((await client.get(server.url, config)).data).toEqual((await axios.get(bare.url, asIs)).data);
      const error = await caught(client.get(server.url, config));
      expect(error.response?.data).toEqual((await caught(axios.get(bare.url, asIs))).response?.data);
    },
  );

  describe('a body from `data`', () => {
    const parts = Array.from({ length: 20 }, (_, i) => `${i} ${'-'.repeat(5_000)}`);
    const whole = parts.join('');
    const streams: readonly (readonly [string, () => unknown])[] = [
      ['a Node stream', () => Readable.from(parts.map((part) => Buffer.from(part)))],
      ['a web stream', () => new Blob([whole]).stream()],
    ];
    // axios's http adapter takes no web stream.
    const taken = streams.filter(([name]) => adapter === 'fetch' || name !== 'a web stream');

    test.each(taken)('%s is whole after a 503, a reset and another 503', async (_, open) => {
      const server = await startServer([answer(503), resetAfterReading(), answer(503), echo()]);
      const { client } = createClient({ adapter }, { maxAttempts: 4 });
      const data = jest.fn(open);
      const response = await client.put(server.url, undefined, { retry: { data } });
      expect(response.data.body).toBe(whole);
      expect(server.requests.map(({ text }) => text)).toEqual([whole, whole, whole, whole]);
      expect(data).toHaveBeenCalledTimes(4);
    });

    test.each(taken)('%s is whole after a reset before it was read', async (_, open) => {
      const server = await startServer([resetBeforeReading(), answer(503), echo()]);
      const { client } = createClient({ adapter });
      const response = await client.put(server.url, undefined, { retry: { data: open } });
      expect(response.data.body).toBe(whole);
    });

    test('takes the place of a body that was passed, from the first attempt on', async () => {
      const server = await startServer([answer(503), echo()]);
      const { client } = createClient({ adapter });
      let made = 0;
      const data = () => {
        made += 1;
        return { made };
      };
      const response = await client.put(server.url, 'passed', { retry: { data } });
      expect(server.requests.map(({ text }) => text)).toEqual(['{"made":1}', '{"made":2}']);
      expect(response.data.headers['content-type']).toBe('application/json');
    });

    test('makes a POST neither safe nor unsafe: one after a 503 is sent once, one after a 429 again', async () => {
      const server = await startServer([answer(503), answer(429), echo()]);
      const { client } = createClient({ adapter });
      const data = () => Readable.from([Buffer.from('charge')]);
      const error = await caught(client.post(server.url, undefined, { retry: { data } }));
      expect(retryReport(error)?.reason).toBe('unsafe-method');
      const response = await client.post(server.url, undefined, { retry: { data } });
      expect(response.data.body).toBe('charge');
      expect(server.requests).toHaveLength(3);
    });

    test('that throws rejects the request with its error, on the first attempt and on a later one', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const failure = new Error('The file is gone');
      const fail = () => {
        throw failure;
      };
      expect(await caught(client.put(server.url, undefined, { retry: { data: fail } }))).toBe(failure);
      expect(server.requests).toHaveLength(0);

      const data = jest.fn().mockReturnValueOnce('once').mockImplementationOnce(fail);
      const error = await caught(client.put(server.url, undefined, { retry: { data } }));
      expect(error).toBe(failure);
      expect(error.cause).toMatchObject({ response: { status: 503 } });
      expect(server.requests).toHaveLength(1);
    });

    test('that promises a body is refused before anything is sent', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const error = await caught(client.put(server.url, undefined, { retry: { data: async () => 'x' } }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toMatch(
        /^Expected the result of retry option `data` to be .+, got \[object Promise\]$/,
      );
      expect(server.requests).toHaveLength(0);
    });

    describe('that nobody would read', () => {
      /** Streams that never end by themselves, as they were made. */
      const opener = () => {
        const made: Readable[] = [];
        const data = () => {
          const stream = new Readable({ read: () => undefined });
          made.push(stream);
          return stream;
        };
        return { made, data };
      };
      const destroyed = (made: readonly Readable[]): boolean[] => made.map((stream) => stream.destroyed);

      test.each(orders)('is not made when an interceptor %s fails before the first send', async (order) => {
        const { made, data } = opener();
        const client = createAround(
          order,
          ({ interceptors }) => void interceptors.request.use(() => Promise.reject(new Error('No token'))),
          {},
          { adapter },
        );
        await caught(client.put('http://127.0.0.1:1/', undefined, { retry: { data } }));
        expect(made).toEqual([]);
      });

      test('is destroyed when the connection is refused, every time', async () => {
        const { made, data } = opener();
        const { client } = createClient({ adapter });
        const port = await refusedPort();
        await caught(client.put(`http://127.0.0.1:${port}/`, undefined, { retry: { data } }));
        expect(destroyed(made)).toEqual([true, true, true]);
      });

      const once = () => startServer(Object.assign(answer(503), { beforeReading: true }));
      const inBeforeRetry: readonly (readonly [string, (abort: () => void) => RetryOptions])[] = [
        ['throws', () => ({ beforeRetry: () => Promise.reject(new Error('No')) })],
        ['aborts', (abort) => ({ beforeRetry: abort })],
        [
          'makes it unsafe',
          () => ({ beforeRetry: (config) => void Object.assign(config, { method: 'post' }) }),
        ],
        ['never ends', () => ({ beforeRetry: () => new Promise(() => undefined), totalTimeout: 500 })],
      ];
      test.each(inBeforeRetry)('is not made when beforeRetry %s', async (_, options) => {
        const server = await once();
        const controller = new AbortController();
        const { client } = createClient(
          { adapter },
          options(() => controller.abort()),
        );
        const { made, data } = opener();
        const body = jest.fn(data).mockImplementationOnce(() => 'a text' as never);
        await caught(client.put(server.url, undefined, { signal: controller.signal, retry: { data: body } }));
        expect(server.requests).toHaveLength(1);
        expect(made).toEqual([]);
      });

      test('is destroyed when the deadline passed in an interceptor', async () => {
        const { made, data } = opener();
        const options = { attemptTimeout: 10, maxAttempts: 1 };
        const { client } = createClient({ adapter }, options, undefined, (inside) => {
          inside.interceptors.request.use(async (config) => {
            await new Promise((resolve) => setTimeout(resolve, 30));
            return config;
          });
        });
        await caught(client.put('http://127.0.0.1:1/', undefined, { retry: { data } }));
        expect(destroyed(made)).toEqual([true]);
      });

      test('is not made when the request was cancelled before it began', async () => {
        const { made, data } = opener();
        const { client } = createClient({ adapter });
        const signal = AbortSignal.abort();
        await caught(client.put('http://127.0.0.1:1/', undefined, { signal, retry: { data } }));
        expect(made).toEqual([]);
      });

      test('is not made when beforeRetry put another in its place', async () => {
        const server = await startServer([answer(503), echo()]);
        const beforeRetry: RetryOptions['beforeRetry'] = (config) =>
          void Object.assign(config, { data: 'another' });
        const { client } = createClient({ adapter }, { beforeRetry });
        const { made, data } = opener();
        const body = jest.fn(data).mockImplementationOnce(() => 'a text' as never);
        const response = await client.put(server.url, undefined, { retry: { data: body } });
        expect(response.data.body).toBe('another');
        expect(made).toEqual([]);
      });
    });
  });
});
