import { type RetryOptions, retryReport } from '../../lib/index.ts';
import { virtualClock } from '../../lib/testing.ts';
import { caught } from '../helpers/caught.ts';
import { adapters, createClient } from '../helpers/clients.ts';
import { eventually } from '../helpers/eventually.ts';
import { answer, closeServers, rawAnswer, type Step, startServer } from '../helpers/server.ts';

afterEach(closeServers);

type Headers = Readonly<Record<string, string | number | readonly string[]>>;

/** A server clock that is years off: a date counts from the `Date` of the response, never from the clock of the client. */
const SERVER_TIME = Date.UTC(2031, 4, 6, 7, 8, 9);
const date = (ms: number): string => new Date(SERVER_TIME + ms).toUTCString();
const epoch = (ms: number): number => (SERVER_TIME + ms) / 1_000;
const asctime = (ms: number): string =>
  new Date(SERVER_TIME + ms)
    .toUTCString()
    .replace(
      /^(\w+), (\d+) (\w+) (\d+) (.+) GMT$/,
      (_, day, d, month, year, time) => `${day} ${month} ${d.replace(/^0/, ' ')} ${time} ${year}`,
    );
/** With a day and an hour of one digit. */
const unpadded = (ms: number): string =>
  date(ms)
    .replace(/\b0(\d) /, '$1 ')
    .replace(/ 0(\d:)/, ' $1');
const rfc850 = (ms: number): string =>
  new Date(SERVER_TIME + ms)
    .toUTCString()
    .replace(/^\w+, (\d+) (\w+) \d\d(\d+) (.+)$/, 'Tuesday, $1-$2-$3 $4');

/** What the loop waited and who chose it, in virtual time. */
async function waited(
  adapter: 'http' | 'fetch',
  status: number,
  headers: Headers,
  { random = 0, ...options }: RetryOptions & { random?: number } = {},
): Promise<readonly [delay: number | undefined, source: string | undefined]> {
  const server = await startServer([answer(status, '', headers), answer(200)]);
  const seen: [number | undefined, string | undefined][] = [];
  const observe = {
    onRetry: ({ delay, delaySource }: { delay?: number; delaySource?: string }) => {
      seen.push([delay, delaySource]);
    },
  };
  const { client } = createClient(
    { adapter, baseURL: server.url },
    { wait: () => 7, observe, ...options },
    { clock: virtualClock({ now: Date.now() }), random: () => random },
  );
  await client.get('/').catch(() => undefined);
  return seen[0] ?? [undefined, undefined];
}

describe.each(adapters)('over %s', (adapter) => {
  test.each<[string, number, Headers, number]>([
    ['Retry-After in seconds', 503, { 'retry-after': 30 }, 30_000],
    ['Retry-After in seconds with a fraction', 429, { 'retry-after': '1.5' }, 1_500],
    ['Retry-After as a date', 503, { date: date(0), 'retry-after': date(20_000) }, 20_000],
    ['Retry-After as a date of RFC 850', 503, { date: date(0), 'retry-after': rfc850(20_000) }, 20_000],
    ['Retry-After as a date of asctime', 503, { date: date(0), 'retry-after': asctime(20_000) }, 20_000],
    ['retry-after-ms', 503, { 'retry-after-ms': 1_234 }, 1_234],
    ['retry-after-ms before Retry-After', 503, { 'retry-after-ms': 1_234, 'retry-after': 60 }, 1_234],
    ['Retry-After before RateLimit', 429, { 'retry-after': 5, ratelimit: '"default";r=0;t=30' }, 5_000],
    ['RateLimit with nothing left', 429, { ratelimit: '"default";r=0;t=30' }, 30_000],
    ['RateLimit with nothing left, on a 503', 503, { ratelimit: '"default";r=0;t=30' }, 30_000],
    [
      'the longest of several limits that are used up',
      429,
      { ratelimit: '"a";r=0;t=5, "b";r=0;t=9, "c";r=1;t=99' },
      9_000,
    ],
    ['RateLimit of an earlier draft', 429, { ratelimit: 'limit=100, remaining=0, reset=30' }, 30_000],
    ['x-ratelimit-reset in seconds', 429, { 'x-ratelimit-reset': 30 }, 30_000],
    ['x-ratelimit-reset as an epoch', 429, { date: date(0), 'x-ratelimit-reset': epoch(30_000) }, 30_000],
    [
      'x-ratelimit-reset as an epoch in ms',
      429,
      { date: date(0), 'x-ratelimit-reset': epoch(30_000) * 1_000 },
      30_000,
    ],
    ['x-rate-limit-reset', 429, { date: date(0), 'x-rate-limit-reset': epoch(30_000) }, 30_000],
    ['ratelimit-reset', 429, { 'ratelimit-remaining': 0, 'ratelimit-reset': 30 }, 30_000],
    ['x-ratelimit-reset-after', 429, { 'x-ratelimit-reset-after': '2.25', 'x-ratelimit-reset': 1 }, 2_250],
    ['a date with a day of one digit', 503, { date: date(0), 'retry-after': unpadded(20_000) }, 20_000],
    ['a date beside an unpadded one', 503, { date: unpadded(0), 'retry-after': date(20_000) }, 20_000],
    ['a date in UTC', 503, { date: date(0), 'retry-after': date(20_000).replace('GMT', 'UTC') }, 20_000],
    ['a date in +0000', 503, { date: date(0), 'retry-after': date(20_000).replace('GMT', '+0000') }, 20_000],
    ['a date of ISO 8601', 503, { date: date(0), 'retry-after': '2031-05-06T07:08:29Z' }, 20_000],
    [
      'a leap second',
      503,
      { date: date(0), 'retry-after': date(50_000).replace(/..:..:../, '07:08:60') },
      51_000,
    ],
    [
      'a date in a response from a cache',
      503,
      { date: date(-90_000), age: 90, 'retry-after': date(20_000) },
      20_000,
    ],
    ['Retry-After as an epoch', 503, { date: date(0), 'retry-after': epoch(20_000) }, 20_000],
    ['Retry-After as a duration', 503, { 'retry-after': '1m30s' }, 90_000],
    ['x-ms-retry-after-ms', 503, { 'x-ms-retry-after-ms': 1_234, 'retry-after': 60 }, 1_234],
    [
      'x-ratelimit-reset as an epoch in µs',
      429,
      { date: date(0), 'x-ratelimit-reset': epoch(30_000) * 1e6 },
      30_000,
    ],
    ['x-ratelimit-reset-requests as a duration', 429, { 'x-ratelimit-reset-requests': '20ms' }, 20],
    [
      'the reset of the limit that is used up',
      429,
      {
        'x-ratelimit-remaining-requests': 0,
        'x-ratelimit-reset-requests': '12ms',
        'x-ratelimit-remaining-tokens': 5,
        'x-ratelimit-reset-tokens': '1m0s',
      },
      12,
    ],
    [
      'a reset on a 503 with nothing left',
      503,
      { 'x-ratelimit-remaining': 0, 'x-ratelimit-reset': 30 },
      30_000,
    ],
  ])('%s is obeyed', async (_, status, headers, delay) => {
    expect(await waited(adapter, status, headers)).toEqual([delay, 'server']);
  });

  test.each<[string, number, Headers]>([
    ['zero', 503, { 'retry-after': 0 }],
    ['negative', 503, { 'retry-after': -5 }],
    ['a word', 503, { 'retry-after': 'soon' }],
    ['an ISO date without a zone', 503, { date: date(0), 'retry-after': '2031-05-06T07:09:00' }],
    ['a year that nobody means', 503, { date: date(0), 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }],
    ['digits without end', 503, { 'retry-after': '9'.repeat(400) }],
    ['a day that does not exist', 503, { date: date(0), 'retry-after': 'Tue, 31 Jun 2031 07:08:29 GMT' }],
    ['a past date', 503, { date: date(0), 'retry-after': date(-1_000) }],
    ['the date of the response', 503, { date: date(0), 'retry-after': date(0) }],
    ['a RateLimit with something left', 429, { ratelimit: '"default";r=1;t=30' }],
    ['a RateLimit in a quoted name', 429, { ratelimit: '";r=0;t=30";r=5;t=30' }],
    ['a past x-ratelimit-reset', 429, { date: date(0), 'x-ratelimit-reset': epoch(-30_000) }],
    [
      'an x-ratelimit-reset with something left',
      429,
      { 'x-ratelimit-remaining': 3, 'x-ratelimit-reset': 30 },
    ],
    [
      'an x-ratelimit-reset on a 503 that does not say that nothing is left',
      503,
      { 'x-ratelimit-reset': 30 },
    ],
  ])('%s is no hint, and the backoff applies', async (_, status, headers) => {
    expect(await waited(adapter, status, headers)).toEqual([7, 'backoff']);
  });

  test('of two Retry-After headers no retry is early for either, as far as the adapter shows them', async () => {
    const [delay, source] = await waited(adapter, 503, { 'retry-after': ['20', '60'] });
    // Node keeps the first of two, fetch joins them.
    expect([delay, source]).toEqual([adapter === 'http' ? 20_000 : 60_000, 'server']);
  });

  test('two dates that fetch joins are told apart from the commas inside them', async () => {
    const dates = [date(40_000), date(20_000)];
    expect(await waited(adapter, 503, { date: date(0), 'retry-after': dates })).toEqual([40_000, 'server']);
  });

  test('a response without a Date header counts a date from the clock of the client', async () => {
    const now = Date.now();
    const when = new Date(now + 30_000).toUTCString();
    const server = await startServer([
      rawAnswer(
        `HTTP/1.1 503 Busy\r\nretry-after: ${when}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
      ),
      answer(200),
    ]);
    const clock = virtualClock({ now });
    const { client } = createClient({ adapter, baseURL: server.url }, {}, { clock, random: () => 0 });
    await client.get('/');
    expect(clock.sleeps).toEqual([Date.parse(when) - now]);
  });

  test.each([
    [503, 1_000, {}, 0.5 * 500],
    [429, 60_000, {}, 0.5 * 2_000],
    [500, 5_000, {}, 0.5 * 500],
    [503, 5_000, { cooldown: false }, 0.5 * 500],
    [503, 60_000, { cooldown: false }, 0.5 * 1_000],
  ] as const)(
    'on a %i a hint of %i ms, with %j, is stretched, so that not all return at once',
    async (status, hint, options, more) => {
      const wait = await waited(adapter, status, { 'retry-after-ms': hint }, { random: 0.5, ...options });
      expect(wait).toEqual([hint + more, 'server']);
    },
  );

  describe('above the cap', () => {
    test('the request gives up at once, with the reason and the error of the server', async () => {
      const server = await startServer(answer(503, 'busy', { 'retry-after': 121 }));
      const { client } = createClient({ adapter, baseURL: server.url });
      const before = performance.now();
      const error = await caught(client.get('/'));
      expect(performance.now() - before).toBeLessThan(5_000);
      expect(error.response?.data).toBe('busy');
      expect(retryReport(error)).toMatchObject({ reason: 'retry-after-too-long', totalDelay: 0 });
      expect(server.requests).toHaveLength(1);
    });

    test('exactly at it the hint is obeyed', async () => {
      expect(await waited(adapter, 503, { 'retry-after': 120 })).toEqual([120_000, 'server']);
    });

    test('clamped, the wait is the cap itself', async () => {
      const retryAfter = { max: 3_000, whenLonger: 'clamp' } as const;
      expect(await waited(adapter, 503, { 'retry-after': 121 }, { retryAfter, random: 0.9 })).toEqual([
        3_000,
        'server',
      ]);
    });

    test('one request may raise the cap and keep the rest', async () => {
      const server = await startServer([answer(503, '', { 'retry-after': 50 }), answer(200)]);
      const clock = virtualClock();
      const options: RetryOptions = { retryAfter: { max: 1_000, whenLonger: 'clamp' } };
      const { client } = createClient({ adapter, baseURL: server.url }, options, { clock, random: () => 0 });
      await client.get('/', { retry: { retryAfter: { max: 20_000 } } });
      expect(clock.sleeps).toEqual([20_000]);
    });

    test('a hint that the elapsed time has no room for is not waited for', async () => {
      const server = await startServer(answer(503, '', { 'retry-after': 60 }));
      const { client } = createClient({ adapter, baseURL: server.url }, { maxElapsedTime: 59_000 });
      expect(retryReport(await caught(client.get('/')))?.reason).toBe('max-elapsed-time');
    });
  });

  test('hints that are switched off leave the backoff', async () => {
    expect(await waited(adapter, 503, { 'retry-after': 30 }, { retryAfter: false })).toEqual([7, 'backoff']);
  });

  describe('x-should-retry', () => {
    test('false stops a retry that would have been made, whatever retryIf says', async () => {
      const server = await startServer(answer(503, '', { 'x-should-retry': 'false' }));
      const { client } = createClient({ adapter, baseURL: server.url }, { retryIf: () => true });
      expect(retryReport(await caught(client.get('/')))?.reason).toBe('server-veto');
      expect(server.requests).toHaveLength(1);
    });

    test('true makes a status worth it that is in no list', async () => {
      const server = await startServer([answer(409, '', { 'x-should-retry': 'true' }), answer(200)]);
      const { client } = createClient({ adapter, baseURL: server.url });
      expect((await client.get('/')).status).toBe(200);
    });

    test('true does not make a POST repeatable', async () => {
      const server = await startServer(answer(500, '', { 'x-should-retry': 'true' }));
      const { client } = createClient({ adapter, baseURL: server.url });
      expect(retryReport(await caught(client.post('/')))?.reason).toBe('unsafe-method');
      expect(server.requests).toHaveLength(1);
    });

    test('true is overruled by retryIf', async () => {
      const server = await startServer(answer(503, '', { 'x-should-retry': 'true' }));
      const { client } = createClient({ adapter, baseURL: server.url }, { retryIf: () => false });
      expect(retryReport(await caught(client.get('/')))?.reason).toBe('not-retryable');
    });

    test('on a success says nothing', async () => {
      const server = await startServer(answer(200, '', { 'x-should-retry': 'true' }));
      const { client } = createClient({ adapter, baseURL: server.url });
      await client.get('/');
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('at the server', () => {
    /** The time between the answer of each attempt and the arrival of the next, as the server measures it. */
    const gaps = (
      hints: readonly Headers[],
    ): { readonly script: readonly Step[]; readonly gaps: number[] } => {
      const measured: number[] = [];
      let answeredAt: number | undefined;
      const measure =
        (step: Step): Step =>
        (exchange) => {
          if (answeredAt !== undefined) measured.push(performance.now() - answeredAt);
          exchange.response.once('finish', () => {
            answeredAt = performance.now();
          });
          return step(exchange);
        };
      const script = [...hints.map((headers) => measure(answer(503, '', headers))), measure(answer(200))];
      return { script, gaps: measured };
    };

    test('no retry is early, by however little', async () => {
      const hints = [17, 33.3, 5.01, 48.999, 21.5, 9].map((ms) => ({ 'retry-after-ms': ms }));
      const { script, gaps: measured } = gaps(hints);
      const server = await startServer(script);
      const { client } = createClient({ adapter, baseURL: server.url }, { maxAttempts: 10 });
      await client.get('/');
      expect(measured).toHaveLength(6);
      for (const [index, gap] of measured.entries())
        expect(gap).toBeGreaterThanOrEqual(hints[index]?.['retry-after-ms'] ?? NaN);
    });

    test.each<[string, Headers]>([
      ['a second', { 'retry-after': 1 }],
      ['a date a second after that of the response', { date: date(0), 'retry-after': date(1_000) }],
    ])('no retry comes before %s', async (_, headers) => {
      const { script, gaps: measured } = gaps([headers]);
      const server = await startServer(script);
      const { client } = createClient({ adapter, baseURL: server.url });
      const report = retryReport(await client.get('/'));
      expect(measured[0]).toBeGreaterThanOrEqual(1_000);
      expect(report?.attempts[0]?.delay).toBeLessThan(1_000 + 100 + 500);
    });
  });

  test('a hint of years never reaches a timer that cannot hold it, and an abort ends the wait', async () => {
    const server = await startServer(answer(503, '', { 'retry-after': 10_000_000 }));
    const spy = jest.spyOn(globalThis, 'setTimeout');
    try {
      const controller = new AbortController();
      const { client } = createClient(
        { adapter, baseURL: server.url },
        { maxElapsedTime: Infinity, retryAfter: { max: Infinity } },
      );
      const settled = caught(client.get('/', { signal: controller.signal }));
      const delays = () => spy.mock.calls.map(([, ms]) => Number(ms ?? 0));
      await eventually(() => delays().includes(2 ** 31 - 1));
      expect(server.requests).toHaveLength(1);
      controller.abort();
      expect((await settled).code).toBe('ERR_CANCELED');
      expect(Math.max(...delays())).toBe(2 ** 31 - 1);
    } finally {
      spy.mockRestore();
    }
  });

  test('a 403 that retryIf finds worth it waits for its reset', async () => {
    const headers = { 'x-ratelimit-remaining': 0, 'x-ratelimit-reset': 45 };
    const retryIf: RetryOptions['retryIf'] = ({ response }) => response?.status === 403;
    expect(await waited(adapter, 403, headers, { retryIf })).toEqual([45_000, 'server']);
  });

  test('a tiny hint does not make polling a hot loop', async () => {
    const options: RetryOptions = {
      wait: () => 2_000,
      retryIf: ({ response }) => response?.status === 202,
    };
    expect(await waited(adapter, 202, { 'retry-after-ms': '0.0001' }, options)).toEqual([2_000, 'backoff']);
    expect(await waited(adapter, 202, { 'retry-after': 5 }, options)).toEqual([5_000, 'server']);
  });

  test('a wait for each attempt but the last leaves the failure of the last as it is', async () => {
    const server = await startServer(answer(503, 'busy'));
    const clock = virtualClock();
    const wait: RetryOptions['wait'] = ({ attemptNumber }) => [100, 500][attemptNumber - 1] as number;
    const { client } = createClient({ adapter, baseURL: server.url }, { maxAttempts: 3, wait }, { clock });
    const error = await caught(client.get('/'));
    expect(error.response?.data).toBe('busy');
    expect(retryReport(error)?.reason).toBe('max-attempts');
    expect(clock.sleeps).toEqual([100, 500]);
  });

  describe('a reader of one’s own', () => {
    /** What is waited after a 429 with a body, and what came of the request. */
    async function read(
      retryAfter: RetryOptions['retryAfter'],
      status = 429,
    ): Promise<{ readonly sleeps: readonly number[]; readonly outcome: unknown }> {
      const server = await startServer([
        answer(status, '{"retry_in":12}', { 'content-type': 'application/json', 'retry-after': 60 }),
        answer(200),
      ]);
      const clock = virtualClock();
      const { client } = createClient(
        { adapter, baseURL: server.url },
        { wait: () => 7, retryAfter },
        { clock, random: () => 0 },
      );
      const outcome: unknown = await client.get('/').catch((error: unknown) => error);
      return { sleeps: clock.sleeps, outcome };
    }

    test('is asked before the headers', async () => {
      expect((await read({ read: ({ data }) => data.retry_in * 1_000 })).sleeps).toEqual([12_000]);
    });

    test('without an opinion leaves it to the headers', async () => {
      expect((await read({ read: () => undefined })).sleeps).toEqual([60_000]);
    });

    test('is obeyed up to the cap', async () => {
      const { outcome } = await read({ max: 11_999, read: ({ data }) => data.retry_in * 1_000 });
      expect(retryReport(outcome)?.reason).toBe('retry-after-too-long');
    });

    test('is not asked about what is not worth a retry', async () => {
      const reader = jest.fn(() => NaN);
      const { outcome } = await read({ read: reader }, 404);
      expect(outcome).toMatchObject({ response: { status: 404 } });
      expect(reader).not.toHaveBeenCalled();
    });

    test.each([
      ['no number', () => NaN, 'NaN'],
      ['a promise that rejects', () => Promise.reject(new Error('late')), '[object Promise]'],
    ])('that answers %s is refused', async (_, reader, shown) => {
      const { outcome } = await read({ read: reader as never });
      expect(outcome).toEqual(
        new TypeError(
          `Expected the result of \`retryAfter.read\` to be a finite number of milliseconds ≥ 0 or undefined, got ${shown}`,
        ),
      );
      expect(retryReport((outcome as { cause: unknown }).cause)?.reason).toBe('callback-threw');
    });
  });
});
