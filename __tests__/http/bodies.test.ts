import { Readable } from 'node:stream';
import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosRequestTransformer } from 'axios';
import FormDataPackage from 'form-data';
import { attachRetry, retryReport } from '../../lib/index.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient, fast } from '../helpers/clients.ts';
import { answer, closeServers, startServer } from '../helpers/server.ts';
import { wireOf } from '../helpers/wire.ts';

afterEach(closeServers);

interface Body {
  readonly what: string;
  readonly data: () => unknown;
  readonly headers?: Record<string, string>;
}

const form = (): FormData => {
  const data = new FormData();
  data.append('name', 'Zoë');
  data.append('tag', 'a');
  data.append('tag', 'b');
  data.append('file', new Blob(['line 1\r\nline 2'], { type: 'text/plain' }), 'notes.txt');
  return data;
};
const multipart = { 'Content-Type': 'multipart/form-data' };
const urlencoded = { 'Content-Type': 'application/x-www-form-urlencoded' };
const order = () => ({ id: 7, lines: [{ sku: 'a', n: 1 }], note: null, at: new Date(0) });

class Money {
  readonly #cents = 500;
  toJSON(): unknown {
    return { cents: this.#cents };
  }
}

const bodies: readonly Body[] = [
  { what: 'an object', data: order },
  { what: 'an array', data: () => [1, { two: 2 }, [3]] },
  { what: 'an object of a class', data: () => ({ amount: new Money() }) },
  { what: 'a string', data: () => 'plain text, Zoë' },
  { what: 'a string of JSON', data: () => '{"a":1}', headers: { 'Content-Type': 'application/json' } },
  { what: 'a number', data: () => 42, headers: { 'Content-Type': 'application/json' } },
  { what: 'null', data: () => null },
  { what: 'no body', data: () => undefined },
  { what: 'a Buffer', data: () => Buffer.from([0, 255, 1, 254]) },
  { what: 'a Uint8Array', data: () => new Uint8Array([0, 255, 1, 254]).subarray(1) },
  { what: 'an ArrayBuffer', data: () => new Uint8Array([0, 255, 1, 254]).buffer },
  {
    what: 'URLSearchParams',
    data: () =>
      new URLSearchParams([
        ['q', 'a b'],
        ['q', 'ü'],
      ]),
  },
  {
    what: 'a Blob',
    data: () => new Blob(['blob ', new Uint8Array([0, 255])], { type: 'application/x-blob' }),
  },
  { what: 'a native FormData', data: form },
  { what: 'a native FormData declared as multipart', data: form, headers: multipart },
  {
    what: 'an object as multipart',
    data: () => ({ id: 7, tags: ['a', 'b'], nested: { x: 1 } }),
    headers: multipart,
  },
  {
    what: 'an object as multipart with a Buffer',
    data: () => ({ id: 7, file: Buffer.from([0, 255, 1]) }),
    headers: multipart,
  },
  { what: 'an object as urlencoded', data: () => ({ a: [1, 2], b: { c: 'd e' } }), headers: urlencoded },
];

const ownTransforms = [axios.defaults.transformRequest].flat() as AxiosRequestTransformer[];
const upperCase: AxiosRequestTransformer = (data) => (typeof data === 'string' ? data.toUpperCase() : data);

/** What else is set up on the instance: each makes the plugin copy more, or less, of the request. */
const settings: readonly {
  readonly name: string;
  readonly config?: AxiosRequestConfig;
  readonly intercepted?: true;
}[] = [
  { name: 'nothing else set up' },
  { name: 'another interceptor', intercepted: true },
  {
    name: 'a transformRequest after the one of axios',
    config: { transformRequest: [...ownTransforms, upperCase] },
  },
];

const intercept = (client: AxiosInstance): void => {
  client.interceptors.request.use((config) => config);
};

/** Sends over a bare axios, then three times over an attached one, to one server: four requests that must be the same. */
async function sendBareAndAttached(
  adapter: string,
  send: (client: AxiosInstance) => Promise<unknown>,
  setUp: (client: AxiosInstance) => void = () => undefined,
) {
  const server = await startServer([answer(200), answer(503), answer(503), answer(200)]);
  const defaults = { adapter, baseURL: server.url, proxy: false } as const;
  const bare = axios.create(defaults);
  setUp(bare);
  await send(bare);
  const attached = axios.create(defaults);
  attachRetry(attached, fast);
  setUp(attached);
  await send(attached);
  return server.requests.map(wireOf);
}

describe.each(adapters)('over %s', (adapter) => {
  describe.each(settings)('with $name', ({ config = {}, intercepted }) => {
    const setUp = intercepted ? intercept : () => undefined;

    test.each(bodies)(
      '$what is the same on every attempt, and what bare axios sends',
      async ({ data, headers = {} }) => {
        const send = (client: AxiosInstance) => client.put('/thing', data(), { headers, ...config });
        const [bare, ...attempts] = await sendBareAndAttached(adapter, send, setUp);
        expect(attempts).toEqual([bare, bare, bare]);
      },
    );
  });

  test.each(['putForm', 'patchForm', 'postForm'] as const)(
    '%s is the same on every attempt',
    async (alias) => {
      const send = (client: AxiosInstance) =>
        client[alias]('/form', { a: 1, b: ['x', 'y'] }, { retry: { methods: ['PUT', 'PATCH', 'POST'] } });
      const [bare, ...attempts] = await sendBareAndAttached(adapter, send);
      if (adapter === 'http') expect(bare?.body).toContain('name="b[]"');
      expect(attempts).toEqual([bare, bare, bare]);
    },
  );

  test('an encoding transformRequest encodes once on every attempt', async () => {
    const envelope: AxiosRequestTransformer = (data, headers) => {
      headers.set('Content-Type', 'application/vnd.envelope');
      return JSON.stringify({ payload: Buffer.from(JSON.stringify(data)).toString('base64') });
    };
    const send = (client: AxiosInstance) => client.put('/', { a: 1 }, { transformRequest: envelope });
    const [bare, ...attempts] = await sendBareAndAttached(adapter, send);
    expect(bare?.body).toBe('{"payload":"eyJhIjoxfQ=="}');
    expect(attempts).toEqual([bare, bare, bare]);
  });

  describe('data edited in place', () => {
    type Edit = {
      readonly what: string;
      readonly data: () => unknown;
      readonly edit: (data: never) => unknown;
    };

    const edits: readonly Edit[] = [
      {
        what: 'an object',
        data: () => ({ n: 1 }),
        edit: (data: { n: number }) => Object.assign(data, { n: data.n + 1 }),
      },
      {
        what: 'an object within',
        data: () => ({ a: { b: { n: 1 } } }),
        edit: ({ a }: { a: { b: { n: number } } }) => Object.assign(a.b, { n: a.b.n + 1 }),
      },
      { what: 'an array', data: () => [1], edit: (data: number[]) => void data.push(2) },
      {
        what: 'an array within',
        data: () => ({ list: [{ tags: ['a'] }] }),
        edit: (data: { list: { tags: string[] }[] }) => void data.list[0]?.tags.push('b'),
      },
      {
        what: 'URLSearchParams',
        data: () => new URLSearchParams('a=1'),
        edit: (data: URLSearchParams) => data.append('a', '2'),
      },
      { what: 'a FormData', data: form, edit: (data: FormData) => data.append('name', 'again') },
    ];

    test.each(edits)('by a transform: $what is edited once per attempt', async ({ data, edit }) => {
      const inPlace: AxiosRequestTransformer = (given) => {
        edit(given as never);
        return given;
      };
      const send = (client: AxiosInstance) =>
        client.put('/', data(), { transformRequest: [inPlace, ...ownTransforms] });
      const [bare, ...attempts] = await sendBareAndAttached(adapter, send);
      expect(attempts).toEqual([bare, bare, bare]);
    });

    test.each(edits)(
      'by a transform of the defaults: $what is edited once per attempt',
      async ({ data, edit }) => {
        const send = (client: AxiosInstance) => client.put('/', data());
        const [bare, ...attempts] = await sendBareAndAttached(adapter, send, (client) => {
          client.defaults.transformRequest = [
            (given) => {
              edit(given as never);
              return given;
            },
            ...ownTransforms,
          ];
        });
        expect(attempts).toEqual([bare, bare, bare]);
      },
    );

    test.each(edits)('by an interceptor: $what is edited once per attempt', async ({ data, edit }) => {
      const send = (client: AxiosInstance) => client.put('/', data());
      const [bare, ...attempts] = await sendBareAndAttached(adapter, send, (client) => {
        client.interceptors.request.use((config) => {
          edit(config.data as never);
          return config;
        });
      });
      expect(attempts).toEqual([bare, bare, bare]);
    });

    test('by the caller during the wait: the retry sends what the first attempt sent', async () => {
      const server = await startServer([answer(503), answer(200)]);
      const data = { n: 1, list: ['a'] };
      const { client } = createClient(
        { adapter, baseURL: server.url },
        { observe: { onRetry: () => void data.list.push('late') } },
      );
      intercept(client);
      await client.put('/', data);
      expect(server.requests.map(({ text }) => text)).toEqual(Array(2).fill('{"n":1,"list":["a"]}'));
    });
  });

  describe('a body that can be read only once', () => {
    const text = 'once upon a time';
    async function* chunks(): AsyncGenerator<Buffer> {
      yield Buffer.from(text);
    }
    const packaged = (): FormDataPackage => {
      const data = new FormDataPackage();
      data.append('file', text);
      return data;
    };
    const web = (): ReadableStream => new Blob([text]).stream();

    /** Over which adapters axios takes such a body, and where it sends it whole. */
    interface OneShot extends Body {
      readonly taken?: readonly string[];
      readonly whole?: readonly string[];
      readonly transformRequest?: AxiosRequestTransformer;
    }

    const stream = (): Readable => Readable.from([Buffer.from(text)]);
    const oneShots: readonly OneShot[] = [
      { what: 'a Node stream', data: stream },
      { what: 'a web stream', data: web, taken: ['fetch'] },
      { what: 'the form-data package', data: packaged, whole: ['http'] },
      { what: 'an async iterator', data: chunks, transformRequest: (data) => Readable.from(data) },
      {
        what: 'an object as multipart that holds a Node stream',
        data: () => ({ a: { file: stream() } }),
        headers: multipart,
        whole: ['http'],
      },
      {
        what: 'an object as multipart that holds a list of Node streams',
        data: () => ({ files: [stream()] }),
        headers: multipart,
        whole: ['http'],
      },
    ];

    describe.each(oneShots.filter(({ taken = adapters }) => taken.includes(adapter)))(
      '$what',
      ({ data, headers = {}, transformRequest, whole = adapters }) => {
        const config = { headers, ...(transformRequest && { transformRequest }) };
        const sent = whole.includes(adapter) ? expect.stringContaining(text) : expect.any(String);

        test.each([503, 429])('is not sent again after a %i', async (status) => {
          const server = await startServer(answer(status));
          const { client } = createClient({ adapter, baseURL: server.url });
          const error = await caught(client.put('/', data(), config));
          expect(error.response?.status).toBe(status);
          expect(server.requests.map((request) => request.text)).toEqual([sent]);
          expect(retryReport(error)?.reason).toBe('body-not-replayable');
        });

        test('is not sent again though retryIf asks for it and there is a key', async () => {
          const server = await startServer(answer(400));
          const { client } = createClient(
            { adapter, baseURL: server.url },
            { retryIf: () => true, idempotencyKey: true },
          );
          intercept(client);
          const error = await caught(client.post('/', data(), config));
          expect(server.requests.map((request) => request.text)).toEqual([sent]);
          expect(retryReport(error)?.reason).toBe('body-not-replayable');
        });
      },
    );

    test('is not sent again when an interceptor declares the object that holds it as multipart', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter, baseURL: server.url, timeout: 200 });
      client.interceptors.request.use((config) => {
        config.headers.set('Content-Type', 'multipart/form-data');
        return config;
      });
      const error = await caught(client.put('/', { file: stream() }));
      expect(server.requests).toHaveLength(1);
      expect(retryReport(error)?.reason).toBe('body-not-replayable');
    });

    test('is not sent again when a transformRequest packs it into a form', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter: 'http', baseURL: server.url, timeout: 200 });
      const transformRequest: AxiosRequestTransformer = ({ file }) => {
        const data = new FormDataPackage();
        data.append('file', file, { filename: 'file', knownLength: text.length });
        return data;
      };
      const error = await caught(client.put('/', { file: stream() }, { transformRequest }));
      expect(server.requests.map((request) => request.text)).toEqual([expect.stringContaining(text)]);
      expect(retryReport(error)?.reason).toBe('body-not-replayable');
    });

    test('is not sent again when beforeRetry brings it in', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient(
        { adapter, baseURL: server.url },
        {
          beforeRetry(config) {
            config.data = Readable.from([Buffer.from(text)]);
          },
        },
      );
      const error = await caught(client.put('/', 'first'));
      expect(server.requests.map((request) => request.text)).toEqual(['first']);
      expect(retryReport(error)?.reason).toBe('body-not-replayable');
    });

    test('is sent again when a transformRequest makes it anew', async () => {
      const server = await startServer([answer(503), answer(503), answer(200)]);
      const { client } = createClient({ adapter, baseURL: server.url });
      const transformRequest: AxiosRequestTransformer = (data) =>
        Readable.from([Buffer.from(JSON.stringify(data))]);
      await client.put('/', { a: 1 }, { transformRequest });
      expect(server.requests.map((request) => request.text)).toEqual(Array(3).fill('{"a":1}'));
    });
  });
});
