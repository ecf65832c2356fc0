import { Readable } from 'node:stream';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { RetryThrottle } from '../../../lib/index.ts';
import { scripted, type Turn } from '../../helpers/scripted.ts';
import { ORIGIN, stage } from '../../helpers/stage.ts';

describe('the config of a request that is over, used again', () => {
  test('with `retry: false` is sent once and has no report', async () => {
    const world = stage([503]);
    const first = await world.send();
    const { config } = first.value as { config: AxiosRequestConfig };
    const second = await world.send({ ...config, retry: false });
    expect([first.report?.attempts.length, second.report, world.sent.length]).toEqual([3, undefined, 4]);
  });

  test('with `retry: false` by another client keeps the report that is there', async () => {
    const { value, report } = await stage([503]).send();
    const { config } = value as { config: AxiosRequestConfig };
    const other = await stage([503]).send({ ...config, adapter: scripted(503).adapter, retry: false });
    expect(other.report).toEqual(report);
  });
});

describe('an outcome of another request that passes through', () => {
  test('a failure that was retried inside ends the outer one as it is', async () => {
    const world = stage([503]);
    const inner = (): Promise<AxiosResponse> => world.client.get('/inner');
    const outer = await world.send({ url: '/outer', adapter: inner as never });
    expect(world.sent.map(({ url }) => url)).toEqual(['/inner', '/inner', '/inner']);
    expect([outer.status, outer.report?.attempts.length]).toEqual([503, 3]);
  });

  test.each([[{}], [{ observe: { onAttempt: () => undefined } }]])(
    'a success inside counts once, with %p',
    async (options) => {
      const throttle = new RetryThrottle({ capacity: 100, retryCost: 10, refund: 1, refillTime: 1e12 });
      throttle.take(ORIGIN, false, 0);
      const world = stage([200], { throttle, ...options });
      const inner = async (): Promise<AxiosResponse> => {
        const response = await world.client.get('/inner');
        await world.clock.alarm(500);
        return response;
      };
      const outer = await world.send({ url: '/outer', adapter: inner as never });
      expect(outer.report).toMatchObject({ attempts: [{ status: 200 }], elapsed: 0 });
      expect(Math.round(throttle.tokens(ORIGIN))).toBe(91);
    },
  );

  test('of another client is left alone', async () => {
    const seen = jest.fn();
    const world = stage([503, 200]);
    const outer = stage([() => world.client.get('/inner')], { observe: { onAttempt: seen } });
    const sending = outer.begin();
    await world.clock.run();
    expect((await sending).report?.attempts).toHaveLength(2);
    expect(seen).not.toHaveBeenCalled();
  });
});

describe('which first answers are judged', () => {
  const anything = { validateStatus: null };
  const answering =
    (status: number, headers: Record<string, string> = {}): Turn =>
    (config) => ({ status, statusText: '', headers, config, data: '' });

  test.each<[string, Turn, AxiosRequestConfig['retry'], number]>([
    ['a 503', answering(503), {}, 3],
    ['a 400 that the server wants repeated', answering(400, { 'x-should-retry': 'true' }), {}, 3],
    ['a 399 that the server wants repeated', answering(399, { 'x-should-retry': 'true' }), {}, 1],
    ['a 304 among the statuses', answering(304), { statuses: [304] }, 3],
    ['a 200 with other statuses', answering(200), { statuses: [304] }, 1],
    ['a 200 that retryIf is not content with', answering(200), { retryIf: () => true }, 3],
    ['a 200 that somebody watches', answering(200), { observe: {} }, 1],
    ['no status at all', answering(undefined as never), { retryIf: () => undefined }, 1],
  ])('%s', async (_, turn, retry, attempts) => {
    const world = stage([turn]);
    const { ok, report } = await world.send({ ...anything, retry });
    expect([ok, report?.attempts.length, world.sent.length]).toEqual([true, attempts, attempts]);
  });
});

test('a first answer that nobody judges is told to the observers', async () => {
  const onAttempt = jest.fn();
  await stage([200], { observe: { onAttempt } }).send();
  expect(onAttempt).toHaveBeenCalledTimes(1);
});

describe('a body that `data` made', () => {
  const produce = () => {
    const made: Readable[] = [];
    const data = (): Readable => {
      const body = Readable.from(['x']);
      made.push(body);
      return body;
    };
    return { made, data };
  };

  test('is not made when an interceptor fails before it is sent, and the error is the interceptor’s', async () => {
    const { made, data } = produce();
    const world = stage([200]);
    const failure = new Error('no token');
    world.inside(() => {
      throw failure;
    });
    const { value } = await world.send({ method: 'put', retry: { data } });
    expect([value, made]).toEqual([failure, []]);
  });

  test('is not made when an interceptor fails with the error of another request', async () => {
    const { made, data } = produce();
    const world = stage([503]);
    world.inside(async (config) => {
      if (config.url === '/token') return config;
      await world.client.get('/token');
      return config;
    });
    const { status, report } = await world.send({ method: 'put', retry: { data } });
    expect([status, report?.attempts.length, world.sent.length]).toEqual([503, 3, 3]);
    expect(made).toEqual([]);
  });

  test('is sent, and one that fails is followed by another', async () => {
    const { made, data } = produce();
    const world = stage([503, 200]);
    expect(await world.send({ method: 'put', retry: { data } })).toMatchObject({ ok: true });
    expect(world.sent.map(({ data: sent }) => sent)).toEqual(made);
  });
});
