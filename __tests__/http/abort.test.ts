import { getEventListeners, setMaxListeners } from 'node:events';
import axios, { type AxiosRequestConfig, CanceledError } from 'axios';
import { attachRetry, type RetryOptions, retryReport } from '../../lib/index.ts';
import { axiosSince } from '../helpers/axios-version.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { watchSockets } from '../helpers/freed.ts';
import { createGate } from '../helpers/gate.ts';
import { answer, closeServers, stall, startServer } from '../helpers/server.ts';

afterEach(closeServers);

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

const never = new Promise<never>(() => undefined);

/** A function that acts and then answers. */
const acting =
  <T>(act: () => unknown, answer: T) =>
  (): T => {
    act();
    return answer;
  };

describe.each(adapters)('over %s', (adapter) => {
  /** A request that has failed once and is in the middle of a long wait. */
  async function requestInWait(config: AxiosRequestConfig = {}, options: RetryOptions = {}) {
    const server = await startServer(answer(503));
    const retrying = createGate();
    const { client, handle } = createClient(
      { adapter, baseURL: server.url },
      { baseDelay: 60_000, observe: { onRetry: retrying.open }, ...options },
    );
    const failing = caught(client.get('/busy', config));
    await retrying.passed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { server, handle, failing };
  }

  describe('an abort during the wait', () => {
    test('rejects in milliseconds with a CanceledError, its reason as cause', async () => {
      const controller = new AbortController();
      const { server, failing } = await requestInWait({ signal: controller.signal });
      const reason = new Error('The user left');
      const before = performance.now();
      controller.abort(reason);
      const error = await failing;
      expect(performance.now() - before).toBeLessThan(5_000);

      expect(axios.isCancel(error)).toBe(true);
      expect(error).toBeInstanceOf(CanceledError);
      expect(error).toMatchObject({ code: 'ERR_CANCELED', message: 'canceled', config: { url: '/busy' } });
      expect(error.cause).toBe(reason);
      expect(error.config?.signal).toBe(controller.signal);
      expect(error.config?.headers.get('accept')).toBeTruthy();
      expect(server.requests).toHaveLength(1);

      const report = retryReport(error);
      expect(report).toMatchObject({ reason: 'aborted', attempts: [{ number: 1, status: 503 }] });
      expect(report?.totalDelay).toBeGreaterThan(10);
      expect(report?.totalDelay).toBeLessThan(10_000);
    });

    test('leaves no listener and no timer', async () => {
      const controller = new AbortController();
      const { failing } = await requestInWait({ signal: controller.signal });
      expect(listeners(controller.signal)).toBe(1);
      const before = timers();
      controller.abort();
      expect(timers()).toBe(before - 1);
      expect(listeners(controller.signal)).toBe(0);
      expect((await failing).cause).toBe(controller.signal.reason);
    });

    test('through a cancel token keeps its message', async () => {
      const { token, cancel } = axios.CancelToken.source();
      const { server, failing } = await requestInWait({ cancelToken: token });
      const before = performance.now();
      cancel('The user left');
      const error = await failing;
      expect(performance.now() - before).toBeLessThan(5_000);
      expect(axios.isCancel(error)).toBe(true);
      expect(error).toMatchObject({ message: 'The user left', config: { url: '/busy' } });
      expect(error.cause).toBe(token.reason);
      expect(retryReport(error)?.reason).toBe('aborted');
      expect((token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toHaveLength(0);
      expect(server.requests).toHaveLength(1);
    });

    test('through either of a signal and a cancel token', async () => {
      const { token } = axios.CancelToken.source();
      const controller = new AbortController();
      const { failing } = await requestInWait({ cancelToken: token, signal: controller.signal });
      controller.abort('by signal');
      expect((await failing).cause).toBe('by signal');
      expect((token as unknown as { _listeners: unknown[] | null })._listeners ?? []).toHaveLength(0);
    });

    test('through AbortSignal.timeout tells so in its cause', async () => {
      const { failing } = await requestInWait({ signal: AbortSignal.timeout(150) });
      expect((await failing).cause).toMatchObject({ name: 'TimeoutError' });
    });

    test.each(['before', 'after'])(
      'through a signal that an interceptor registered %s us set',
      async (when) => {
        const server = await startServer(answer(503));
        const controller = new AbortController();
        const retrying = createGate();
        const { client, handle } = createClient(
          { adapter },
          { baseDelay: 60_000, observe: { onRetry: retrying.open } },
        );
        if (when === 'before') handle.detach();
        client.interceptors.request.use((config) => Object.assign(config, { signal: controller.signal }));
        if (when === 'before') {
          attachRetry(client, { baseDelay: 60_000, observe: { onRetry: retrying.open } });
        }
        const failing = caught(client.get(server.url));
        await retrying.passed;
        controller.abort('set by an interceptor');
        const error = await failing;
        expect(axios.isCancel(error)).toBe(true);
        expect(error.cause).toBe('set by an interceptor');
        expect(retryReport(error)?.reason).toBe('aborted');
        expect(listeners(controller.signal)).toBe(0);
      },
    );

    test('of many requests on one signal: one listener, and all of them end', async () => {
      const server = await startServer(answer(503));
      const controller = new AbortController();
      // axios itself has a listener for each request in flight, of which Node warns.
      setMaxListeners(0, controller.signal);
      let waiting = 0;
      const onRetry = () => {
        waiting += 1;
      };
      const { client } = createClient(
        { adapter, signal: controller.signal },
        { baseDelay: 60_000, throttle: false, observe: { onRetry } },
      );
      const failing = Array.from({ length: 60 }, () => caught(client.get(server.url)));
      await eventually(() => waiting === 60);
      await eventually(() => listeners(controller.signal) === 1);
      controller.abort('all of you');
      const errors = await Promise.all(failing);
      expect(errors.every((error) => axios.isCancel(error) && Object.is(error.cause, 'all of you'))).toBe(
        true,
      );
      expect(new Set(errors).size).toBe(60);
      expect(listeners(controller.signal)).toBe(0);
      expect(server.requests).toHaveLength(60);
    });
  });

  describe('an abort inside', () => {
    const inside: readonly (readonly [string, (abort: () => void) => RetryOptions])[] = [
      ['an asynchronous retryIf', (abort) => ({ retryIf: acting(abort, never) })],
      [
        'a retryIf that is asked for a while',
        (abort) => ({ retryIf: acting(() => setTimeout(abort, 10), never) }),
      ],
      ['a synchronous retryIf', (abort) => ({ retryIf: acting(abort, true) })],
      ['an asynchronous beforeRetry', (abort) => ({ beforeRetry: acting(abort, never) })],
      [
        'a beforeRetry that takes a while',
        (abort) => ({ beforeRetry: acting(() => setTimeout(abort, 10), never) }),
      ],
      ['a synchronous beforeRetry', (abort) => ({ beforeRetry: () => abort() })],
      ['onAttempt', (abort) => ({ observe: { onAttempt: abort } })],
      ['onRetry', (abort) => ({ observe: { onRetry: abort } })],
      ['a wait strategy', (abort) => ({ wait: acting(abort, 5) })],
      ['a stop condition', (abort) => ({ stop: acting(abort, false) })],
    ];

    test.each(inside)('%s ends the request with the reason', async (_, options) => {
      const server = await startServer(answer(503));
      const controller = new AbortController();
      const { client } = createClient(
        { adapter },
        options(() => controller.abort('inside')),
      );
      const error = await caught(client.get(server.url, { signal: controller.signal }));
      expect(axios.isCancel(error)).toBe(true);
      expect(error.cause).toBe('inside');
      expect(error.config?.url).toBe(server.url);
      expect(retryReport(error)).toMatchObject({ reason: 'aborted', attempts: [{ number: 1, status: 503 }] });
      expect(server.requests).toHaveLength(1);
      expect(listeners(controller.signal)).toBe(0);
    });

    test('a first failure keeps what it settles with: a signal aborted in onGiveUp changes nothing', async () => {
      const server = await startServer(answer(503));
      const controller = new AbortController();
      const { client } = createClient(
        { adapter },
        { maxAttempts: 1, observe: { onGiveUp: () => controller.abort() } },
      );
      const error = await caught(client.get(server.url, { signal: controller.signal }));
      expect(error.response?.status).toBe(503);
    });
  });

  describe('an abort in flight', () => {
    test.each([1, 2])('of attempt %d is not retried, whatever retryIf says', async (inFlight) => {
      const controller = new AbortController();
      const server = await startServer([
        ...Array.from({ length: inFlight - 1 }, () => answer(503)),
        () => void setTimeout(() => controller.abort('in flight'), 5),
      ]);
      const retryIf = jest.fn(() => true);
      const { client } = createClient({ adapter }, { retryIf });
      const error = await caught(client.get(server.url, { signal: controller.signal }));
      expect(axios.isCancel(error)).toBe(true);
      expect(retryReport(error)).toMatchObject({ reason: 'aborted', omitted: 0 });
      expect(retryReport(error)?.attempts).toHaveLength(inFlight);
      expect(server.requests).toHaveLength(inFlight);
      expect(retryIf).toHaveBeenCalledTimes(inFlight - 1);
      await eventually(() => listeners(controller.signal) === 0);
    });

    test('before the first send sends nothing', async () => {
      const server = await startServer(answer(503));
      const { client } = createClient({ adapter });
      const error = await caught(client.get(server.url, { signal: AbortSignal.abort() }));
      expect(axios.isCancel(error)).toBe(true);
      // Before 1.19 axios tells no response interceptor of it.
      expect(retryReport(error)?.reason).toBe(axiosSince('1.19.0') ? 'aborted' : undefined);
      expect(server.requests).toHaveLength(0);
    });
  });

  test('a request that recovered leaves no listener on its signal', async () => {
    const server = await startServer([answer(503), answer(503), answer(200)]);
    const { signal } = new AbortController();
    const { client } = createClient({ adapter });
    expect((await client.get(server.url, { signal })).status).toBe(200);
    // Before 1.7.7 axios's own fetch adapter leaves one.
    expect(listeners(signal)).toBe(adapter === 'fetch' && !axiosSince('1.7.7') ? 1 : 0);
  });

  describe('detach()', () => {
    test('during the wait settles the request at once with its last outcome', async () => {
      const { server, handle, failing } = await requestInWait();
      const [before, count] = [performance.now(), timers()];
      handle.detach();
      expect(timers()).toBe(count - 1);
      const error = await failing;
      expect(performance.now() - before).toBeLessThan(5_000);
      expect(axios.isCancel(error)).toBe(false);
      expect(error).toMatchObject({
        code: 'ERR_BAD_RESPONSE',
        response: { status: 503, data: { status: 503 } },
      });
      expect(retryReport(error)?.reason).toBe('detached');
      expect(server.requests).toHaveLength(1);
    });

    test('during the wait settles a response that validateStatus let through as a response', async () => {
      const server = await startServer(answer(503));
      const retrying = createGate();
      const { client, handle } = createClient(
        { adapter, validateStatus: () => true },
        { baseDelay: 60_000, observe: { onRetry: retrying.open } },
      );
      const answered = client.get(server.url);
      await retrying.passed;
      handle.detach();
      const response = await answered;
      expect([response.status, retryReport(response)?.reason]).toEqual([503, 'detached']);
    });

    test('during the wait leaves no listener on the signal of the request', async () => {
      const { signal } = new AbortController();
      const { handle, failing } = await requestInWait({ signal });
      handle.detach();
      expect(retryReport(await failing)?.reason).toBe('detached');
      expect(listeners(signal)).toBe(0);
    });

    test.each([1, 2])('during the flight of attempt %d: its failure is the last', async (inFlight) => {
      const arrived = createGate();
      const server = await startServer([
        ...Array.from({ length: inFlight - 1 }, () => answer(500)),
        ({ response }) => {
          arrived.open();
          setTimeout(() => response.writeHead(503).end(), 20);
        },
      ]);
      const { client, handle } = createClient({ adapter });
      const failing = caught(client.get(server.url));
      await arrived.passed;
      handle.detach();
      const error = await failing;
      expect(error.response?.status).toBe(503);
      expect(retryReport(error)?.reason).toBe('detached');
      expect(server.requests).toHaveLength(inFlight);
    });

    test.each([1, 2])('during the flight of attempt %d: its success is the answer', async (inFlight) => {
      const arrived = createGate();
      const server = await startServer([
        ...Array.from({ length: inFlight - 1 }, () => answer(500)),
        ({ response }) => {
          arrived.open();
          setTimeout(() => response.writeHead(200).end(), 20);
        },
      ]);
      const { client, handle } = createClient({ adapter });
      const answered = client.get(server.url);
      await arrived.passed;
      handle.detach();
      const response = await answered;
      expect(response.status).toBe(200);
      expect(retryReport(response)?.attempts).toHaveLength(inFlight);
    });

    test.each(['retryIf', 'beforeRetry'] as const)(
      'during an asynchronous %s settles at once',
      async (name) => {
        const server = await startServer(answer(503));
        const asked = createGate();
        const { client, handle } = createClient({ adapter }, { [name]: acting(asked.open, never) });
        const failing = caught(client.get(server.url));
        await asked.passed;
        handle.detach();
        const error = await failing;
        expect(error.response?.status).toBe(503);
        expect(retryReport(error)?.reason).toBe('detached');
        expect(server.requests).toHaveLength(1);
      },
    );

    test('settles many waiting requests, each with its own outcome', async () => {
      const server = await startServer(({ response, recorded }) => response.writeHead(503).end(recorded.url));
      let waiting = 0;
      const onRetry = () => {
        waiting += 1;
      };
      const { client, handle } = createClient(
        { adapter, baseURL: server.url },
        { baseDelay: 60_000, throttle: false, observe: { onRetry } },
      );
      const failing = Array.from({ length: 20 }, (_, i) => caught(client.get(`/${i}`)));
      await eventually(() => waiting === 20);
      handle.detach();
      const errors = await Promise.all(failing);
      expect(errors.map((error) => error.response?.data)).toEqual(errors.map((_, i) => `/${i}`));
    });
  });

  test('an abort and a detach in the same tick: the abort is what the caller asked for', async () => {
    const controller = new AbortController();
    const { handle, failing } = await requestInWait({ signal: controller.signal });
    controller.abort('first');
    handle.detach();
    const error = await failing;
    expect([axios.isCancel(error), error.cause, retryReport(error)?.reason]).toEqual([
      true,
      'first',
      'aborted',
    ]);
  });

  test('a stalled request is freed on abort: the server sees the connection close', async () => {
    const controller = new AbortController();
    const { step, freed } = watchSockets(stall());
    const server = await startServer(step);
    const { client } = createClient({ adapter });
    const failing = caught(client.get(server.url, { signal: controller.signal }));
    await eventually(() => server.requests.length === 1);
    controller.abort();
    expect(axios.isCancel(await failing)).toBe(true);
    await eventually(() => freed() === 1);
  });
});
