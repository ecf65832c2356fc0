import axios from 'axios';
import {
  attachRetry,
  Cooldown,
  type GiveUpContext,
  type RequestRetryOptions,
  RetryBudget,
  type RetryOptions,
  RetryThrottle,
  retryReport,
} from '../../../lib/index.ts';
import { caught } from '../../helpers/caught.ts';
import { createClient, fast } from '../../helpers/clients.ts';
import { scripted } from '../../helpers/scripted.ts';

type Name = keyof RetryOptions | keyof RequestRetryOptions;
type Bad = readonly [value: unknown, shown: string];

interface Row {
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
  good: [() => 0, async () => undefined, jest.fn()],
  bad: noFunction,
};
const duration: Row = {
  good: [0, 0.5, 1_000, Number.MAX_VALUE],
  bad: [...numbers, [Infinity, 'Infinity']],
};
const deadline: Row = {
  good: [0.5, 1_000, Infinity],
  bad: [...numbers, [0, '0']],
};

const table: Readonly<Record<Exclude<Name, 'data' | 'throttle' | 'cooldown'>, Row>> = {
  maxAttempts: {
    good: [1, 3, 1e9, Infinity],
    bad: [...numbers, [0, '0'], [1.5, '1.5']],
  },
  maxElapsedTime: {
    good: [0, 0.5, 300_000, Infinity],
    bad: numbers,
  },
  stop: aFunction,
  baseDelay: duration,
  maxDelay: duration,
  exponentialBase: {
    good: [1, 1.5, 10],
    bad: [...numbers, [0.9, '0.9'], [0, '0'], [Infinity, 'Infinity']],
  },
  jitter: {
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
    good: [
      false,
      {},
      { max: 0 },
      { max: Infinity },
      { whenLonger: 'give-up' },
      { max: 1, whenLonger: 'clamp' },
      { max: undefined, whenLonger: undefined, read: undefined },
      { read: () => undefined },
    ],
    bad: [
      [true, 'true'],
      [5, '5'],
      [null, 'null'],
      [[], '[]'],
      [{ max: -1 }, '-1'],
      [{ max: Number.NaN }, 'NaN'],
      [{ max: '5' }, '"5"'],
      [{ whenLonger: 'wait' }, '"wait"'],
      [{ read: 'x-wait' }, '"x-wait"'],
      [{ most: 5 }, '[object Object]'],
      [{ toString: 5 }, '[object Object]'],
    ],
  },
  methods: {
    good: [[], ['GET'], ['get', 'Post', 'X-MERGE'], Object.freeze(['PATCH'])],
    bad: [
      ['GET', '"GET"'],
      [null, 'null'],
      [[''], '""'],
      [['*'], '"*"'],
      [['GET', 5], '5'],
      [['GET POST'], '"GET POST"'],
      [new Set(['GET']), '[object Set]'],
    ],
  },
  statuses: {
    good: [[], [503], [300, 599], Object.freeze([429])],
    bad: [
      [503, '503'],
      [null, 'null'],
      [['503'], '"503"'],
      [[200], '200'],
      [[99], '99'],
      [[600], '600'],
      [[503.5], '503.5'],
      [[[500, 599]], '[500, 599]'],
      [new Set([503]), '[object Set]'],
    ],
  },
  retryIf: { ...aFunction, good: [() => false, async () => undefined] },
  idempotencyKey: {
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
      [{ header: '' }, '""'],
      [{ header: 'X Key' }, '"X Key"'],
      [{ header: 'X\nKey' }, '"X\\nKey"'],
      [{ generate: 'k' }, '"k"'],
      [{ key: 'k' }, '[object Object]'],
    ],
  },
  attemptTimeout: deadline,
  totalTimeout: deadline,
  budget: {
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
      [{ onRetry: 'log' }, '"log"'],
      [[{ onRetry: null }], 'null'],
      [[undefined], 'undefined'],
    ],
  },
};

const goodCases = Object.entries(table).flatMap(([name, { good }]) =>
  good.map((value) => [name, value] as const),
);
const badCases = Object.entries(table).flatMap(([name, { bad }]) =>
  bad.map(([value, shown]) => [name, value, shown] as const),
);

/** The one grammar: what is wrong (an option, or a part of it), what it has to be, and what it is. */
function expectRefusal(error: unknown, name: string, shown: string, rule = /.+/): void {
  expect(error).toBeInstanceOf(TypeError);
  const [, what = '', must = '', got] =
    /^Expected (.+?) to be (.+), got (.*)$/s.exec((error as TypeError).message) ?? [];
  expect(what.replace(/(`\w+)[.[][^`]*`$/, '$1`')).toBe(name);
  expect(must).toMatch(rule);
  expect(got).toBe(shown);
}

function thrownBy(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    return error;
  }
  throw new Error('Expected a throw');
}

describe('an option in its range', () => {
  test.each(goodCases)('%s: %p is taken on the instance and on a request', async (name, value) => {
    const client = axios.create({ adapter: scripted(200).adapter });
    // Without an alarm half a millisecond is time enough.
    const runtime = {
      clock: { now: () => 0, sleep: async () => undefined, alarm: () => new Promise<void>(() => {}) },
    };
    const handle = attachRetry(client, { [name]: value }, runtime);
    handle.detach();
    attachRetry(client, {}, runtime);
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
    ['options', { capacity: 100 }, false],
    ['no options', {}, false],
  ] as const)('`throttle`: %s is taken where it may be', async (_, throttle, isForRequests) => {
    const client = axios.create({ adapter: scripted(200).adapter });
    attachRetry(client, { throttle });
    const answered = client.get('/', { retry: { throttle: throttle as false } });
    if (isForRequests) expect((await answered).status).toBe(200);
    else expectRefusal(await caught(answered), 'retry option `throttle`', '[object Object]');
  });

  test.each([
    ['a cooldown', new Cooldown(), true],
    ['false', false, true],
    ['options', { hold: true }, false],
    ['no options', {}, false],
  ] as const)('`cooldown`: %s is taken where it may be', async (_, cooldown, isForRequests) => {
    const client = axios.create({ adapter: scripted(200).adapter });
    attachRetry(client, { cooldown });
    const answered = client.get('/', { retry: { cooldown: cooldown as false } });
    if (isForRequests) expect((await answered).status).toBe(200);
    else expectRefusal(await caught(answered), 'retry option `cooldown`', '[object Object]');
  });
});

describe('an option out of its range', () => {
  const all: readonly (readonly [string, unknown, string])[] = [
    ...badCases,
    ['throttle', true, 'true'],
    ['throttle', null, 'null'],
    ['throttle', 5, '5'],
    ['throttle', new Cooldown(), '[object Object]'],
    ['cooldown', true, 'true'],
    ['cooldown', null, 'null'],
    ['cooldown', new RetryThrottle(), '[object Object]'],
  ];

  test.each(all)('%s: %p is refused when attaching', (name, value, shown) => {
    const error = thrownBy(() => attachRetry(axios.create(), { [name]: value }));
    expectRefusal(error, `retry option \`${name}\``, shown);
  });

  test.each(all)('%s: %p on a request rejects it before anything is sent', async (name, value, shown) => {
    const { adapter, sent } = scripted(503);
    const client = axios.create({ adapter });
    const inside = jest.fn((config) => config);
    client.interceptors.request.use(inside);
    attachRetry(client);
    const error = await caught(client.get('/', { retry: { [name]: value } }));
    expectRefusal(error, `retry option \`${name}\``, shown);
    expect(sent).toHaveLength(0);
    expect(inside).not.toHaveBeenCalled();
  });

  test('is named with the rule and the value', () => {
    expect(() => attachRetry(axios.create(), { maxAttempts: 0 })).toThrow(
      new TypeError('Expected retry option `maxAttempts` to be an integer ≥ 1 or Infinity, got 0'),
    );
  });

  test('`data` is refused on the instance, whatever it is', () => {
    const error = thrownBy(() => attachRetry(axios.create(), { data: () => 'x' } as RetryOptions));
    expectRefusal(error, 'retry option `data`', 'a function', /config\.retry/);
  });

  test('a secret inside of it is not shown', () => {
    const error = thrownBy(() =>
      attachRetry(axios.create(), { idempotencyKey: { secret: 'hunter2' } as never }),
    );
    expect(String(error)).not.toContain('hunter2');
  });

  test('the options of a throttle are checked', () => {
    expect(() => attachRetry(axios.create(), { throttle: { capacity: -1 } })).toThrow(TypeError);
    expect(() => attachRetry(axios.create(), { throttle: { size: 5 } as never })).toThrow(/`size`/);
  });

  test('the options of a cooldown are checked', () => {
    expect(() => attachRetry(axios.create(), { cooldown: { pace: 2 } })).toThrow(TypeError);
    expect(() => attachRetry(axios.create(), { cooldown: { size: 5 } as never })).toThrow(/`size`/);
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
    const error = thrownBy(() => attachRetry(axios.create(), options as never));
    expectRefusal(error, 'retry options', shown);
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
    const error = await caught(client.get('/', { retry: retry as never }));
    expectRefusal(error, '`retry`', shown, /maxAttempts: 4/);
    expect(sent).toHaveLength(0);
  });
});

describe('names', () => {
  test.each(['attempts', 'observers', 'cache', 'toString', '__proto__x', ''])(
    '%p is unknown, and the error names the known ones',
    async (name) => {
      const known = /one of (?=.*maxAttempts)(?=.*beforeRetry)(?=.*totalTimeout)/;
      const error = thrownBy(() => attachRetry(axios.create(), { [name]: 3 }));
      expectRefusal(error, `retry option \`${name}\``, '3', known);
      const { adapter, sent } = scripted(503);
      const { client } = createClient({ adapter });
      const rejected = await caught(client.get('/', { retry: { [name]: 3 } }));
      expectRefusal(rejected, `retry option \`${name}\``, '3', known);
      expect(sent).toHaveLength(0);
    },
  );

  const fromAxiosRetry: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['retries', 3, '3', /maxAttempts.*retries/],
    ['retryDelay', () => 0, 'a function', /wait/],
    ['retryCondition', () => true, 'a function', /retryIf/],
    ['validateResponse', () => true, 'a function', /retryIf/],
    ['shouldResetTimeout', true, 'true', /attemptTimeout/],
    ['onRetry', () => undefined, 'a function', /beforeRetry/],
    ['onMaxRetryTimesExceeded', () => undefined, 'a function', /observe/],
  ];
  const fromRetryAxios: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['retryDelay', 100, '100', /baseDelay/],
    ['retry', 3, '3', /maxAttempts/],
    ['noResponseRetries', 2, '2', /maxAttempts/],
    ['shouldRetry', () => true, 'a function', /retryIf/],
    ['onRetryAttempt', () => undefined, 'a function', /beforeRetry/],
    ['onError', () => undefined, 'a function', /observe/],
    ['httpMethodsToRetry', ['GET'], '["GET"]', /methods/],
    ['statusCodesToRetry', [[500, 599]], '[…]', /statuses/],
    ['backoffType', 'static', '"static"', /wait/],
    ['maxRetryDelay', 5_000, '5000', /maxDelay/],
    ['checkRetryAfter', false, 'false', /retryAfter/],
    ['maxRetryAfter', 60_000, '60000', /retryAfter/],
  ];
  const fromElsewhere: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['maxRetries', 3, '3', /maxAttempts/],
    ['timeout', 3, '3', /totalTimeout/],
    ['respectRetryAfter', true, 'true', /retryAfter/],
    ['minTimeout', 100, '100', /^spelled baseDelay/],
    ['maxTimeout', 100, '100', /^spelled maxDelay/],
    ['factor', 2, '2', /exponentialBase/],
    ['limit', 2, '2', /maxAttempts/],
    ['afterStatusCodes', [503], '[503]', /retryAfter/],
    ['retryOnTimeout', true, 'true', /retryIf/],
    ['maxattempts', 3, '3', /`maxAttempts`/],
    ['basDelay', 3, '3', /`baseDelay`/],
    ['jiter', 'full', '"full"', /`jitter`/],
    ['idempotencyKye', true, 'true', /`idempotencyKey`/],
    ['retryIff', true, 'true', /`retryIf`/],
  ];
  test.each([...fromAxiosRetry, ...fromRetryAxios, ...fromElsewhere])(
    '%s, with %p, is answered with the new spelling',
    async (name, value, shown, spelling) => {
      const rule = new RegExp(
        spelling.source.startsWith('^') ? spelling.source : `^spelled .*${spelling.source}`,
      );
      const error = thrownBy(() => attachRetry(axios.create(), { [name]: value }));
      expectRefusal(error, `retry option \`${name}\``, shown, rule);
      const { client } = createClient({ adapter: scripted(503).adapter });
      const rejected = await caught(client.get('/', { retry: { [name]: value } }));
      expectRefusal(rejected, `retry option \`${name}\``, shown, rule);
    },
  );
});

describe('both bounds at Infinity are refused', () => {
  const expectBoth = (error: unknown) =>
    expectRefusal(error, 'retry option `maxAttempts`', 'Infinity', /finite.*maxElapsedTime/);
  const both = { maxAttempts: Infinity, maxElapsedTime: Infinity };

  test('when attaching', () => {
    expectBoth(thrownBy(() => attachRetry(axios.create(), both)));
    expectBoth(thrownBy(() => attachRetry(axios.create(), { ...both, stop: () => true })));
  });

  test.each<[string, RetryOptions, RequestRetryOptions]>([
    ['on the request', {}, both],
    ['half on the instance, half on the request', { maxAttempts: Infinity }, { maxElapsedTime: Infinity }],
    ['the other way round', { maxElapsedTime: Infinity }, { maxAttempts: Infinity }],
  ])('%s, before anything is sent', async (_, options, retry) => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter }, options);
    expectBoth(await caught(client.get('/', { retry })));
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
    retry: RequestRetryOptions | false | undefined,
    ...turns: number[]
  ) => {
    const { adapter, sent } = scripted(...turns);
    const { client } = createClient({ adapter }, options);
    const settled = await client.get('/', { retry }).catch((error) => error);
    return [sent.length, retryReport(settled)] as const;
  };

  test.each<[string, RetryOptions, RequestRetryOptions | false | undefined, number]>([
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
    const names: readonly Name[] = ['data', 'throttle', 'cooldown', ...(Object.keys(table) as Name[])];
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
    const clamped = async (options: RetryOptions, retry: RequestRetryOptions) => {
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
    const read = () => 0;
    expect(await clamped({ retryAfter: { read } }, { retryAfter: { max: 7 } })).toBe(0);
    expect(await clamped({ retryAfter: { max: 7 } }, { retryAfter: { read } })).toBe(0);
    expect(await clamped({ retryAfter: { max: 7 } }, { retryAfter: false })).toBe(5);
    expect(await clamped({ retryAfter: false }, {})).toBe(5);
    expect(await clamped({ retryAfter: false }, { retryAfter: { max: 9, whenLonger: 'clamp' } })).toBe(9);
  });

  test('`observe` adds up, a list or not', async () => {
    const seen: string[] = [];
    const observer = (name: string) => ({
      onGiveUp: ({ reason }: GiveUpContext) => void seen.push(`${name} ${reason}`),
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
    const retry: RequestRetryOptions = Object.freeze({ retryAfter: Object.freeze({ whenLonger: 'clamp' }) });
    const { client } = createClient({ adapter: scripted(503, 200).adapter }, options);
    expect((await client.get('/', Object.freeze({ retry }))).status).toBe(200);
  });
});

describe('what somebody put on Object.prototype', () => {
  const pollution = {
    idempotencyKey: true,
    methods: ['POST'],
    throttle: { capacity: 0 },
    retryIf: () => true,
    header: 'x',
  };

  afterEach(() => {
    for (const name of Object.keys(pollution)) delete (Object.prototype as never)[name];
  });

  test('is no option: an unkeyed POST stays unrepeatable', async () => {
    const { adapter, sent } = scripted(503);
    const { client } = createClient({ adapter });
    for (const [name, value] of Object.entries(pollution)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    }
    const attached = createClient({ adapter }).client;
    for (const each of [client, attached]) {
      await caught(each.post('/', {}));
      await caught(each.post('/', {}, { retry: { maxAttempts: 5 } }));
    }
    expect(sent).toHaveLength(4);
  });
});
