import axios, { AxiosError, type AxiosInstance } from 'axios';
import { attachRetry, retryReport } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createClient, fast } from '../../helpers/clients.ts';
import { scripted } from '../../helpers/scripted.ts';

const handlers = ({ interceptors: { request, response } }: AxiosInstance) => [
  (request.handlers ?? []).filter(Boolean),
  (response.handlers ?? []).filter(Boolean),
];

/** An interceptor that leaves a note and changes nothing. */
const noting =
  (notes: string[], note: string) =>
  <T>(value: T): T => {
    notes.push(note);
    return value;
  };

describe('attaching', () => {
  test('makes requests of every kind of call be retried', async () => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient(
      { adapter },
      { maxAttempts: 2, methods: ['GET', 'POST', 'HEAD', 'PATCH'] },
    );
    const calls = [
      () => client.get('/'),
      () => client('/'),
      () => client({ url: '/', method: 'GET' }),
      () => client.request({ url: '/' }),
      () => client.head('/'),
      () => client.post('/', {}),
      () => client.postForm('/', { a: 1 }),
      () => client.patch('/', {}),
    ];
    for (const call of calls) await caught(call());
    expect(sent).toHaveLength(2 * calls.length);
  });

  test('adds one interceptor on either side and nothing that shows on the instance', () => {
    const client = axios.create();
    const keys = Object.keys(client);
    attachRetry(client);
    expect(handlers(client).map(({ length }) => length)).toEqual([1, 1]);
    expect(Object.keys(client)).toEqual(keys);
    expect(client.defaults).not.toHaveProperty('retry');
  });

  test('works on axios itself', async () => {
    const { adapter, sent } = scripted(503, 200);
    const handle = attachRetry(axios, fast);
    try {
      expect((await axios.get('/', { adapter })).status).toBe(200);
      expect(sent).toHaveLength(2);
    } finally {
      handle.detach();
    }
    expect((await caught(axios.get('/', { adapter: scripted(503).adapter }))).response?.status).toBe(503);
  });

  test('does not reach an instance created by the attached one', async () => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter });
    const child = (client as unknown as typeof axios).create();
    const error = await caught(child.get('/'));
    expect(sent).toHaveLength(1);
    expect(retryReport(error)).toBeUndefined();
    expect(() => attachRetry(child)).not.toThrow();
  });

  test('twice to one instance throws, naming both ways out, and leaves the first attachment alone', async () => {
    const { adapter, sent } = scripted(503, 200);
    const { client } = createClient({ adapter });
    expect(() => attachRetry(client)).toThrow(/already.*`config\.retry`.*`detach\(\)`/);
    expect(handlers(client).map(({ length }) => length)).toEqual([1, 1]);
    await client.get('/');
    expect(sent).toHaveLength(2);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['an object', {}, '[object Object]'],
    ['a function', () => undefined, 'a function'],
    ['a string', 'axios', '"axios"'],
    ['interceptors of another kind', { interceptors: { request: {}, response: {} } }, '[object Object]'],
  ])('to %s is refused', (_, value, shown) => {
    expect(() => attachRetry(value as never)).toThrow(
      new TypeError(`Expected \`instance\` to be an axios instance, got ${shown}`),
    );
  });

  test.each<[string, unknown, string]>([
    [
      'no clock',
      { clock: null },
      'Expected `runtime.clock` to be an object of functions now and sleep, got null',
    ],
    [
      'half a clock',
      { clock: { now: () => 0 } },
      'Expected `runtime.clock` to be an object of functions now and sleep, got [object Object]',
    ],
    ['no chance', { random: 0.5 }, 'Expected `runtime.random` to be a function, got 0.5'],
  ])('with a runtime of %s is refused and registers nothing', (_, runtime, message) => {
    const client = axios.create();
    expect(() => attachRetry(client, {}, runtime as never)).toThrow(new TypeError(message));
    expect(handlers(client)).toEqual([[], []]);
    expect(() => attachRetry(client)).not.toThrow();
  });

  test('with bad options registers nothing and can be repeated with good ones', () => {
    const client = axios.create();
    expect(() => attachRetry(client, { maxAttempts: 0 })).toThrow(TypeError);
    expect(handlers(client)).toEqual([[], []]);
    expect(() => attachRetry(client, { maxAttempts: 1 })).not.toThrow();
  });

  test('takes either half of a runtime', async () => {
    const waits: number[] = [];
    const clock = { now: () => 1_000, sleep: async (ms: number) => void waits.push(ms) };
    const options = { baseDelay: 1_000, jitter: 'full' } as const;
    const first = createClient({ adapter: scripted(503).adapter }, options, { clock, random: () => 0.25 });
    const error = await caught(first.client.get('/'));
    expect(waits).toEqual([250, 500]);
    expect(retryReport(error)?.attempts.map(({ startedAt }) => startedAt)).toEqual([1_000, 1_000, 1_000]);
    const second = createClient({ adapter: scripted(503).adapter }, options, { clock });
    await caught(second.client.get('/'));
    expect(waits).toHaveLength(4);
    const third = createClient({ adapter: scripted(503, 200).adapter }, options, { random: () => 0 });
    expect((await third.client.get('/')).status).toBe(200);
  });
});

describe('detach()', () => {
  test('leaves the instance as before, with the interceptors of others in their places', async () => {
    const { adapter, sent } = scripted(503);
    const client = axios.create({ adapter });
    client.interceptors.request.use((config) => config);
    client.interceptors.response.use((response) => response);
    const before = handlers(client);
    const keys = [Reflect.ownKeys(client), Reflect.ownKeys(client.defaults)];
    const handle = attachRetry(client, fast);
    handle.detach();
    expect(handlers(client)).toEqual(before);
    expect([Reflect.ownKeys(client), Reflect.ownKeys(client.defaults)]).toEqual(keys);

    const error = await caught(client.get('/', { retry: { maxAttempts: 5 } }));
    expect(sent).toHaveLength(1);
    expect(retryReport(error)).toBeUndefined();
  });

  test('leaves alone what was registered after us, which can still be ejected', async () => {
    const { adapter } = scripted(200);
    const { client, handle } = createClient({ adapter });
    const seen: string[] = [];
    const requestId = client.interceptors.request.use(noting(seen, 'request'));
    const responseId = client.interceptors.response.use(noting(seen, 'response'));
    handle.detach();
    await client.get('/');
    expect(seen).toEqual(['request', 'response']);
    client.interceptors.request.eject(requestId);
    client.interceptors.response.eject(responseId);
    await client.get('/');
    expect(seen).toHaveLength(2);
    expect(handlers(client)).toEqual([[], []]);
  });

  test('twice is once, also after attaching anew', async () => {
    const { adapter, sent } = scripted(503);
    const { client, handle } = createClient({ adapter });
    handle.detach();
    handle.detach();
    const second = attachRetry(client, fast);
    handle.detach();
    await caught(client.get('/'));
    expect(sent).toHaveLength(3);
    expect(() => attachRetry(client)).toThrow(/already/);
    second.detach();
    expect(handlers(client)).toEqual([[], []]);
  });

  test('lets another policy be attached', async () => {
    const { adapter, sent } = scripted(503);
    const { client, handle } = createClient({ adapter }, { maxAttempts: 2 });
    await caught(client.get('/'));
    handle.detach();
    attachRetry(client, { ...fast, maxAttempts: 4 });
    const error = await caught(client.get('/'));
    expect(sent).toHaveLength(6);
    expect(retryReport(error)?.attempts).toHaveLength(4);
  });

  test('does not reach a request of the attachment that follows', async () => {
    const { client, handle } = createClient({ adapter: scripted(503, 200).adapter });
    handle.detach();
    attachRetry(client, { ...fast, baseDelay: 20 });
    const answered = client.get('/');
    handle.detach();
    expect((await answered).status).toBe(200);
  });
});

describe('interceptors.clear()', () => {
  const clear = (client: AxiosInstance): void => {
    client.interceptors.request.clear();
    client.interceptors.response.clear();
  };

  test('ends retrying without harm', async () => {
    const { adapter, sent } = scripted(503);
    const { client, handle } = createClient({ adapter });
    clear(client);
    const error = await caught(client.get('/'));
    expect(sent).toHaveLength(1);
    expect(error.response?.status).toBe(503);
    expect(() => handle.detach()).not.toThrow();
  });

  test('and detach() eject nobody who has come since', async () => {
    const { client, handle } = createClient({ adapter: scripted(200).adapter });
    clear(client);
    const seen: string[] = [];
    client.interceptors.request.use(noting(seen, 'request'));
    client.interceptors.response.use(noting(seen, 'response'));
    handle.detach();
    await client.get('/');
    expect(seen).toEqual(['request', 'response']);
  });

  test('and detach() allow attaching anew', async () => {
    const { adapter, sent } = scripted(503, 200);
    const { client, handle } = createClient({ adapter });
    clear(client);
    handle.detach();
    attachRetry(client, fast);
    expect((await client.get('/')).status).toBe(200);
    expect(sent).toHaveLength(2);
  });

  test.each(['request', 'response'] as const)(
    'of the %s side alone does not hang or crash a request',
    async (side) => {
      const { adapter, sent } = scripted(503);
      const { client } = createClient({ adapter });
      client.interceptors[side].clear();
      const error = await caught(client.get('/'));
      expect(error.response?.status).toBe(503);
      expect(sent).toHaveLength(1);
    },
  );

  test.each(['request', 'response'] as const)(
    'of the %s side during the wait settles with a real outcome',
    async (side) => {
      const { adapter } = scripted(503, 404, 200);
      const observe = { onRetry: () => client.interceptors[side].clear() };
      const { client } = createClient({ adapter }, { observe });
      const error = await caught(client.get('/'));
      expect(error).toBeInstanceOf(AxiosError);
      expect(error.response?.status).toBe(404);
    },
  );
});

describe('two attached instances', () => {
  test('one inside an interceptor of the other keep their requests apart', async () => {
    const inner = createClient({ adapter: scripted(503, 200).adapter }).client;
    const { adapter, sent } = scripted(503, 200);
    const { client } = createClient({ adapter });
    client.interceptors.request.use(async (config) => {
      const { data } = await inner.get('/token');
      return Object.assign(config, { params: data });
    });
    const response = await client.get('/');
    expect(sent.map(({ params }) => params)).toEqual([{ status: 200 }, { status: 200 }]);
    expect(retryReport(response)?.attempts).toHaveLength(2);
  });

  test('one as the adapter of the other: what the inner gave up on is not retried by the outer', async () => {
    const { adapter, sent } = scripted(503);
    const inner = createClient({ adapter }).client;
    const { client } = createClient({ adapter: ({ url }) => inner.get(url ?? '') });
    const error = await caught(client.get('/'));
    expect(error.response?.status).toBe(503);
    expect(sent).toHaveLength(3);
  });
});

describe('what has interceptors of one side only', () => {
  const side = { handlers: [] };

  test.each<[string, object]>([
    ['requests', { request: side }],
    ['responses', { response: side }],
    ['requests, and responses of another kind', { request: side, response: {} }],
    ['responses, and requests of another kind', { request: {}, response: side }],
  ])('of %s, is no axios instance', (_, interceptors) => {
    expect(() => attachRetry({ interceptors } as never)).toThrow(
      /^Expected `instance` to be an axios instance/,
    );
  });
});

test.each<[string, object]>([
  ['now', { sleep: async () => undefined }],
  ['sleep', { now: () => 0 }],
])('a clock without %s is refused', (_, clock) => {
  expect(() => attachRetry(axios.create(), {}, { clock } as never)).toThrow(/^Expected `runtime\.clock`/);
});

test('the places of ejected interceptors are no hindrance', async () => {
  const { adapter, sent } = scripted(503, 200);
  const client = axios.create({ adapter });
  const ids = [client.interceptors.request.use(null), client.interceptors.request.use(null)];
  const [first = 0] = ids;
  client.interceptors.response.eject(client.interceptors.response.use(null));
  client.interceptors.response.handlers?.push(null as never);
  client.interceptors.request.eject(first);
  client.interceptors.request.handlers?.push(null as never);
  attachRetry(client, { baseDelay: 0 });
  client.interceptors.request.use((config) => config);
  expect((await client.get('/')).status).toBe(200);
  expect(sent).toHaveLength(2);
});

test('detaching from an instance whose interceptors were taken away does no harm', () => {
  const client = axios.create();
  const handle = attachRetry(client);
  Object.assign(client.interceptors.request, { handlers: null });
  Object.assign(client.interceptors.response, { handlers: null });
  expect(() => handle.detach()).not.toThrow();
});

test('the adapter is reached without waiting for anybody', () => {
  const { adapter, sent } = scripted(200);
  const client = axios.create({ adapter });
  const bare = scripted(200);
  void axios.get('/', { adapter: bare.adapter });
  attachRetry(client);
  void client.get('/');
  expect(sent).toHaveLength(bare.sent.length);
});

test('on an axios that ejects by place, whoever came after a clear() keeps his', async () => {
  const client = axios.create({ adapter: scripted(200).adapter });
  for (const side of [client.interceptors.request, client.interceptors.response]) {
    // As older versions of axios do.
    side.eject = (id) => {
      if (side.handlers?.[id]) side.handlers[id] = null as never;
    };
  }
  const handle = attachRetry(client);
  const seen: string[] = [];
  for (const name of ['request', 'response'] as const) {
    client.interceptors[name].clear();
    (client.interceptors[name] as typeof client.interceptors.request).use((value) => {
      seen.push(name);
      return value;
    });
  }
  handle.detach();
  await client.get('/');
  expect(seen).toEqual(['request', 'response']);
});

test('another build of the package sees that an instance is attached', () => {
  const client = axios.create();
  attachRetry(client);
  const attached = Symbol.for('axios-tenacity.attached');
  expect(client.interceptors.response.handlers?.filter((handler) => attached in handler)).toHaveLength(1);
  expect(client.interceptors.request.handlers).toHaveLength(1);
});

test.each([[undefined], [null], ['text']])('a rejection with %p is the caller’s as it is', async (value) => {
  const client = axios.create({ adapter: () => Promise.reject(value) });
  attachRetry(client);
  await expect(client.get('/')).rejects.toBe(value);
});
