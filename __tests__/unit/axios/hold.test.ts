import { AxiosError, type InternalAxiosRequestConfig } from 'axios';
import { Cooldown, type RetryOptions, RetryThrottle } from '../../../lib/index.ts';
import { axiosSince } from '../../helpers/axios-version.ts';
import { ORIGIN, type Stage, stage } from '../../helpers/stage.ts';

const noSpread = (): number => 0;

/** A client that holds, in a pause of a second. */
const cooling = (options: RetryOptions = {}, maxHeld = 100): Stage & { readonly cooldown: Cooldown } => {
  const cooldown = new Cooldown({ hold: true, maxHeld });
  cooldown.hear(ORIGIN, 1_000, 0, noSpread);
  return { ...stage([200], { cooldown, ...options }), cooldown };
};

const orderOf = ({ sent }: Stage): unknown[] => sent.map(({ url }) => url);

describe('a first attempt while its scope cools', () => {
  test('waits in front of the adapter, and that is neither an attempt nor a wait between attempts', async () => {
    const throttle = new RetryThrottle();
    const { send, sent, cooldown } = cooling({ throttle });
    const { at, ok, report } = await send();
    expect([at, ok, sent.length]).toEqual([1_000, true, 1]);
    expect(report?.attempts).toEqual([{ number: 1, startedAt: 1_000, duration: 0, status: 200 }]);
    expect(report).toMatchObject({ elapsed: 1_000, totalDelay: 0 });
    expect(throttle.idle).toBe(true);
    expect(cooldown.toJSON().held).toBe(0);
  });

  test('does not wait without `hold`, nor in another scope, nor after it', async () => {
    const cooldown = new Cooldown();
    cooldown.hear(ORIGIN, 1_000, 0, noSpread);
    expect((await stage([200], { cooldown }).send()).at).toBe(0);
    expect((await cooling().send({ baseURL: 'https://other.example.com' })).at).toBe(0);
    const late = cooling();
    await late.clock.run(1_000);
    expect((await late.send()).at).toBe(1_000);
  });

  test('is sent in its turn, slower than it came', async () => {
    const here = cooling();
    const settled = [here.begin({ url: '/1' })];
    await here.clock.run(100);
    settled.push(here.begin({ url: '/2' }), here.begin({ url: '/3' }));
    await here.clock.run();
    const ends = (await Promise.all(settled)).map(({ at }) => at);
    expect(ends).toEqual([1_000, 1_200, 1_202]);
    expect(orderOf(here)).toEqual(['/1', '/2', '/3']);
  });

  test('waits on while the pause grows', async () => {
    const here = cooling();
    const settled = here.begin();
    await here.clock.run(500);
    here.cooldown.hear(ORIGIN, 2_000, 500, noSpread);
    await here.clock.run();
    expect((await settled).at).toBe(2_500);
  });

  test('does not count the wait for `attemptTimeout`', async () => {
    expect(await cooling({ attemptTimeout: 50 }).send()).toMatchObject({ at: 1_000, ok: true });
  });

  test('keeps a retry of its own within the bounds of attempts', async () => {
    const cooldown = new Cooldown({ hold: true });
    cooldown.hear(ORIGIN, 1_000, 0, noSpread);
    const { report, at } = await stage([503, 503, 200], { cooldown }).send();
    expect([at, report?.attempts.length]).toEqual([1_300, 3]);
  });
});

describe('a first attempt that may not wait so long', () => {
  const expectUnsent = ({ value, at, report }: Awaited<ReturnType<Stage['send']>>, hint: number): void => {
    expect(value).toBeInstanceOf(AxiosError);
    const message = `not sent: the server asked for a pause of ${hint} ms`;
    expect(value).toMatchObject({ code: 'ERR_COOLING_DOWN', hint, message });
    expect((value as AxiosError).response).toBeUndefined();
    expect(report).toMatchObject({ reason: 'cooling-down', attempts: [], totalDelay: 0 });
    expect(at).toBe(1_000 - hint);
  };

  test('for its `totalTimeout` fails at once, unsent', async () => {
    const { send, sent, cooldown } = cooling({ totalTimeout: 900 });
    expectUnsent(await send(), 1_000);
    expect(sent).toEqual([]);
    expect(cooldown.toJSON().held).toBe(0);
  });

  test('for the line is full fails at once, unsent', async () => {
    const here = cooling({}, 1);
    const first = here.begin();
    await here.clock.run(250);
    const second = here.begin();
    await here.clock.run(250);
    expectUnsent(await second, 750);
    await here.clock.run();
    expect((await first).ok).toBe(true);
    expect(here.sent).toHaveLength(1);
  });

  test('since the pause has grown fails then', async () => {
    const here = cooling({ totalTimeout: 5_000 });
    const settled = here.begin();
    await here.clock.run(500);
    here.cooldown.hear(ORIGIN, 10_000, 500, noSpread);
    await here.clock.run();
    const { value, at } = await settled;
    expect([(value as AxiosError).code, at]).toEqual(['ERR_COOLING_DOWN', 1_000]);
  });

  test('is told to observers once, with no attempt', async () => {
    const onAttempt = jest.fn();
    const onRetry = jest.fn();
    const onGiveUp = jest.fn();
    await cooling({ observe: { onAttempt, onRetry, onGiveUp } }, 0).send();
    expect(onAttempt).not.toHaveBeenCalled();
    expect(onRetry).not.toHaveBeenCalled();
    expect(onGiveUp).toHaveBeenCalledTimes(1);
    expect(onGiveUp.mock.calls[0]?.[0]).toMatchObject({
      reason: 'cooling-down',
      attemptNumber: 0,
      code: 'ERR_COOLING_DOWN',
      failure: 'unsent',
      hint: 1_000,
    });
  });
});

describe('a held request', () => {
  test('ends at once when its signal aborts, before and while it waits', async () => {
    for (const abortAt of [0, 400]) {
      const here = cooling();
      const controller = new AbortController();
      const config = { signal: controller.signal };
      if (abortAt === 0) controller.abort();
      const settled = here.begin(config);
      await here.clock.run(abortAt);
      controller.abort();
      await here.clock.run();
      const { at, value, report } = await settled;
      expect([at, (value as AxiosError).code]).toEqual([abortAt, 'ERR_CANCELED']);
      // axios before 1.19 rejects past the response interceptors what was cancelled before it was sent.
      if (abortAt > 0 || axiosSince('1.19.0')) expect(report?.reason).toBe('aborted');
      expect(here.sent).toEqual([]);
      expect(here.cooldown.toJSON().held).toBe(0);
    }
  });

  test('ends at once, unsent, when the client is detached', async () => {
    const here = cooling();
    const settled = here.begin();
    await here.clock.run(400);
    here.detach();
    await here.clock.run();
    const { at, value, report } = await settled;
    expect([at, (value as AxiosError).code, report?.reason]).toEqual([400, 'ERR_COOLING_DOWN', 'detached']);
    expect(here.sent).toEqual([]);
  });

  test('lets its config be used again', async () => {
    const here = cooling({}, 0);
    const { value } = await here.send();
    const { config } = value as AxiosError & { config: InternalAxiosRequestConfig };
    await here.clock.run(1_000);
    expect(await here.send(config)).toMatchObject({ ok: true, at: 1_000 });
    expect(here.sent).toHaveLength(1);
  });
});
