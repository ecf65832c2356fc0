import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { Cooldown, type RetryContext, type RetryOptions, RetryThrottle } from '../../../lib/index.ts';
import { ORIGIN, type Stage, stage } from '../../helpers/stage.ts';
import { createWorld, type Turn } from '../../helpers/virtual-world.ts';

/** A response with this status that asks for a pause of so many milliseconds. */
const asking =
  (status: number, ms: number) =>
  (config: InternalAxiosRequestConfig): never => {
    const response = { status, statusText: '', headers: { 'retry-after-ms': `${ms}` }, config, data: '' };
    throw new AxiosError(`status ${status}`, undefined, config, {}, response);
  };

const throttleOf = (tokens: number, more?: object): RetryThrottle =>
  new RetryThrottle({ capacity: tokens, retryCost: tokens, throttledRetryCost: 0, refillTime: 1e9, ...more });

/** Lets so much time pass. */
const pass = ({ clock }: Stage, ms: number): Promise<void> => clock.run(clock.monotonic() + ms);

describe('a pause that the server asks for', () => {
  test.each([429, 503])('is heard from a %p', async (status) => {
    const cooldown = new Cooldown();
    const { send } = stage([asking(status, 1_000), 200], { cooldown });
    const { at } = await send();
    expect(cooldown.left(ORIGIN, 0)).toBe(1_000);
    expect(at).toBe(1_000);
  });

  test.each([500, 403, 408])('is not heard from a %p', async (status) => {
    const cooldown = new Cooldown();
    await stage([asking(status, 1_000), 200], { cooldown }).send();
    expect(cooldown.idle).toBe(true);
  });

  test('is heard also from a request that is not retried', async () => {
    const cooldown = new Cooldown();
    const { send } = stage([asking(503, 1_000)], { cooldown });
    expect((await send({ method: 'post' })).report?.reason).toBe('unsafe-method');
    expect(cooldown.left(ORIGIN, 0)).toBe(1_000);
  });

  test.each<[string, RetryOptions, number]>([
    ['as long as it is obeyed at most', { retryAfter: { max: 500 } }, 500],
    ['not at all where hints are ignored', { retryAfter: false }, 0],
  ])('is kept %s', async (_, options, left) => {
    const cooldown = new Cooldown();
    await stage([asking(503, 1_000)], { ...options, cooldown, maxAttempts: 1 }).send();
    expect(cooldown.left(ORIGIN, 0)).toBe(left);
  });

  test('that is clamped takes `max` exactly for a client alone', async () => {
    const options: RetryOptions = { retryAfter: { max: 500, whenLonger: 'clamp' } };
    expect((await stage([asking(429, 9_000), 200], options).send()).at).toBe(500);
  });

  test('is a little longer than asked for a client alone, and never shorter', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const world = createWorld({}, seed);
      const call = world.call({
        turns: [
          { status: 429, latency: 0, hint: 1_000 },
          { status: 200, latency: 0 },
        ],
      });
      await world.clock.run();
      const { endedAt } = await call;
      expect(endedAt).toBeGreaterThanOrEqual(1_000);
      expect(endedAt).toBeLessThanOrEqual(1_500);
    }
  });

  test('is kept by retries that had not heard of it, and they say so', async () => {
    const delays: unknown[] = [];
    const observe = {
      onRetry: ({ delay, delaySource }: RetryContext & { delay?: number; delaySource?: string }): void =>
        void delays.push([delay, delaySource]),
    };
    const { send, begin, ...rest } = stage([asking(429, 5_000), 500, 200], { observe });
    const first = begin();
    await pass({ send, begin, ...rest }, 1_000);
    const second = await send();
    expect(second.at).toBe(7_000);
    expect((await first).at).toBe(5_000);
    expect(delays).toEqual([
      [5_000, 'server'],
      [6_000, 'server'],
    ]);
  });

  test('does not matter to a retry that would be sent after it', async () => {
    const here = stage([asking(429, 50), 500, 200]);
    const first = here.begin();
    const second = await here.send();
    expect(second.at).toBe(100);
    await first;
  });

  test('is kept also by a retry that waits already when it is heard', async () => {
    const cooldown = new Cooldown();
    const here = stage([500, 200], { cooldown, baseDelay: 1_000 });
    const settled = here.begin();
    await pass(here, 500);
    cooldown.hear(ORIGIN, 10_000, 500, () => 0);
    await here.clock.run();
    const { at, report } = await settled;
    expect([at, report?.totalDelay]).toEqual([10_500, 10_500]);
  });

  test('that grows moves the retries that wait for its end, as often as it does', async () => {
    const cooldown = new Cooldown();
    const here = stage([asking(429, 1_000), 200], { cooldown });
    const settled = here.begin();
    for (const at of [900, 1_800, 2_700]) {
      await here.clock.run(at);
      cooldown.hear(ORIGIN, 1_000, at, () => 0);
    }
    await here.clock.run();
    const { at, report } = await settled;
    expect(at).toBeCloseTo(3_700, 3);
    expect(report?.attempts[0]?.delay).toBeCloseTo(3_700, 3);
    expect(report?.totalDelay).toBeCloseTo(3_700, 3);
  });

  test('that grows beyond the bounds ends the request, and gives back what its retry cost', async () => {
    const cooldown = new Cooldown();
    const throttle = new RetryThrottle();
    const here = stage([asking(429, 1_000), 200], { cooldown, throttle, maxElapsedTime: 2_000 });
    const settled = here.begin();
    await here.clock.run(500);
    expect(throttle.tokens(ORIGIN)).toBe(495);
    cooldown.hear(ORIGIN, 5_000, 500, () => 0);
    await here.clock.run();
    const { at, report, status } = await settled;
    expect([at, report?.reason, status]).toEqual([1_000, 'max-elapsed-time', 429]);
    expect(throttle.tokens(ORIGIN)).toBe(500);
  });

  test('and its pace count for the bounds', async () => {
    const here = stage([asking(429, 1_000)], { maxElapsedTime: 2_500 });
    const first = here.begin();
    await pass(here, 900);
    const second = await here.send();
    // 1,000 ms and, for 900 ms after the first, 1,800.
    expect(second.report?.reason).toBe('max-elapsed-time');
    await first;
  });

  test('concerns its scope alone', async () => {
    const scope = ({ url }: InternalAxiosRequestConfig): string | undefined => url;
    const here = stage([asking(429, 5_000), 500, 200], { cooldown: { scope } });
    const first = here.begin({ url: '/a' });
    expect((await here.send({ url: '/b' })).at).toBe(100);
    expect((await first).at).toBe(5_000);
  });

  test('is kept by nobody where there is no cooldown', async () => {
    const here = stage([asking(429, 5_000), 500, 200], { cooldown: false });
    const first = here.begin();
    expect((await here.send()).at).toBe(100);
    await first;
  });

  test('is the error of the request when `scope` throws', async () => {
    const fault = new Error('no such account');
    const scope = (): never => {
      throw fault;
    };
    const { value, report } = await stage([asking(429, 1_000)], { cooldown: { scope } }).send();
    expect(value).toBe(fault);
    expect(report?.reason).toBe('callback-threw');
  });
});

describe('a throttle that has no token left', () => {
  const empty = (more?: object): RetryThrottle => {
    const throttle = throttleOf(10, more);
    throttle.take(ORIGIN, false, 0);
    return throttle;
  };

  test('keeps the wait of the retry that it refuses', async () => {
    const { at, report, status } = await stage([503], { throttle: empty() }).send();
    expect([at, status, report?.reason]).toEqual([100, 503, 'throttled']);
    expect(report).toMatchObject({ totalDelay: 0, elapsed: 100 });
  });

  test('keeps no wait with `hold: false`', async () => {
    const { at, report } = await stage([503], { throttle: empty({ hold: false }) }).send();
    expect([at, report?.reason]).toEqual([0, 'throttled']);
  });

  test('keeps the wait of the policy and not that of a hint', async () => {
    const { at, report } = await stage([asking(503, 50_000)], { throttle: empty() }).send();
    expect([at, report?.reason]).toEqual([100, 'throttled']);
  });

  test.each<[string, RetryOptions]>([
    ['totalTimeout', { totalTimeout: 60 }],
    ['maxElapsedTime', { maxElapsedTime: 60 }],
  ])('keeps it no longer than %s', async (_, options) => {
    const { at, report } = await stage([asking(503, 50)], { throttle: empty(), ...options }).send();
    expect([at, report?.reason]).toEqual([60, 'throttled']);
  });

  test('lets go at once when the signal aborts', async () => {
    const here = stage([503], { throttle: empty() });
    const controller = new AbortController();
    const settled = here.begin({ signal: controller.signal });
    await pass(here, 40);
    controller.abort();
    await here.clock.run();
    const { at, report, value } = await settled;
    expect([at, report?.reason, (value as AxiosError).code]).toEqual([40, 'aborted', 'ERR_CANCELED']);
  });

  test('lets go at once when the client is detached', async () => {
    const here = stage([503], { throttle: empty() });
    const settled = here.begin();
    await pass(here, 40);
    here.detach();
    await here.clock.run();
    const { at, report, status } = await settled;
    expect([at, report?.reason, status]).toEqual([40, 'throttled', 503]);
  });
});

describe('a throttle with a shared bucket', () => {
  const turn = (status: Turn['status'], hint?: number): Turn => ({ status, latency: 0, hint });

  test.each<[string, readonly Turn[], boolean]>([
    ['a failure of the server', [turn(503), turn(200)], false],
    ['a retry that waits for a pause', [turn(429, 10), turn(200)], true],
  ])('is told whether %s concerns this process alone', async (_, turns, isLocal) => {
    const throttle = new RetryThrottle();
    const take = jest.spyOn(throttle, 'take');
    const give = jest.spyOn(throttle, 'give');
    const world = createWorld({ throttle });
    const call = world.call({ turns });
    await world.clock.run();
    await call;
    expect(take.mock.calls.map((args) => (args as unknown[])[3])).toEqual([isLocal]);
    expect(give.mock.calls.map((args) => (args as unknown[])[3])).toEqual([isLocal]);
  });
});
