import axios from 'axios';
import {
  attachRetry,
  RetryBudget,
  type RetryContext,
  type RetryOptions,
  RetryThrottle,
  retryReport,
} from '../lib/index.ts';
import { caught } from './helpers/caught.ts';
import { createClient, fast } from './helpers/clients.ts';
import { scripted } from './helpers/scripted.ts';

type Name = keyof RetryOptions;
type Bad = readonly [value: unknown, shown: string];

interface Row {
  readonly rule: string;
  readonly good: readonly unknown[];
  readonly bad: readonly Bad[];
}

const numbers: readonly Bad[] = [
  [Number.NaN, 'NaN'],
  [-1, '-1'],
  [-Infinity, '-Infinity'],
  ['3', '"3"'],
  [null, 'null'],
  [true, 'true'],
  [10n, '10n'],
  [[], '[]'],
  [{}, '[object Object]'],
];
const noFunction: readonly Bad[] = [
  [true, 'true'],
  [5, '5'],
  ['exponential', '"exponential"'],
  [null, 'null'],
  [{}, '[object Object]'],
];
const aFunction: Row = {
  rule: 'a function',
  good: [() => 0, async () => undefined, class {}],
  bad: noFunction,
};
const duration: Row = {
  rule: 'a finite number of milliseconds ≥ 0',
  good: [0, 0.5, 1_000, Number.MAX_VALUE],
  bad: [...numbers, [Infinity, 'Infinity']],
};
const deadline: Row = {
  rule: 'a number of milliseconds > 0 or Infinity',
  good: [0.5, 1_000, Infinity],
  bad: [...numbers, [0, '0']],
};

const table: Readonly<Record<Exclude<Name, 'data' | 'throttle'>, Row>> = {
  maxAttempts: {
    rule: 'an integer ≥ 1 or Infinity',
    good: [1, 3, 1e9, Infinity],
    bad: [...numbers, [0, '0'], [1.5, '1.5']],
  },
  maxElapsedTime: {
    rule: 'a number of milliseconds ≥ 0 or Infinity',
    good: [0, 0.5, 300_000, Infinity],
    bad: numbers,
  },
  stop: aFunction,
  baseDelay: duration,
  maxDelay: duration,
  exponentialBase: {
    rule: 'a finite number ≥ 1',
    good: [1, 1.5, 10],
    bad: [...numbers, [0.9, '0.9'], [0, '0'], [Infinity, 'Infinity']],
  },
  jitter: {
    rule: "'full', 'equal', 'none', a boolean or a function",
    good: ['full', 'equal', 'none', true, false, (delay: number) => delay],
    bad: [
      ['half', '"half"'],
      ['FULL', '"FULL"'],
      [0, '0'],
      [null, 'null'],
      [{}, '[object Object]'],
    ],
  },
  wait: aFunction,
  retryAfter: {
    rule: "false or { max?: a number of milliseconds ≥ 0 or Infinity, whenLonger?: 'give-up' or 'clamp' }",
    good: [
      false,
      {},
      { max: 0 },
      { max: Infinity },
      { whenLonger: 'give-up' },
      { max: 1, whenLonger: 'clamp' },
      { max: undefined, whenLonger: undefined },
    ],
    bad: [
      [true, 'true'],
      [5, '5'],
      [null, 'null'],
      [[], '[]'],
      [{ max: -1 }, '[object Object]'],
      [{ max: Number.NaN }, '[object Object]'],
      [{ max: '5' }, '[object Object]'],
      [{ whenLonger: 'wait' }, '[object Object]'],
      [{ most: 5 }, '[object Object]'],
      [{ toString: 5 }, '[object Object]'],
    ],
  },
  methods: {
    rule: 'an array of HTTP methods',
    good: [[], ['GET'], ['get', 'Post', 'X-MERGE'], Object.freeze(['PATCH'])],
    bad: [
      ['GET', '"GET"'],
      [null, 'null'],
      [[''], '[""]'],
      [['GET', 5], '["GET", 5]'],
      [['GET POST'], '["GET POST"]'],
      [new Set(['GET']), '[object Set]'],
    ],
  },
  statuses: {
    rule: 'an array of HTTP statuses from 100 to 599',
    good: [[], [503], [100, 599], Object.freeze([429])],
    bad: [
      [503, '503'],
      [null, 'null'],
      [['503'], '["503"]'],
      [[99], '[99]'],
      [[600], '[600]'],
      [[503.5], '[503.5]'],
      [[[500, 599]], '[…]'],
      [new Set([503]), '[object Set]'],
    ],
  },
  retryIf: aFunction,
  idempotencyKey: {
    rule: 'a boolean or { header?: a header name, generate?: a function }',
    good: [
      true,
      false,
      {},
      { header: 'X-Key' },
      { generate: () => 'k' },
      { header: undefined, generate: undefined },
    ],
    bad: [
      ['X-Key', '"X-Key"'],
      [1, '1'],
      [null, 'null'],
      [() => 'k', 'a function'],
      [{ header: '' }, '[object Object]'],
      [{ header: 'X Key' }, '[object Object]'],
      [{ header: 'X\nKey' }, '[object Object]'],
      [{ generate: 'k' }, '[object Object]'],
      [{ key: 'k' }, '[object Object]'],
    ],
  },
  attemptTimeout: deadline,
  totalTimeout: deadline,
  budget: {
    rule: 'a RetryBudget or a function',
    good: [new RetryBudget(), () => undefined],
    bad: [
      [{ maxRetries: 5 }, '[object Object]'],
      [5, '5'],
      [null, 'null'],
      [false, 'false'],
      [new RetryThrottle(), '[object Object]'],
    ],
  },
  beforeRetry: aFunction,
  observe: {
    rule: 'an object of functions onAttempt, onRetry, onGiveUp, or an array of such',
    good: [
      {},
      [],
      { onRetry: () => undefined },
      [{ onAttempt: () => undefined }, { onGiveUp: undefined }],
      Object.freeze([{}]),
    ],
    bad: [
      [() => undefined, 'a function'],
      [null, 'null'],
      [true, 'true'],
      [{ onretry: () => undefined }, '[object Object]'],
      [{ onRetry: 'log' }, '[object Object]'],
      [[{ onRetry: null }], '[…]'],
      [[undefined], '[undefined]'],
    ],
  },
};

const cases = (kind: 'good') =>
  Object.entries(table).flatMap(([name, row]) => row[kind].map((value) => [name, value] as const));
const badCases = Object.entries(table).flatMap(([name, { rule, bad }]) =>
  bad.map(
    ([value, shown]) =>
      [name, value, `Expected retry option \`${name}\` to be ${rule}, got ${shown}`] as const,
  ),
);

describe('an option in its range', () => {
  test.each(cases('good'))('%s: %p is taken on the instance and on a request', async (name, value) => {
    const client = axios.create({ adapter: scripted(200).adapter });
    const handle = attachRetry(client, { [name]: value });
    handle.detach();
    attachRetry(client);
    expect((await client.get('/', { retry: { [name]: value } })).status).toBe(200);
  });

  test('`data` is taken on a request', async () => {
    const { adapter, sent } = scripted(200);
    const { client } = createClient({ adapter });
    await client.put('/', 'passed', { retry: { data: () => 'made' } });
    expect(sent[0]?.data).toBe('made');
  });

  test.each([
    ['a throttle', new RetryThrottle(), true],
    ['false', false, true],
    ['options', { capacity: 10 }, false],
    ['no options', {}, false],
  ] as const)('`throttle`: %s is taken where it may be', async (_, throttle, isForRequests) => {
    const client = axios.create({ adapter: scripted(200).adapter });
    attachRetry(client, { throttle });
    const answered = client.get('/', { retry: { throttle } });
    if (isForRequests) expect((await answered).status).toBe(200);
    else
      await expect(answered).rejects.toThrow(
        /^Expected retry option `throttle` to be a RetryThrottle, its options \(on the instance only\) or false, got/,
      );
  });
});

describe('an option out of its range', () => {
  const all: readonly (readonly [string, unknown, string])[] = [
    ...badCases,
    [
      'throttle',
      true,
      'Expected retry option `throttle` to be a RetryThrottle, its options (on the instance only) or false, got true',
    ],
    [
      'throttle',
      null,
      'Expected retry option `throttle` to be a RetryThrottle, its options (on the instance only) or false, got null',
    ],
    [
      'throttle',
      5,
      'Expected retry option `throttle` to be a RetryThrottle, its options (on the instance only) or false, got 5',
    ],
  ];

  test.each(all)('%s: %p is refused when attaching', (name, value, message) => {
    expect(() => attachRetry(axios.create(), { [name]: value })).toThrow(new TypeError(message));
  });

  test.each(all)('%s: %p on a request rejects it before anything is sent', async (name, value, message) => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter });
    const interceptor = jest.fn((config) => config);
    client.interceptors.request.use(interceptor);
    const error = await caught<Error>(client.get('/', { retry: { [name]: value } }));
    expect(error).toEqual(new TypeError(message));
    expect(error).toBeInstanceOf(TypeError);
    expect(sent).toHaveLength(0);
  });

  test('`data` is refused on the instance, whatever it is', () => {
    const message = 'Expected retry option `data` to be a function, on `config.retry` only, got a function';
    expect(() => attachRetry(axios.create(), { data: () => 'x' })).toThrow(new TypeError(message));
  });

  test('the options of a throttle are checked', () => {
    expect(() => attachRetry(axios.create(), { throttle: { capacity: -1 } })).toThrow(TypeError);
    expect(() => attachRetry(axios.create(), { throttle: { size: 5 } as never })).toThrow(/`size`/);
  });
});

describe('options that are no object of options', () => {
  test.each<[unknown, string]>([
    [null, 'null'],
    [3, '3'],
    ['fast', '"fast"'],
    [[], '[]'],
    [() => undefined, 'a function'],
    [false, 'false'],
  ])('%p is refused when attaching', (options, shown) => {
    expect(() => attachRetry(axios.create(), options as never)).toThrow(
      new TypeError(`Expected retry options to be an object, got ${shown}`),
    );
  });

  test.each<[unknown, string]>([
    [null, 'null'],
    [3, '3'],
    [0, '0'],
    [true, 'true'],
    ['yes', '"yes"'],
    [[3], '[3]'],
    [() => undefined, 'a function'],
  ])('%p is refused on a request before anything is sent', async (retry, shown) => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter });
    const error = await caught<Error>(client.get('/', { retry: retry as never }));
    expect(error).toEqual(
      new TypeError(
        `Expected \`retry\` to be an object of retry options, such as { maxAttempts: 4 }, or false, got ${shown}`,
      ),
    );
    expect(sent).toHaveLength(0);
  });
});

describe('names', () => {
  const known =
    'maxAttempts, maxElapsedTime, stop, baseDelay, maxDelay, exponentialBase, jitter, wait, retryAfter, methods, ' +
    'statuses, retryIf, idempotencyKey, data, attemptTimeout, totalTimeout, budget, throttle, beforeRetry, observe';

  test.each(['maxRetries', 'maxattempts', 'timeout', 'toString', '__proto__x', ''])(
    '%p is unknown',
    async (name) => {
      const message = `Expected retry option \`${name}\` to be one of ${known}, got 3`;
      expect(() => attachRetry(axios.create(), { [name]: 3 })).toThrow(new TypeError(message));
      const { adapter, sent } = scripted(503);
      const { client } = createClient({ adapter });
      expect(await caught<Error>(client.get('/', { retry: { [name]: 3 } }))).toEqual(new TypeError(message));
      expect(sent).toHaveLength(0);
    },
  );

  const fromAxiosRetry: readonly (readonly [string, unknown, string])[] = [
    ['retries', 3, '`maxAttempts` (one more than the retries), got 3'],
    ['retryDelay', () => 0, '`baseDelay`, or `wait` for a function, got a function'],
    ['retryCondition', () => true, '`retryIf`, got a function'],
    ['validateResponse', () => true, '`retryIf`, got a function'],
    ['shouldResetTimeout', true, '`attemptTimeout` or `totalTimeout`, got true'],
    [
      'onRetry',
      () => undefined,
      '`observe: { onRetry }`, or `beforeRetry` to change the request, got a function',
    ],
    ['onMaxRetryTimesExceeded', () => undefined, '`observe: { onGiveUp }`, got a function'],
  ];
  const fromRetryAxios: readonly (readonly [string, unknown, string])[] = [
    ['retry', 3, '`maxAttempts` (one more than the retries), got 3'],
    ['retryDelay', 100, '`baseDelay`, or `wait` for a function, got 100'],
    ['noResponseRetries', 2, '`retryIf` and `maxAttempts`, got 2'],
    ['shouldRetry', () => true, '`retryIf`, got a function'],
    [
      'onRetryAttempt',
      () => undefined,
      '`observe: { onRetry }`, or `beforeRetry` to change the request, got a function',
    ],
    ['onError', () => undefined, '`observe: { onAttempt }`, got a function'],
    ['httpMethodsToRetry', ['GET'], '`methods`, got ["GET"]'],
    ['statusCodesToRetry', [[500, 599]], '`statuses`, got […]'],
    ['backoffType', 'static', '`exponentialBase`, `jitter` or `wait`, got "static"'],
    ['maxRetryDelay', 5_000, '`maxDelay`, got 5000'],
    ['checkRetryAfter', false, '`retryAfter`, got false'],
    ['maxRetryAfter', 60_000, '`retryAfter: { max }`, got 60000'],
  ];
  test.each([...fromAxiosRetry, ...fromRetryAxios])(
    '%s, with %p, is answered with the new spelling',
    async (name, value, rest) => {
      const message = `Expected retry option \`${name}\` to be spelled ${rest}`;
      expect(() => attachRetry(axios.create(), { [name]: value })).toThrow(new TypeError(message));
      const { client } = createClient({ adapter: scripted(503).adapter });
      expect(await caught<Error>(client.get('/', { retry: { [name]: value } }))).toEqual(
        new TypeError(message),
      );
    },
  );
});

describe('both bounds at Infinity are refused', () => {
  const message =
    'Expected retry option `maxAttempts` to be finite when `maxElapsedTime` is Infinity, got Infinity';
  const both = { maxAttempts: Infinity, maxElapsedTime: Infinity };

  test('when attaching', () => {
    expect(() => attachRetry(axios.create(), both)).toThrow(new TypeError(message));
    expect(() => attachRetry(axios.create(), { ...both, stop: () => true })).toThrow(new TypeError(message));
  });

  test.each<[string, RetryOptions, RetryOptions]>([
    ['on the request', {}, both],
    ['half on the instance, half on the request', { maxAttempts: Infinity }, { maxElapsedTime: Infinity }],
    ['the other way round', { maxElapsedTime: Infinity }, { maxAttempts: Infinity }],
  ])('%s, before anything is sent', async (_, options, retry) => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter }, options);
    expect(await caught<Error>(client.get('/', { retry }))).toEqual(new TypeError(message));
    expect(sent).toHaveLength(0);
  });

  test('but a request may bound what the instance does not', async () => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter }, { maxAttempts: Infinity });
    await caught(client.get('/', { retry: { maxElapsedTime: Infinity, maxAttempts: 2 } }));
    expect(sent).toHaveLength(2);
  });
});

describe('layers', () => {
  const statuses = async (
    options: RetryOptions,
    retry: RetryOptions | false | undefined,
    ...turns: number[]
  ) => {
    const { adapter, sent } = scripted(...turns);
    const { client } = createClient({ adapter }, options);
    const settled = await client.get('/', { retry }).catch((error) => error);
    return [sent.length, retryReport(settled)] as const;
  };

  test.each<[string, RetryOptions, RetryOptions | false | undefined, number]>([
    ['built in', {}, undefined, 3],
    ['on the instance', { maxAttempts: 2 }, undefined, 2],
    ['on the request', { maxAttempts: 2 }, { maxAttempts: 4 }, 4],
    ['false on the request', { maxAttempts: 2 }, false, 1],
    ['an empty override', { maxAttempts: 2 }, {}, 2],
    ['an undefined override', { maxAttempts: 2 }, { maxAttempts: undefined }, 2],
    ['undefined on the instance', { maxAttempts: undefined }, undefined, 3],
    ['undefined all over', { maxAttempts: undefined }, { maxAttempts: undefined }, 3],
  ])('maxAttempts %s', async (_, options, retry, attempts) => {
    expect((await statuses(options, retry, 503))[0]).toBe(attempts);
  });

  test('every option may be undefined in either layer', async () => {
    const names: readonly Name[] = ['data', 'throttle', ...(Object.keys(table) as Name[])];
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    const { adapter, sent } = scripted(503, 200);
    const client = axios.create({ adapter });
    attachRetry(client, { ...nothing, baseDelay: 1 });
    await client.get('/', { retry: nothing });
    expect(sent).toHaveLength(2);
  });

  test('a list is replaced whole, not joined', async () => {
    const options = { statuses: [503], methods: ['GET'] };
    expect((await statuses(options, { statuses: [418] }, 503))[0]).toBe(1);
    expect((await statuses(options, { statuses: [418] }, 418))[0]).toBe(3);
    expect((await statuses(options, { methods: ['PUT'] }, 503))[1]?.reason).toBe('unsafe-method');
  });

  test('the schedule mixes the fields of all layers', async () => {
    const delays = (report: ReturnType<typeof retryReport>) => report?.attempts.map(({ delay }) => delay);
    const [, report] = await statuses(
      { baseDelay: 2, jitter: 'none' },
      { exponentialBase: 3, maxAttempts: 5, maxDelay: 9 },
      503,
    );
    expect(delays(report)).toEqual([2, 6, 9, 9, undefined]);
    const [, waited] = await statuses({ wait: () => 3 }, { baseDelay: 50 }, 503);
    expect(delays(waited)).toEqual([3, 3, undefined]);
  });

  test('`retryAfter` is merged by field', async () => {
    const clamped = async (options: RetryOptions, retry: RetryOptions) => {
      const delays: (number | undefined)[] = [];
      const adapter = axios.create({ adapter: scripted(503).adapter });
      adapter.interceptors.response.use(undefined, (error) => {
        error.response.headers['retry-after'] = '1';
        return Promise.reject(error);
      });
      attachRetry(adapter, {
        ...fast,
        maxAttempts: 2,
        observe: { onRetry: ({ delay }) => void delays.push(delay) },
        ...options,
      });
      const error = await caught(adapter.get('/', { retry }));
      return delays[0] ?? retryReport(error)?.reason;
    };
    expect(await clamped({ retryAfter: { max: 7 } }, {})).toBe('retry-after-too-long');
    expect(await clamped({ retryAfter: { max: 7 } }, { retryAfter: { whenLonger: 'clamp' } })).toBe(7);
    expect(await clamped({ retryAfter: { whenLonger: 'clamp' } }, { retryAfter: { max: 8 } })).toBe(8);
    expect(await clamped({ retryAfter: { max: 7, whenLonger: 'clamp' } }, { retryAfter: {} })).toBe(7);
    expect(
      await clamped({ retryAfter: { max: 7, whenLonger: 'clamp' } }, { retryAfter: { max: undefined } }),
    ).toBe(7);
    expect(await clamped({ retryAfter: { max: 7 } }, { retryAfter: false })).toBe(5);
    expect(await clamped({ retryAfter: false }, {})).toBe(5);
    expect(await clamped({ retryAfter: false }, { retryAfter: { max: 9, whenLonger: 'clamp' } })).toBe(9);
  });

  test('`observe` adds up, a list or not', async () => {
    const seen: string[] = [];
    const observer = (name: string) => ({
      onGiveUp: ({ reason }: RetryContext) => void seen.push(`${name} ${reason}`),
    });
    const frozen = Object.freeze([observer('a'), observer('b')]);
    await statuses({ observe: frozen }, { observe: observer('c') }, 404);
    expect(seen).toEqual(['a not-retryable', 'b not-retryable', 'c not-retryable']);
  });

  test('a policy keeps to what it was attached with, whatever happens to the options', async () => {
    const options = { ...fast, maxAttempts: 2, statuses: [503], methods: ['GET'] };
    const { adapter, sent } = scripted(503);
    const client = axios.create({ adapter });
    attachRetry(client, options);
    Object.assign(options, { maxAttempts: 9 });
    options.statuses.length = 0;
    options.methods.push('POST');
    await caught(client.get('/'));
    expect(sent).toHaveLength(2);
  });

  test('options are never changed', async () => {
    const options: RetryOptions = Object.freeze({ ...fast, retryAfter: Object.freeze({ max: 5 }) });
    const retry: RetryOptions = Object.freeze({ retryAfter: Object.freeze({ whenLonger: 'clamp' }) });
    const { client } = createClient({ adapter: scripted(503, 200).adapter }, options);
    expect((await client.get('/', Object.freeze({ retry }))).status).toBe(200);
  });
});
