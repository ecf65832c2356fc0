import { getEventListeners } from 'node:events';
import axios, {
  type AxiosAdapter,
  AxiosError,
  AxiosHeaders,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from 'axios';
import { type Deadline, restoreAdapter, withDeadline } from '../../../lib/axios/deadline.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock } from '../../helpers/event-clock.ts';

type Config = InternalAxiosRequestConfig;

/** A response with this body that takes so many milliseconds of the clock. */
const respond = (config: Config, data: unknown = ''): AxiosResponse => ({
  status: 200,
  statusText: '',
  headers: {},
  config,
  data,
});

/** A body that closes when it is told to. */
function streamOf() {
  const closings: (() => void)[] = [];
  const destroy = jest.fn();
  const once = (_: 'close', listener: () => void) => void closings.push(listener);
  return { pipe: () => undefined, on: () => undefined, once, destroy, closings };
}

function stage(adapter: AxiosAdapter, left = 100) {
  const clock = createEventClock();
  const strike = jest.fn();
  const alarms: AbortSignal[] = [];
  const alarm = (ms: number, signal?: AbortSignal): Promise<void> => {
    alarms.push(signal as AbortSignal);
    return clock.alarm(ms, signal);
  };
  const deadline = (): Deadline => ({ left, name: 'the limit of 100 ms', strike });
  const bounded = withDeadline(adapter, alarm, deadline);
  return { clock, strike, alarms, bounded };
}

const configWith = (more: Partial<Config> = {}): Config => ({ headers: new AxiosHeaders(), ...more });

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

const never: AxiosAdapter = () => new Promise(() => undefined);

test('a wrapper that is taken off puts back what it stood for, and answers what sends', () => {
  const adapter: AxiosAdapter = async (config) => respond(config);
  const config = configWith({ adapter: never });
  expect(restoreAdapter(config, adapter)).toBe(adapter);
  expect(config.adapter).toBe(adapter);
  restoreAdapter(config, 'http');
  expect(config.adapter).toBe('http');
});

describe('an attempt in time', () => {
  test('is answered, strikes nobody, and leaves neither alarm nor signal', async () => {
    let during: unknown;
    const answer: AxiosAdapter = async (config) => {
      during = config.signal;
      return respond(config, 'fine');
    };
    const { bounded, strike, alarms, clock } = stage(answer);
    const config = configWith({ adapter: bounded });
    expect(await bounded(config)).toMatchObject({ status: 200, data: 'fine' });
    expect(during).toBeInstanceOf(AbortSignal);
    expect(alarms.map(({ aborted }) => aborted)).toEqual([true]);
    await clock.run();
    expect(strike).not.toHaveBeenCalled();
    expect((during as AbortSignal).aborted).toBe(false);
    expect('signal' in config).toBe(false);
    expect(config.adapter).toBe(answer);
  });

  test('leaves the caller’s signal where it was, with no listener', async () => {
    const { signal } = new AbortController();
    const { bounded } = stage(async (config) => respond(config));
    const config = configWith({ signal });
    await bounded(config);
    expect(config.signal).toBe(signal);
    expect(listeners(signal)).toBe(0);
  });

  test('that fails is rejected with its own error, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const failure = new Error('mine');
    const { bounded, strike } = stage(() => Promise.reject(failure));
    const config = configWith({ signal });
    expect(await caught<Error>(bounded(config))).toBe(failure);
    expect(config.signal).toBe(signal);
    expect(listeners(signal)).toBe(0);
    expect(strike).not.toHaveBeenCalled();
  });

  test('that fails without a signal is rejected with its own error', async () => {
    const failure = new Error('mine');
    const { bounded } = stage(() => Promise.reject(failure));
    expect(await caught<Error>(bounded(configWith()))).toBe(failure);
  });

  test('keeps its body', async () => {
    const body = streamOf();
    const { bounded, clock } = stage(async (config) => respond(config, body));
    await bounded(configWith());
    await clock.run();
    expect(body.destroy).not.toHaveBeenCalled();
  });
});

describe('an attempt out of time', () => {
  test('fails with the deadline, which strikes once, and aborts what sends', async () => {
    let during: AbortSignal | undefined;
    const { bounded, strike, clock } = stage((config) => {
      during = config.signal as AbortSignal;
      return new Promise(() => undefined);
    });
    const config = configWith();
    const failing = caught(bounded(config));
    await clock.run();
    const error = await failing;
    expect(error).toBeInstanceOf(AxiosError);
    expect(error).toMatchObject({ message: 'the limit of 100 ms exceeded', code: 'ETIMEDOUT' });
    expect(error.config).toBe(config);
    expect([during?.aborted, during?.reason]).toEqual([true, error]);
    expect(strike).toHaveBeenCalledTimes(1);
    expect(clock.monotonic()).toBe(100);
    expect('signal' in config).toBe(false);
  });

  test('fails with the deadline even when what sends answers the abort with an error of its own', async () => {
    const { bounded, clock } = stage(
      (config) =>
        new Promise((_, reject) => {
          (config.signal as AbortSignal).addEventListener('abort', () => reject(new Error('its own')));
        }),
    );
    const failing = caught(bounded(configWith()));
    await clock.run();
    expect((await failing).code).toBe('ETIMEDOUT');
  });

  test('leaves the caller’s signal with no listener', async () => {
    const { signal } = new AbortController();
    const { bounded, clock } = stage(never);
    const config = configWith({ signal });
    const failing = caught(bounded(config));
    expect(listeners(signal)).toBe(1);
    await clock.run();
    await failing;
    expect(config.signal).toBe(signal);
    expect(listeners(signal)).toBe(0);
  });

  test('lets a body that comes later go', async () => {
    const body = streamOf();
    let answer: (response: AxiosResponse) => void = () => undefined;
    const { bounded, clock } = stage(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const config = configWith();
    const failing = caught(bounded(config));
    await clock.run();
    await failing;
    expect(body.destroy).not.toHaveBeenCalled();
    answer(respond(config, body));
    await clock.run();
    expect(body.destroy).toHaveBeenCalledTimes(1);
  });

  test('rejects nobody by an error that comes later', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    let fail: (error: Error) => void = () => undefined;
    const { bounded, clock } = stage(
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    const failing = caught(bounded(configWith()));
    await clock.run();
    await failing;
    fail(new Error('late'));
    await clock.run();
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

test.each([0, -1])('an attempt with %i ms left is never sent', async (left) => {
  const send = jest.fn(never);
  const { bounded, strike, alarms } = stage(send, left);
  const { signal } = new AbortController();
  const config = configWith({ signal });
  expect(await caught(bounded(config))).toMatchObject({
    code: 'ETIMEDOUT',
    message: 'the limit of 100 ms exceeded',
  });
  expect(send).not.toHaveBeenCalled();
  expect(alarms).toEqual([]);
  expect(strike).toHaveBeenCalledTimes(1);
  expect(config.signal).toBe(signal);
  expect(listeners(signal)).toBe(0);
});

test('an attempt with 1 ms left is sent', async () => {
  const { bounded } = stage(async (config) => respond(config), 1);
  expect(await bounded(configWith())).toMatchObject({ status: 200 });
});

test('the caller’s abort reaches what sends, with its reason', async () => {
  const controller = new AbortController();
  let during: AbortSignal | undefined;
  const { bounded } = stage((config) => {
    during = config.signal as AbortSignal;
    return new Promise((_, reject) => {
      during?.addEventListener('abort', () => reject(new axios.CanceledError('canceled', config)));
    });
  });
  const failing = caught(bounded(configWith({ signal: controller.signal })));
  controller.abort('left');
  expect(axios.isCancel(await failing)).toBe(true);
  expect(during?.reason).toBe('left');
});

describe('the caller’s abort after the answer', () => {
  test('reaches a stream until it closes', async () => {
    const controller = new AbortController();
    const signals: AbortSignal[] = [];
    const bodies = [streamOf(), streamOf()];
    const events: string[] = [];
    for (const body of bodies) {
      const { once } = body;
      body.once = (event, listener) => {
        events.push(event);
        once(event, listener);
      };
      const { bounded } = stage(async (config) => {
        signals.push(config.signal as AbortSignal);
        return respond(config, body);
      });
      await bounded(configWith({ signal: controller.signal }));
    }
    expect(events).toEqual(['close', 'close']);
    expect(listeners(controller.signal)).toBe(1);
    for (const close of bodies[0]?.closings ?? []) close();
    controller.abort('left');
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
    expect(signals[1]?.reason).toBe('left');
  });

  test('reaches no stream that has closed', async () => {
    const { signal } = new AbortController();
    const body = streamOf();
    const { bounded } = stage(async (config) => respond(config, body));
    await bounded(configWith({ signal }));
    for (const close of body.closings) close();
    expect(listeners(signal)).toBe(0);
  });

  test('reaches a stream that tells of no closing', async () => {
    const controller = new AbortController();
    let during: AbortSignal | undefined;
    const { bounded } = stage(async (config) => {
      during = config.signal as AbortSignal;
      return respond(config, new ReadableStream());
    });
    expect(await bounded(configWith({ signal: controller.signal }))).toMatchObject({ status: 200 });
    controller.abort();
    expect(during?.aborted).toBe(true);
  });

  test('reaches no web stream that axios has stopped listening for', async () => {
    const { signal } = new AbortController();
    let during: AbortSignal | undefined;
    const { bounded } = stage(async (config) => {
      during = config.signal as AbortSignal;
      return respond(config, new ReadableStream());
    });
    await bounded(configWith({ signal }));
    expect(listeners(signal)).toBe(1);
    during?.removeEventListener('abort', () => undefined);
    expect(listeners(signal)).toBe(0);
  });

  test('is of no concern to a stream of a request without a signal', async () => {
    const body = streamOf();
    const { bounded } = stage(async (config) => respond(config, body));
    await bounded(configWith());
    expect(() => {
      for (const close of body.closings) close();
    }).not.toThrow();
  });
});
