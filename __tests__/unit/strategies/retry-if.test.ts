import { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import fc from 'fast-check';
import { withDefaultVerdict } from '../../../lib/failure/transient.ts';
import {
  retryAll,
  retryAny,
  retryIfCode,
  retryIfConnectionFailed,
  retryIfDefault,
  retryIfError,
  retryIfResponse,
  retryIfStatus,
  retryIfTimeout,
  retryNot,
} from '../../../lib/strategies/retry-if.ts';
import type { Failure, RetryContext, RetryPredicate, RetryVerdict } from '../../../lib/types.ts';

const config = { headers: new AxiosHeaders() };
const context = (known: Partial<RetryContext> = {}): RetryContext => ({
  duration: 0,
  mayHaveActed: false,
  attemptNumber: 1,
  maxAttempts: 3,
  elapsed: 0,
  totalDelay: 0,
  method: 'GET',
  url: '/',
  config,
  failure: 'none',
  random: () => 0.5,
  ...known,
});

const answered = (status: number, data: unknown = ''): AxiosResponse => ({
  status,
  data,
  statusText: '',
  headers: {},
  config,
});
const succeeded = (data: unknown = '') => context({ response: answered(200, data) });
const refusedWith = (status: number, data: unknown = '') =>
  context({
    error: new AxiosError('status', 'ERR_BAD_RESPONSE', config, undefined, answered(status, data)),
    response: answered(status, data),
    failure: 'ambiguous',
  });
const failed = (error: unknown, failure: Failure = 'ambiguous') => context({ error, failure });
const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });
const because = (cause: unknown, code = 'ERR_NETWORK') =>
  Object.assign(new AxiosError('failed', code), { cause });

describe('retryIfDefault', () => {
  it.each([true, false])('answers what the default rule does: %p', (verdict) => {
    expect(retryIfDefault()(withDefaultVerdict(context(), verdict))).toBe(verdict);
  });
});

describe('retryIfStatus', () => {
  const predicate = retryIfStatus(409, [500, 503]);

  test.each([
    [408, false],
    [409, true],
    [410, false],
    [499, false],
    [500, true],
    [502, true],
    [503, true],
    [504, false],
  ])('409 and 500 to 503 hold %p: %p', (status, verdict) => {
    expect(predicate(refusedWith(status))).toBe(verdict);
    expect(predicate(context({ response: answered(status) }))).toBe(verdict);
  });

  it('is false without a response', () => {
    expect(predicate(failed(coded('ECONNRESET')))).toBe(false);
  });

  it('given none holds none', () => {
    expect(retryIfStatus()(refusedWith(500))).toBe(false);
  });

  it('does not see a range that is changed afterwards', () => {
    const range: [number, number] = [500, 599];
    const from500 = retryIfStatus(range);
    range[0] = 400;
    expect(from500(refusedWith(404))).toBe(false);
  });

  test.each<[unknown, string]>([
    [99, '99'],
    [600, '600'],
    [500.5, '500.5'],
    ['503', '"503"'],
    [undefined, 'undefined'],
    [[503, 500], '[503, 500]'],
    [[500], '[500]'],
    [[500, 502, 504], '[500, 502, 504]'],
    [[500, 600], '[500, 600]'],
    [['500', '503'], '["500", "503"]'],
    [[], '[]'],
  ])('refuses %p', (status, shown) => {
    expect(() => retryIfStatus(503, status as number)).toThrow(
      new TypeError(
        `Expected \`retryIfStatus\` to be given integers from 100 to 599, or [from, to] pairs of them, got ${shown}`,
      ),
    );
  });
});

describe('retryIfCode', () => {
  const predicate = retryIfCode('ECONNRESET', 'EPIPE');
  const ring = coded('ERR_NETWORK');
  ring.cause = because(ring);
  const deep = Array.from({ length: 20_000 }).reduce((cause) => because(cause), coded('EPIPE'));

  test.each<[string, unknown, boolean]>([
    ['on the error', coded('ECONNRESET'), true],
    ['on its cause', because(coded('EPIPE')), true],
    ['on the cause of its cause', because(because(coded('EPIPE'))), true],
    ['within an AggregateError', because(new AggregateError([coded('ECONNREFUSED'), coded('EPIPE')])), true],
    ['on the cause of a member', new AggregateError([because(coded('EPIPE'))]), true],
    ['beyond the first 50 errors of a chain', deep, false],
    ['missing, another there', coded('ECONNREFUSED'), false],
    ['in the message only', new Error('ECONNRESET'), false],
    ['replaced by a number', Object.assign(new Error(), { code: 20 }), false],
    ['missing in a ring of causes', ring, false],
    ['rejected with as a string', 'ECONNRESET', false],
    ['missing on null', null, false],
  ])('a code of the list %s', (_, error, verdict) => {
    expect(predicate(failed(error))).toBe(verdict);
  });

  it('is false for a success', () => {
    expect(predicate(succeeded())).toBe(false);
  });

  test.each<[unknown, string]>([
    [503, '503'],
    ['', '""'],
    [undefined, 'undefined'],
  ])('refuses %p', (code, shown) => {
    expect(() => retryIfCode(code as string)).toThrow(
      new TypeError(`Expected \`retryIfCode\` to be given error codes as strings, got ${shown}`),
    );
  });
});

describe('retryIfError and retryIfResponse', () => {
  test.each<[string, RetryContext, boolean, boolean]>([
    ['a success', succeeded(), false, true],
    ['an error status', refusedWith(503), true, true],
    [
      'an error status that validateStatus let pass',
      context({ response: answered(503), failure: 'ambiguous' }),
      false,
      true,
    ],
    ['no response', failed(coded('ECONNRESET')), true, false],
    ['a rejection with null', failed(null), true, false],
  ])('of %s', (_, outcome, error, response) => {
    const judge = jest.fn(() => true);
    expect(retryIfError(judge)(outcome)).toBe(error);
    expect(judge.mock.calls).toEqual(error ? [[outcome.error, outcome]] : []);
    judge.mockClear();
    expect(retryIfResponse(judge)(outcome)).toBe(response);
    expect(judge.mock.calls).toEqual(response ? [[outcome.response, outcome]] : []);
  });

  it('sees parsed data', () => {
    const pending = retryIfResponse(({ data }) => data.state === 'pending');
    expect(pending(succeeded({ state: 'pending' }))).toBe(true);
    expect(pending(succeeded({ state: 'done' }))).toBe(false);
    expect(pending(refusedWith(409, { state: 'pending' }))).toBe(true);
  });

  it('hands on no opinion, and a promise', async () => {
    expect(retryIfError(() => undefined)(failed(new Error()))).toBeUndefined();
    await expect(retryIfResponse(async () => true)(succeeded())).resolves.toBe(true);
  });

  test.each([
    ['retryIfError', retryIfError],
    ['retryIfResponse', retryIfResponse],
    ['retryNot', retryNot],
    ['retryAny', retryAny],
    ['retryAll', retryAll],
  ])('%s refuses what is not a function', (name, make) => {
    expect(() => make(true as never)).toThrow(
      new TypeError(`Expected \`${name}\` to be given functions, got true`),
    );
  });
});

describe('retryIfTimeout and retryIfConnectionFailed', () => {
  const terminated = Object.assign(new TypeError('terminated'), { cause: coded('UND_ERR_SOCKET') });
  test.each<[string, RetryContext, boolean, boolean]>([
    ['axios ran out of time', failed(new AxiosError('timeout of 5ms exceeded', 'ECONNABORTED')), true, false],
    [
      'axios-mock-adapter ran out of time',
      failed(because(new Error('timeout'), 'ECONNABORTED')),
      true,
      false,
    ],
    ['axios ran out of time, clarified', failed(new AxiosError('timeout', 'ETIMEDOUT')), true, false],
    ['undici had no headers in time', failed(because(coded('UND_ERR_HEADERS_TIMEOUT'))), true, false],
    [
      'undici had no connection in time',
      failed(because(coded('UND_ERR_CONNECT_TIMEOUT')), 'unsent'),
      true,
      true,
    ],
    [
      'undici had no connection in time, perhaps after a redirect',
      failed(because(coded('UND_ERR_CONNECT_TIMEOUT'))),
      true,
      true,
    ],
    [
      'connect timed out',
      failed(because(coded('ETIMEDOUT', { syscall: 'connect' }), 'ETIMEDOUT'), 'unsent'),
      true,
      true,
    ],
    [
      'connection refused',
      failed(because(coded('ECONNREFUSED', { syscall: 'connect' }), 'ECONNREFUSED'), 'unsent'),
      false,
      true,
    ],
    [
      'host not found',
      failed(because(coded('ENOTFOUND', { syscall: 'getaddrinfo' })), 'unsent'),
      false,
      true,
    ],
    [
      'connection reset',
      failed(because(coded('ECONNRESET', { syscall: 'read' }), 'ECONNRESET')),
      false,
      true,
    ],
    ['socket closed', failed(because(coded('UND_ERR_SOCKET'))), false, true],
    ['network error of a browser', failed(new AxiosError('Network Error', 'ERR_NETWORK')), false, true],
    ['network error of axios-mock-adapter', failed(new AxiosError('Network Error')), false, true],
    [
      'connection cut on this side',
      failed(because(coded('ECONNABORTED', { syscall: 'read' }), 'ECONNABORTED')),
      false,
      true,
    ],
    ['page left in a browser', failed(new AxiosError('Request aborted', 'ECONNABORTED')), false, true],
    ['body cut off over fetch', failed(terminated), false, true],
    ['certificate refused', failed(because(coded('CERT_HAS_EXPIRED')), 'permanent'), false, false],
    [
      'body cut off over http',
      context({ error: coded('ERR_BAD_RESPONSE'), response: answered(200), failure: 'ambiguous' }),
      false,
      false,
    ],
    ['status 504', refusedWith(504), false, false],
    ['success', succeeded(), false, false],
  ])('%s', (_, outcome, timeout, connectionFailed) => {
    expect(retryIfTimeout()(outcome)).toBe(timeout);
    expect(retryIfConnectionFailed()(outcome)).toBe(connectionFailed);
  });
});

describe('three-valued logic', () => {
  const verdicts = [true, false, 'refused', undefined] as const;
  const any = (list: readonly RetryVerdict[]): RetryVerdict =>
    list.find(Boolean) ?? (list.length === 0 || list.includes(undefined) ? undefined : false);
  const all = (list: readonly RetryVerdict[]): RetryVerdict => {
    if (list.includes(false)) return false;
    if (list.length === 0 || list.includes(undefined)) return undefined;
    return list.includes('refused') ? 'refused' : true;
  };
  const not = (verdict: RetryVerdict): RetryVerdict => (verdict === undefined ? undefined : !verdict);

  const saying =
    (verdict: RetryVerdict): RetryPredicate =>
    () =>
      verdict;
  const promising =
    (verdict: RetryVerdict): RetryPredicate =>
    async () =>
      verdict;
  const thenable =
    (verdict: RetryVerdict): RetryPredicate =>
    () =>
      // biome-ignore lint/suspicious/noThenProperty: libraries have promises of their own
      ({ then: (resolve: (verdict: RetryVerdict) => void) => resolve(verdict) }) as Promise<RetryVerdict>;

  const pairs = verdicts.flatMap((left) => verdicts.map((right) => [left, right] as const));

  test.each(pairs)('of %p and %p, said or promised', async (left, right) => {
    expect(retryAny(saying(left), saying(right))(context())).toBe(any([left, right]));
    expect(retryAll(saying(left), saying(right))(context())).toBe(all([left, right]));
    for (const one of [saying, promising, thenable]) {
      for (const other of [saying, promising, thenable]) {
        expect(await retryAny(one(left), other(right))(context())).toBe(any([left, right]));
        expect(await retryAll(one(left), other(right))(context())).toBe(all([left, right]));
      }
    }
  });

  test.each(verdicts)('not %p, said or promised', async (verdict) => {
    expect(retryNot(saying(verdict))(context())).toBe(not(verdict));
    expect(await retryNot(promising(verdict))(context())).toBe(not(verdict));
    expect(await retryNot(thenable(verdict))(context())).toBe(not(verdict));
  });

  it('of nothing answers undefined', () => {
    expect(retryAny()(context())).toBeUndefined();
    expect(retryAll()(context())).toBeUndefined();
  });

  describe.each([['yes'], [42], [null]])('refuses %p, which is no verdict', (answer) => {
    const vague = (() => answer) as never;
    const later = (async () => answer) as never;

    test.each([
      ['retryAny', (one: RetryPredicate) => retryAny(saying(false), one, saying(true))],
      ['retryAll', (one: RetryPredicate) => retryAll(saying(true), one, saying(false))],
      ['retryNot', retryNot],
    ])('in %s, said or promised', async (_, combine) => {
      expect(() => combine(vague)(context())).toThrow('Expected the result of `retryIf` to be true, false');
      await expect(combine(later)(context())).rejects.toThrow(TypeError);
    });
  });

  const lists = fc.array(
    fc.tuple(fc.constantFrom<RetryVerdict>(...verdicts), fc.constantFrom(saying, promising, thenable)),
  );

  it('holds for lists of any length, said and promised in any mixture, and under De Morgan', async () => {
    await fc.assert(
      fc.asyncProperty(lists, async (list) => {
        const said = list.map(([verdict]) => verdict);
        const predicates = list.map(([verdict, as]) => as(verdict));
        const negated = predicates.map((predicate) => retryNot(predicate));
        expect(await retryAny(...predicates)(context())).toBe(any(said));
        expect(await retryAll(...predicates)(context())).toBe(all(said));
        expect(await retryNot(retryAny(...predicates))(context())).toBe(
          await retryAll(...negated)(context()),
        );
        expect(await retryNot(retryAll(...predicates))(context())).toBe(
          await retryAny(...negated)(context()),
        );
      }),
    );
  });

  it('stays synchronous until a promise is met, and asks no more than it must', async () => {
    const later = jest.fn(promising(false));
    expect(retryAny(saying(undefined), saying(true), later)(context())).toBe(true);
    expect(retryAll(saying(undefined), saying(false), later)(context())).toBe(false);
    await expect(retryAny(promising(true), later)(context())).resolves.toBe(true);
    await expect(retryAll(promising(false), later)(context())).resolves.toBe(false);
    expect(later).not.toHaveBeenCalled();
    expect(retryAny(saying(false), later)(context())).toBeInstanceOf(Promise);
    expect(retryNot(thenable(true))(context())).toBeInstanceOf(Promise);
  });

  it('asks the next only when the one before has answered, each with the context', async () => {
    const order: string[] = [];
    const seen = context();
    const slow: RetryPredicate = async () => {
      await null;
      order.push('slow');
      return undefined;
    };
    const quick = jest.fn((_: RetryContext) => {
      order.push('quick');
      return true;
    });
    await expect(retryAny(slow, quick)(seen)).resolves.toBe(true);
    expect(order).toEqual(['slow', 'quick']);
    expect(quick).toHaveBeenCalledWith(seen);
  });

  it('passes on what a predicate throws or rejects with', async () => {
    const throwing: RetryPredicate = () => {
      throw new RangeError('broken');
    };
    const rejecting: RetryPredicate = () => Promise.reject(new RangeError('broken'));
    for (const combine of [retryAny, retryAll, retryNot]) {
      expect(() => combine(throwing)(context())).toThrow(RangeError);
      await expect(combine(rejecting)(context())).rejects.toThrow(RangeError);
    }
    await expect(retryAny(promising(false), throwing)(context())).rejects.toThrow(RangeError);
  });

  it('composes with the pieces: the default rule and 409 too, but never 501', () => {
    const predicate = retryAll(retryAny(retryIfDefault(), retryIfStatus(409)), retryNot(retryIfStatus(501)));
    const verdict = (status: number, byDefault: boolean) =>
      predicate(withDefaultVerdict(refusedWith(status), byDefault));
    expect(verdict(503, true)).toBe(true);
    expect(verdict(409, false)).toBe(true);
    expect(verdict(404, false)).toBe(false);
    expect(verdict(501, true)).toBe(false);
  });
});
