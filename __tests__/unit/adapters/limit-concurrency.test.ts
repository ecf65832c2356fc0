import { getEventListeners } from 'node:events';
import axios, {
  type AxiosAdapter,
  AxiosError,
  type AxiosRequestConfig,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import fc from 'fast-check';
import { isMarkedUnsent } from '../../../lib/axios/unsent.ts';
import { type ConcurrencyLimiter, limitConcurrency } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { adapters, createClient } from '../../helpers/clients.ts';
import { eventually } from '../../helpers/eventually.ts';
import { createGate } from '../../helpers/gate.ts';
import { watchInFlight } from '../../helpers/in-flight.ts';
import { readText } from '../../helpers/read-stream.ts';
import { scripted } from '../../helpers/scripted.ts';
import {
  answer,
  closeServers,
  type Exchange,
  resetBeforeReading,
  slowly,
  stall,
  startServer,
} from '../../helpers/server.ts';

afterEach(closeServers);

const flush = () => new Promise<void>((resolve) => setImmediate(resolve));

const stateOf = ({ active, pending }: ConcurrencyLimiter) => ({ active, pending });

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

/** An adapter whose attempts end when they are told to, in the order in which they came; it ignores signals. */
function heldAdapter() {
  const held: { config: InternalAxiosRequestConfig; end(error?: unknown): void }[] = [];
  const urls: string[] = [];
  const adapter: AxiosAdapter = (config) => {
    urls.push(config.url ?? '');
    return new Promise((resolve, reject) => {
      const end = (error?: unknown): void => {
        held.splice(held.indexOf(attempt), 1);
        if (error) reject(error);
        else resolve({ status: 200, statusText: '', headers: {}, config, data: config.url });
      };
      const attempt = { config, end };
      held.push(attempt);
    });
  };
  return { adapter, held, urls };
}

describe.each(adapters)('over %s', (adapter) => {
  test('a server never has more requests than permits, whatever becomes of them, and no permit is lost', async () => {
    const controllers = Array.from({ length: 60 }, () => new AbortController());
    const abortIts = ({ request }: Exchange): void => controllers[Number(request.url?.slice(1))]?.abort();
    const steps = [answer(200), answer(503), resetBeforeReading(), abortIts, slowly(3, answer(200))];
    const watched = watchInFlight((exchange) =>
      slowly(2, steps[(exchange.number - 1) % steps.length] ?? abortIts)(exchange),
    );
    const server = await startServer(watched.step);
    const limiter = limitConcurrency(4, adapter);
    const { client } = createClient({ adapter: limiter, baseURL: server.url }, { throttle: false });

    const requests = controllers.map(({ signal }, index) => client.get(`/${index}`, { signal }));
    // Some in the line, too, and one before it.
    controllers[50]?.abort();
    await eventually(() => server.requests.length > 4);
    for (let index = 30; index < 50; index += 3) controllers[index]?.abort();
    const outcomes = await Promise.allSettled(requests);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    expect(watched.most()).toBe(4);
    expect(stateOf(limiter)).toEqual({ active: 0, pending: 0 });
    await eventually(() => watched.now() === 0);
  });

  test('the wait before a retry holds no permit', async () => {
    const server = await startServer([answer(503), answer(200, 'other')]);
    const retrying = createGate();
    const { client, handle } = createClient(
      { adapter: limitConcurrency(1, adapter), baseURL: server.url },
      { baseDelay: 60_000, observe: { onRetry: retrying.open } },
    );
    const failing = caught(client.get('/busy'));
    await retrying.passed;
    expect((await client.get('/other')).data).toBe('other');
    handle.detach();
    expect((await failing).response?.status).toBe(503);
  });

  test('a request aborted in the line is never sent, and the next takes its turn', async () => {
    const server = await startServer(slowly(20, answer(200)));
    const limiter = limitConcurrency(1, adapter);
    const client = axios.create({ adapter: limiter, baseURL: server.url });
    const controller = new AbortController();
    const first = client.get('/first');
    const aborted = caught(client.get('/aborted', { signal: controller.signal }));
    const last = client.get('/last');
    await eventually(() => limiter.pending === 2);
    const reason = new Error('The user left');
    controller.abort(reason);

    const error = await aborted;
    expect(error).toBeInstanceOf(CanceledError);
    expect(error).toMatchObject({ code: 'ERR_CANCELED', message: 'canceled', config: { url: '/aborted' } });
    expect(error.cause).toBe(reason);
    expect(stateOf(limiter)).toEqual({ active: 1, pending: 1 });
    expect(listeners(controller.signal)).toBe(0);
    await Promise.all([first, last]);
    expect(server.requests.map(({ url }) => url)).toEqual(['/first', '/last']);
  });

  test.each(['attemptTimeout', 'totalTimeout'])('the time in the line counts toward %s', async (name) => {
    const server = await startServer(stall());
    const limiter = limitConcurrency(1, adapter);
    const { client } = createClient({ adapter: limiter, baseURL: server.url }, { maxAttempts: 1 });
    const controller = new AbortController();
    const first = caught(client.get('/first', { signal: controller.signal }));
    await eventually(() => server.requests.length === 1);

    const error = await caught(client.get('/late', { retry: { [name]: 30 } }));
    expect(error).toMatchObject({ code: 'ETIMEDOUT', message: `${name} of 30 ms exceeded` });
    expect(stateOf(limiter)).toEqual({ active: 1, pending: 0 });
    controller.abort();
    await first;
    expect(limiter.active).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  test('the body of a streamed response holds no permit, read or not', async () => {
    const server = await startServer(answer(200, 'body'));
    const client = axios.create({ adapter: limitConcurrency(1, adapter), baseURL: server.url });
    const { data } = await client.get('/download', { responseType: 'stream' });
    expect((await client.get('/other')).data).toBe('body');
    expect(await readText(data)).toBe('body');
  });

  test('several instances share the limiter that they are given', async () => {
    const watched = watchInFlight(slowly(5, answer(200)));
    const server = await startServer(watched.step);
    const limiter = limitConcurrency(2, adapter);
    const clients = [1, 2, 3].map(() => axios.create({ adapter: limiter, baseURL: server.url }));
    await Promise.all(clients.flatMap((client) => [client.get('/'), client.get('/'), client.get('/')]));
    expect(server.requests).toHaveLength(9);
    expect(watched.most()).toBe(2);
  });
});

describe('a permit', () => {
  test('goes to attempts in the order of their arrival', async () => {
    const { adapter, held, urls } = heldAdapter();
    const client = axios.create({ adapter: limitConcurrency(2, adapter) });
    const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map((url) => client.get(url)));
    await flush();
    expect(urls).toEqual(['a', 'b']);
    held[1]?.end();
    await flush();
    expect(urls).toEqual(['a', 'b', 'c']);
    while (held[0]) {
      held[0].end();
      await flush();
    }
    expect((await all).map(({ data }) => data)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(urls).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  const boom = new Error('boom');
  test.each<[string, AxiosAdapter | 'nope']>([
    [
      'throws',
      () => {
        throw boom;
      },
    ],
    ['rejects', () => Promise.reject(boom)],
    ['does not exist', 'nope'],
  ])('comes back from an adapter that %s', async (_, adapter) => {
    const limiter = limitConcurrency(1, adapter as AxiosAdapter);
    const client = axios.create({ adapter: limiter });
    const errors = await Promise.all([caught<Error>(client.get('/1')), caught<Error>(client.get('/2'))]);
    for (const error of errors) expect(error.message).toMatch(/^boom$|^Unknown adapter 'nope'$/);
    expect(stateOf(limiter)).toEqual({ active: 0, pending: 0 });
  });

  test('that comes at the moment of an abort goes on to the next, and nothing is sent', async () => {
    const { adapter, held, urls } = heldAdapter();
    const limiter = limitConcurrency(1, adapter);
    const client = axios.create({ adapter: limiter });
    const controller = new AbortController();
    const first = client.get('first');
    const aborted = caught(client.get('aborted', { signal: controller.signal }));
    const last = client.get('last');
    await flush();
    held[0]?.end();
    // The turn has come some microtasks from now, and its holder has not noticed yet when the abort comes.
    for (let turn = 0; turn < 2; turn += 1) await undefined;
    controller.abort();
    expect(axios.isCancel(await aborted)).toBe(true);
    await flush();
    expect(urls).toEqual(['first', 'last']);
    held[0]?.end();
    await Promise.all([first, last]);
    expect(stateOf(limiter)).toEqual({ active: 0, pending: 0 });
  });

  test('stays with an attempt that goes on in spite of an abort', async () => {
    const { adapter, held, urls } = heldAdapter();
    const limiter = limitConcurrency(1, adapter);
    const client = axios.create({ adapter: limiter });
    const controller = new AbortController();
    const aborted = caught(client.get('deaf', { signal: controller.signal }));
    const next = client.get('next');
    await flush();
    controller.abort();
    await flush();
    expect(urls).toEqual(['deaf']);
    held[0]?.end();
    expect(axios.isCancel(await aborted)).toBe(true);
    await flush();
    held[0]?.end();
    expect((await next).data).toBe('next');
  });

  test('never is in two hands, nor lost, whatever order attempts end and are aborted in', async () => {
    const command = fc.record({
      kind: fc.constantFrom('request', 'request', 'end', 'fail', 'abort'),
      pick: fc.nat(20),
      quietly: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(command, { maxLength: 30 }),
        async (limit, commands) => {
          const { adapter, held, urls } = heldAdapter();
          const limiter = limitConcurrency(limit, adapter);
          const client = axios.create({ adapter: limiter });
          const outcomes: Promise<unknown>[] = [];
          const controllers = new Map<string, AbortController>();
          for (const { kind, pick, quietly } of commands) {
            const attempt = held[pick % (held.length || 1)];
            const waiting = [...controllers].filter(([url]) => !urls.includes(url));
            if (kind === 'request') {
              const url = String(outcomes.length);
              const controller = new AbortController();
              controllers.set(url, controller);
              outcomes.push(client.get(url, { signal: controller.signal }).catch(() => undefined));
            } else if (kind === 'abort') waiting[pick % (waiting.length || 1)]?.[1].abort();
            else attempt?.end(kind === 'fail' ? boom : undefined);
            // Without the pause several things happen at once.
            if (!quietly) await flush();
            expect(held.length).toBeLessThanOrEqual(limit);
          }
          await flush();
          const left = [...controllers].filter(([url, { signal }]) => !urls.includes(url) && !signal.aborted);
          expect(stateOf(limiter)).toEqual({ active: held.length, pending: left.length });
          if (left.length > 0) expect(held).toHaveLength(limit);
          expect([...urls]).toEqual([...urls].sort((a, b) => Number(a) - Number(b)));
          while (held[0]) {
            held[0].end();
            await flush();
          }
          await Promise.all(outcomes);
          expect(stateOf(limiter)).toEqual({ active: 0, pending: 0 });
          for (const { signal } of controllers.values()) expect(listeners(signal)).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a cancel token', () => {
  test('ends the wait in the line with its message', async () => {
    const { adapter, held } = heldAdapter();
    const client = axios.create({ adapter: limitConcurrency(1, adapter) });
    const first = client.get('first');
    const { token, cancel } = axios.CancelToken.source();
    const waiting = caught(client.get('waiting', { cancelToken: token }));
    await flush();
    cancel('The user left');
    const error = await waiting;
    expect(error).toMatchObject({
      message: 'The user left',
      code: 'ERR_CANCELED',
      config: { url: 'waiting' },
    });
    expect(error.cause).toBe(token.reason);
    expect((token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toHaveLength(0);
    held[0]?.end();
    await first;
  });
});

describe('a bounded line', () => {
  test('that is full rejects at once, unsent, and says so', async () => {
    const { adapter, held, urls } = heldAdapter();
    const limiter = limitConcurrency(1, adapter, { maxPending: 1 });
    const client = axios.create({ adapter: limiter });
    const [first, second] = [client.get('first'), client.get('second')];
    await flush();
    const error = await caught(client.get('third'));
    expect(error).toBeInstanceOf(AxiosError);
    expect(error).toMatchObject({
      code: 'ERR_QUEUE_FULL',
      message: 'Not sent: 1 requests are in flight and 1 wait for their turn',
      config: { url: 'third' },
    });
    expect(isMarkedUnsent(error)).toBe(true);
    expect(stateOf(limiter)).toEqual({ active: 1, pending: 1 });
    while (held[0]) {
      held[0].end();
      await flush();
    }
    await Promise.all([first, second]);
    expect((await client.get('fourth', { adapter: scripted(200).adapter })).status).toBe(200);
    expect(urls).toEqual(['first', 'second']);
  });

  test('of no length lets as many through as there are permits', async () => {
    const { adapter, held, urls } = heldAdapter();
    const client = axios.create({ adapter: limitConcurrency(2, adapter, { maxPending: 0 }) });
    const all = ['a', 'b', 'c', 'd'].map((url) => client.get(url).catch((error) => error.code));
    await flush();
    expect(urls).toEqual(['a', 'b']);
    held[0]?.end();
    await flush();
    const last = client.get('e');
    await flush();
    expect(urls).toEqual(['a', 'b', 'e']);
    while (held[0]) held[0].end();
    await last;
    expect((await Promise.all(all)).slice(2)).toEqual(['ERR_QUEUE_FULL', 'ERR_QUEUE_FULL']);
  });

  test('has room again when somebody in it is cancelled', async () => {
    const { adapter, held, urls } = heldAdapter();
    const client = axios.create({ adapter: limitConcurrency(1, adapter, { maxPending: 1 }) });
    const controller = new AbortController();
    const first = client.get('first');
    const left = caught(client.get('left', { signal: controller.signal }));
    await flush();
    controller.abort();
    const next = client.get('next');
    await flush();
    held[0]?.end();
    await flush();
    held[0]?.end();
    expect(axios.isCancel(await left)).toBe(true);
    await Promise.all([first, next]);
    expect(urls).toEqual(['first', 'next']);
  });

  test('a request that is cancelled already is told so, however full the line is', async () => {
    const { adapter } = heldAdapter();
    const limiter = limitConcurrency(1, adapter, { maxPending: 0 });
    void limiter({ url: 'first' } as InternalAxiosRequestConfig);
    await flush();
    const error = await caught(
      limiter({
        url: 'second',
        signal: AbortSignal.abort(),
      } as AxiosRequestConfig as InternalAxiosRequestConfig),
    );
    expect(axios.isCancel(error)).toBe(true);
    expect(isMarkedUnsent(error)).toBe(true);
  });

  test('holds exactly as many as it may, whatever comes and goes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(fc.constantFrom('request', 'request', 'end'), { maxLength: 25 }),
        async (limit, maxPending, commands) => {
          const { adapter, held } = heldAdapter();
          const limiter = limitConcurrency(limit, adapter, { maxPending });
          const client = axios.create({ adapter: limiter });
          const outcomes: Promise<unknown>[] = [];
          let [inFlight, inLine, refused] = [0, 0, 0];
          for (const command of commands) {
            if (command === 'request') {
              outcomes.push(client.get('/').catch((error) => error.code));
              if (inFlight < limit) inFlight += 1;
              else if (inLine < maxPending) inLine += 1;
              else refused += 1;
            } else if (held[0]) {
              held[0].end();
              if (inLine > 0) inLine -= 1;
              else inFlight -= 1;
            }
            await flush();
            expect(stateOf(limiter)).toEqual({ active: inFlight, pending: inLine });
          }
          while (held[0]) {
            held[0].end();
            await flush();
          }
          const codes = await Promise.all(outcomes);
          expect(codes.filter((code) => code === 'ERR_QUEUE_FULL')).toHaveLength(refused);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    [{ maxPending: -1 }, 'an integer ≥ 0 or Infinity, got -1'],
    [{ maxPending: 1.5 }, 'an integer ≥ 0 or Infinity, got 1.5'],
    [{ maxPending: Number.NaN }, 'an integer ≥ 0 or Infinity, got NaN'],
    [{ maxPending: '3' }, 'an integer ≥ 0 or Infinity, got "3"'],
  ])('%p is refused', (options, rule) => {
    expect(() => limitConcurrency(1, undefined, options as never)).toThrow(
      new TypeError(`Expected concurrency limit option \`maxPending\` to be ${rule}`),
    );
  });

  test('an unknown option is refused', () => {
    expect(() => limitConcurrency(1, undefined, { maxQueue: 3 } as never)).toThrow(
      new TypeError('Expected concurrency limit option `maxQueue` to be one of maxPending, got 3'),
    );
    expect(() => limitConcurrency(1, undefined, 3 as never)).toThrow(
      new TypeError('Expected concurrency limit options to be an object, got 3'),
    );
  });
});

describe('the error of a request that was not sent', () => {
  test('is marked, whether the line or its turn found it cancelled', async () => {
    const { adapter, held } = heldAdapter();
    const limiter = limitConcurrency(1, adapter);
    const [inLine, atTurn] = [new AbortController(), new AbortController()];
    const send = (signal?: AbortSignal) =>
      limiter({ url: '/', signal } as AxiosRequestConfig as InternalAxiosRequestConfig);
    const first = send();
    const errors = Promise.all([caught(send(inLine.signal)), caught(send(atTurn.signal))]);
    await flush();
    inLine.abort();
    held[0]?.end();
    await undefined;
    atTurn.abort();
    expect((await errors).map(isMarkedUnsent)).toEqual([true, true]);
    await first;
    expect(stateOf(limiter)).toEqual({ active: 0, pending: 0 });
  });

  test('is not marked when the adapter had it', async () => {
    const limiter = limitConcurrency(1, () => Promise.reject(new Error('boom')));
    const error = await caught(limiter({} as InternalAxiosRequestConfig));
    expect(isMarkedUnsent(error)).toBe(false);
  });
});

describe('the wrapped adapter', () => {
  test.each([
    ['a name', 'http'],
    ['an array of names', ['xhr', 'fetch']],
    ['an array with a gap', [false, 'http']],
    ['left out', undefined],
  ])('may be %s', async (_, adapter) => {
    const server = await startServer(answer(200, 'hello'));
    const client = axios.create({ adapter: limitConcurrency(1, adapter as 'http') });
    expect((await client.get(server.url)).data).toBe('hello');
  });

  test('when left out is what axios had before, so that the default itself can be replaced', async () => {
    const server = await startServer(answer(200, 'hello'));
    const before = axios.defaults.adapter;
    try {
      axios.defaults.adapter = limitConcurrency(1);
      expect((await axios.get(server.url)).data).toBe('hello');
    } finally {
      if (before) axios.defaults.adapter = before;
    }
  });

  test('when left out is the adapter of axios at that time, not the one at the request', async () => {
    const { adapter, sent } = scripted(200);
    const before = axios.defaults.adapter;
    axios.defaults.adapter = adapter;
    const limiter = limitConcurrency(1);
    if (before) axios.defaults.adapter = before;
    await axios.create({ adapter: limiter }).get('/');
    expect(sent).toHaveLength(1);
  });

  test('gets the very config, and its response and errors come back as they are', async () => {
    const { adapter, sent } = scripted(200, 404);
    const client = axios.create({ adapter: limitConcurrency(1, adapter) });
    const response = await client.get('/');
    expect(response.config).toBe(sent[0]);
    expect((await caught(client.get('/'))).config).toBe(sent[1]);
  });
});

describe('bad input', () => {
  test.each([0, 1.5, -1, Number.NaN, '3', undefined])('the limit %p is refused', (limit) => {
    expect(() => limitConcurrency(limit as never)).toThrow(
      /^Expected concurrency limit to be an integer ≥ 1 or Infinity, got /,
    );
  });

  test.each([5, '', {}, [], [undefined], null])('the adapter %p is refused', (adapter) => {
    expect(() => limitConcurrency(1, adapter as never)).toThrow(
      /^Expected `adapter` to be the name of an adapter, a function, or an array of these, got /,
    );
  });
});
