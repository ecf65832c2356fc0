import { getEventListeners } from 'node:events';
import axios, {
  type AxiosAdapter,
  AxiosError,
  type AxiosRequestConfig,
  CanceledError,
  type InternalAxiosRequestConfig,
} from 'axios';
import fc from 'fast-check';
import { CALM } from '../../../lib/axios/calm.ts';
import { type HedgeOptions, hedge } from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createEventClock, type EventClock } from '../../helpers/event-clock.ts';

/** What becomes of one copy: a status or an error, after so many milliseconds. */
interface Turn {
  readonly after: number;
  readonly end?: 'ok' | 'error' | undefined;
}

interface Copy {
  readonly config: InternalAxiosRequestConfig;
  readonly sentAt: number;
  cutAt?: number;
}

/** An adapter in virtual time whose nth copy goes as the nth turn says, all later ones as the last. */
function network(clock: EventClock, turns: readonly Turn[]) {
  const copies: Copy[] = [];
  const adapter: AxiosAdapter = async (config) => {
    const copy: Copy = { config, sentAt: clock.monotonic() };
    copies.push(copy);
    const number = copies.length;
    const { after, end = 'ok' } = turns[Math.min(number, turns.length) - 1] as Turn;
    const { signal, cancelToken } = config;
    const token = new AbortController();
    void cancelToken?.promise.then(() => token.abort());
    const either = signal ? AbortSignal.any([signal as AbortSignal, token.signal]) : token.signal;
    try {
      await clock.alarm(after, either);
    } catch {
      copy.cutAt = clock.monotonic();
      throw new CanceledError(`copy ${number} was cut off`, config);
    }
    if (end === 'error') throw new AxiosError(`copy ${number} failed`, 'ECONNRESET', config);
    return { status: 200, statusText: '', headers: {}, config, request: {}, data: `copy ${number}` };
  };
  return { adapter, copies };
}

const in50: HedgeOptions = { delay: 50 };

/** Sends one request, whose second copy goes after 50 ms, and lets time pass. */
async function send(turns: readonly Turn[], config: AxiosRequestConfig = {}, options = in50) {
  const clock = createEventClock();
  const { adapter, copies } = network(clock, turns);
  const hedging = hedge(options, adapter, { clock });
  const client = axios.create({ adapter: hedging, baseURL: 'https://api.example.com' });
  const sent = client.request({ url: '/', ...config }).then(
    (response) => ({ response, error: undefined, at: clock.monotonic() }),
    (error: AxiosError) => ({ response: undefined, error, at: clock.monotonic() }),
  );
  await clock.run();
  return { ...(await sent), copies, hedging };
}

describe('a request', () => {
  test('that is answered in time has one copy', async () => {
    const { copies, at } = await send([{ after: 49 }]);
    expect([copies.length, at]).toEqual([1, 49]);
  });

  test('that is late has a second copy, and the first good answer counts', async () => {
    const { response, copies, at, hedging } = await send([{ after: 1_000 }, { after: 30 }]);
    expect(response?.data).toBe('copy 2');
    expect(at).toBe(80);
    expect(copies.map(({ sentAt, cutAt }) => [sentAt, cutAt])).toEqual([
      [0, 80],
      [50, undefined],
    ]);
    expect([hedging.hedged, hedging.won]).toEqual([1, 1]);
  });

  test('whose first copy is the sooner after all has the second cut off', async () => {
    const { response, copies, at, hedging } = await send([{ after: 60 }, { after: 30 }]);
    expect(response?.data).toBe('copy 1');
    expect(at).toBe(60);
    expect(copies[1]?.cutAt).toBe(60);
    expect([hedging.hedged, hedging.won]).toEqual([1, 0]);
  });

  test('whose one copy fails waits for the other', async () => {
    const first = await send([{ after: 60, end: 'error' }, { after: 30 }]);
    expect([first.response?.data, first.at]).toEqual(['copy 2', 80]);
    const second = await send([{ after: 90 }, { after: 10, end: 'error' }]);
    expect([second.response?.data, second.at]).toEqual(['copy 1', 90]);
  });

  test.each([
    [{ after: 60 }, { after: 30 }],
    [{ after: 90 }, { after: 10 }],
  ])('whose copies both fail has the error of the first', async (one, two) => {
    const { error } = await send([
      { ...one, end: 'error' },
      { ...two, end: 'error' },
    ]);
    expect(error?.message).toBe('copy 1 failed');
  });

  test('that fails in time is not sent again: that is for retries', async () => {
    const { error, copies } = await send([{ after: 10, end: 'error' }]);
    expect(error?.message).toBe('copy 1 failed');
    expect(copies).toHaveLength(1);
  });

  test('is one to all above it: the config of the answer is the one that was sent', async () => {
    const { response, copies } = await send([{ after: 1_000 }, { after: 30 }]);
    expect(response?.config).toBe(copies[0]?.config);
    expect(response?.config).not.toHaveProperty('signal');
  });

  test('has headers of its own in the second copy', async () => {
    const clock = createEventClock();
    const { adapter, copies } = network(clock, [{ after: 1_000 }, { after: 30 }]);
    const editing: AxiosAdapter = (config) => {
      const answer = adapter(config);
      config.headers.set('X-Copy', String(copies.length));
      return answer;
    };
    const client = axios.create({ adapter: hedge(in50, editing, { clock }) });
    const sent = client.get('https://api.example.com/', { headers: { 'X-Mine': 'kept' } });
    await clock.run();
    await sent;
    const [one, two] = copies.map(({ config }) => config.headers);
    expect(one?.get('X-Copy')).toBe('1');
    expect(two?.get('X-Copy')).toBe('2');
    expect(two?.get('X-Mine')).toBe('kept');
  });
});

describe('a second copy is never sent', () => {
  const late = [{ after: 1_000 }];

  test.each<[string, AxiosRequestConfig]>([
    ['of a POST', { method: 'post' }],
    ['of a PUT', { method: 'put' }],
    ['of a DELETE', { method: 'delete' }],
    ['of a GET with a body', { data: { query: 'all' } }],
    ['of a stream', { responseType: 'stream' }],
    ['when progress is watched', { onDownloadProgress: () => undefined }],
    ['with `hedge: false`', { hedge: false }],
  ])('%s', async (_, config) => {
    expect((await send(late, config)).copies).toHaveLength(1);
  });

  test.each(['get', 'HEAD', 'options', 'trace'])('but of a %s it is', async (method) => {
    expect((await send([...late, { after: 1 }], { method })).copies).toHaveLength(2);
  });

  test('while the state of the request says that its server is not well', async () => {
    class State {
      constructor(readonly calm: boolean) {}
      [CALM](): boolean {
        return this.calm;
      }
    }
    const withState = (calm: boolean) => ({ retryState: new State(calm) }) as AxiosRequestConfig;
    expect((await send(late, withState(false))).copies).toHaveLength(1);
    expect((await send([...late, { after: 1 }], withState(true))).copies).toHaveLength(2);
  });

  test('with anything but a boolean for `hedge` nothing is sent at all', async () => {
    const { error, copies } = await send(late, { hedge: 'no' as never });
    expect(error).toEqual(new TypeError('Expected `hedge` in the config to be a boolean, got "no"'));
    expect(copies).toHaveLength(0);
  });
});

describe('a cancellation', () => {
  async function cancelAt(ms: number, how: 'signal' | 'token') {
    const clock = createEventClock();
    const { adapter, copies } = network(clock, [{ after: 1_000 }, { after: 500 }]);
    const client = axios.create({ adapter: hedge(in50, adapter, { clock }) });
    const controller = new AbortController();
    const { token, cancel } = axios.CancelToken.source();
    const source = how === 'signal' ? { signal: controller.signal } : { cancelToken: token };
    const sent = caught(client.get('https://api.example.com/', source));
    await clock.run(ms);
    if (how === 'signal') controller.abort();
    else cancel();
    await clock.run();
    return { error: await sent, copies, controller, clock };
  }

  test.each(['signal', 'token'] as const)('by %s reaches both copies', async (how) => {
    const { error, copies } = await cancelAt(70, how);
    expect(axios.isCancel(error)).toBe(true);
    expect(copies.map(({ cutAt }) => cutAt)).toEqual([70, 70]);
  });

  test.each(['signal', 'token'] as const)('by %s before the second copy leaves it unsent', async (how) => {
    const { error, copies, clock } = await cancelAt(20, how);
    expect(axios.isCancel(error)).toBe(true);
    expect(copies).toHaveLength(1);
    expect(clock.monotonic()).toBe(20);
  });

  test('leaves no listener on the signal, nor does an answer', async () => {
    const { controller } = await cancelAt(70, 'signal');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    const { signal } = new AbortController();
    const { copies } = await send([{ after: 1_000 }, { after: 1 }], { signal });
    expect(copies).toHaveLength(2);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

/** Sends requests one after the other. */
async function sendMany(count: number, latency: (number: number) => number, options: HedgeOptions) {
  const clock = createEventClock();
  const { adapter, copies } = network(
    clock,
    Array.from({ length: 4 * count }, (_, index) => ({ after: latency(index) })),
  );
  const hedging = hedge(options, adapter, { clock });
  const client = axios.create({ adapter: hedging, baseURL: 'https://api.example.com' });
  const all = (async () => {
    for (let number = 0; number < count; number += 1) await client.get('/');
  })();
  await clock.run();
  await all;
  return { copies, hedging };
}

describe('the quantile', () => {
  test('counts once so many answers have come, and what takes as long as others is not late', async () => {
    // The copies of the 21st request and of those after it are, by turns, late and in time.
    const latency = (number: number) => (number <= 20 || number % 2 === 0 ? 10 : 500);
    const { copies } = await sendMany(30, latency, { warmup: 20 });
    expect(copies).toHaveLength(21 + 2 * 9);
    expect((copies[22]?.sentAt ?? 0) - (copies[21]?.sentAt ?? 0)).toBe(11);
  });

  test('is that of each origin: a slow one does not make a fast one wait', async () => {
    const clock = createEventClock();
    const sentAt: number[] = [];
    const adapter: AxiosAdapter = async (config) => {
      sentAt.push(clock.monotonic());
      const isStuck = config.url === '/stuck' && sentAt.length % 2 === 1;
      await clock.alarm(isStuck ? 5_000 : config.baseURL === 'https://slow.example.com' ? 300 : 10);
      return { status: 200, statusText: '', headers: {}, config, request: {}, data: '' };
    };
    const client = axios.create({ adapter: hedge({ warmup: 5 }, adapter, { clock }) });
    const all = (async () => {
      for (const host of ['slow', 'fast']) {
        const baseURL = `https://${host}.example.com`;
        for (let number = 0; number < 5; number += 1) await client.get('/', { baseURL });
      }
      const before = clock.monotonic();
      await client.get('/stuck', { baseURL: 'https://fast.example.com' });
      return clock.monotonic() - before;
    })();
    await clock.run();
    expect(await all).toBe(21);
  });
});

describe('second copies', () => {
  test('stay below the ratio and the burst, whatever the latencies', async () => {
    const scenario = fc.record({
      latencies: fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 10, maxLength: 300 }),
      ratio: fc.constantFrom(0.02, 0.1, 0.5, 1),
      burst: fc.integer({ min: 1, max: 10 }),
      delay: fc.constantFrom(0.5, 0.95, 1, 100),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ latencies, ratio, burst, delay }) => {
        const latency = (number: number): number => latencies[number % latencies.length] ?? 1;
        const count = latencies.length;
        const { copies } = await sendMany(count, latency, { ratio, burst, delay, warmup: 5 });
        expect(copies.length - count).toBeLessThanOrEqual(ratio * count + burst);
      }),
      { numRuns: 40 },
    );
  });

  test('that are of no use count twice', async () => {
    const options: HedgeOptions = { delay: 10, ratio: 0.1, burst: 1 };
    const useless = await sendMany(400, () => 100, options);
    expect(useless.hedging.hedged).toBeGreaterThan(15);
    expect(useless.hedging.hedged).toBeLessThanOrEqual(21);
  });
});

describe('bad input', () => {
  test.each<[unknown, string]>([
    [{ delay: 0 }, '`delay` to be a quantile > 0 and < 1, or a finite number of milliseconds ≥ 1, got 0'],
    [
      { delay: Infinity },
      '`delay` to be a quantile > 0 and < 1, or a finite number of milliseconds ≥ 1, got Infinity',
    ],
    [{ ratio: 0 }, '`ratio` to be a number > 0 and ≤ 1, got 0'],
    [{ ratio: 1.1 }, '`ratio` to be a number > 0 and ≤ 1, got 1.1'],
    [{ burst: 0.5 }, '`burst` to be a finite number ≥ 1, got 0.5'],
    [{ warmup: 0 }, '`warmup` to be an integer from 1 to 1000, got 0'],
    [{ quantile: 0.9 }, '`quantile` to be one of delay, ratio, burst, warmup, got 0.9'],
  ])('%p is refused', (options, rule) => {
    expect(() => hedge(options as HedgeOptions)).toThrow(new TypeError(`Expected hedge option ${rule}`));
  });

  test('so is what cannot be an adapter', () => {
    expect(() => hedge({}, 5 as never)).toThrow(/^Expected `adapter` to be the name of an adapter, /);
  });
});
