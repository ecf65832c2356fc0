import { codeOf } from '../../../lib/failure/causes.ts';
import { failureOf, failureOfResponse } from '../../../lib/failure/classify.ts';

const failure = (error: object): string => failureOf(error, {} as never);

/** A chain of so many errors, of which the last has a code. */
function chainOf(length: number): object {
  let error: object = { code: 'ECONNRESET' };
  for (let depth = 1; depth < length; depth += 1) error = { cause: error };
  return error;
}

test('of a chain of causes fifty are looked at', () => {
  expect([codeOf(chainOf(50)), codeOf(chainOf(51))]).toEqual(['ECONNRESET', undefined]);
});

describe('an answer', () => {
  const redirected = (count: number): object => ({ _redirectable: { _redirectCount: count } });

  test.each([
    [429, undefined, 'refused'],
    [429, null, 'refused'],
    [429, {}, 'refused'],
    [429, redirected(0), 'refused'],
    [429, redirected(1), 'ambiguous'],
    [404, redirected(1), 'permanent'],
    [200, redirected(1), 'none'],
  ])('%i of the request %p tells %p', (status, request, told) => {
    expect(failureOfResponse({ status, request: request as never })).toBe(told);
  });

  test.each([
    [399, 'ambiguous'],
    [400, 'permanent'],
  ])('%i on an error with the code of a reset: %s', (status, told) => {
    expect(failure({ code: 'ECONNRESET', response: { status } })).toBe(told);
  });
});

test.each([
  ['ECONNRESET', 'ambiguous'],
  ['XECONNRESET', 'permanent'],
  ['X_UND_ERR_SOCKET', 'permanent'],
  ['ETIMEDOUT', 'ambiguous'],
  ['TIMEDOUT_X', 'permanent'],
  ['UND_ERR_BODY_TIMEOUT', 'ambiguous'],
  ['TIMEOUT_X', 'permanent'],
])('the code %s: %s', (code, told) => {
  expect(failure({ code })).toBe(told);
});

describe('an error of which nothing shows that it came from sending', () => {
  test.each([
    [{ message: 'Network Error' }, 'permanent'],
    [{ message: 'fetch failed', cause: new TypeError('odd') }, 'permanent'],
    [{ message: 'stream has been aborted' }, 'permanent'],
    [{ cause: { isAxiosError: true, message: 'odd' } }, 'ambiguous'],
  ])('%p: %s', (error, told) => {
    expect(failure(error)).toBe(told);
  });

  test('is read by exclusion when the adapter rejected with it', () => {
    const odd = new Error('odd');
    expect(failureOf(odd, {} as never, { fromAdapter: true })).toBe('ambiguous');
    expect(failureOf(new ReferenceError('x is not defined'), {} as never, { fromAdapter: true })).toBe(
      'permanent',
    );
  });

  test('is for good when the adapter did not, even if it is an AxiosError', () => {
    const odd = { isAxiosError: true, message: 'no token' };
    expect(failureOf(odd, {} as never, { fromAdapter: false })).toBe('permanent');
  });
});

describe('an error with a response below 400', () => {
  const answered = (message: string, more: object = {}) =>
    failure({ isAxiosError: true, message, response: { status: 200 }, ...more });

  test.each([
    ['stream has been aborted', {}, 'ambiguous'],
    ['read ECONNRESET', { code: 'ECONNRESET' }, 'ambiguous'],
    ['Request failed with status code 200', {}, 'permanent'],
    ['RATE_LIMITED', { code: 'E_BUSINESS' }, 'permanent'],
    ['Unexpected token', { name: 'SyntaxError', code: 'ERR_BAD_RESPONSE' }, 'permanent'],
  ])('%p with %p: %s', (message, more, told) => {
    expect(answered(message, more)).toBe(told);
  });
});

describe('a request of Node’s http client', () => {
  const data = Buffer.from('POST / HTTP/1.1');
  const gone = { destroyed: true };
  const failed = (request: object, more: object = {}, config: object = {}) =>
    failureOf({ isAxiosError: true, message: 'odd', request, ...more }, config as never);
  const followed = (_redirectCount: number, _currentRequest: object) => ({ _redirectCount, _currentRequest });

  test.each<[string, object, object, object, string]>([
    [
      'whose socket never connected',
      followed(0, { socket: { ...gone, _pendingData: data } }),
      {},
      {},
      'unsent',
    ],
    [
      'whose handshake never ended',
      followed(0, { socket: { ...gone, secureConnecting: true } }),
      {},
      {},
      'unsent',
    ],
    ['whose agent failed', followed(0, { socket: null }), { cause: new Error('odd') }, {}, 'unsent'],
    ['given up in the queue of its agent', followed(0, { ...gone, socket: null }), {}, {}, 'unsent'],
    ['still in the queue of its agent', followed(0, { socket: null }), {}, {}, 'ambiguous'],
    ['still connecting', followed(0, { socket: { _pendingData: data } }), {}, {}, 'ambiguous'],
    ['still shaking hands', followed(0, { socket: { secureConnecting: true } }), {}, {}, 'ambiguous'],
    ['that was written', followed(0, { socket: { ...gone, _pendingData: null } }), {}, {}, 'ambiguous'],
    ['after a redirect', followed(1, { socket: { ...gone, _pendingData: data } }), {}, {}, 'ambiguous'],
    ['without redirects', { socket: { ...gone, _pendingData: data } }, {}, { maxRedirects: 0 }, 'unsent'],
    [
      'of a transport of the user',
      followed(0, { ...gone, socket: null }),
      {},
      { transport: {} },
      'ambiguous',
    ],
    [
      'with a bad certificate',
      followed(0, { socket: { ...gone, secureConnecting: true } }),
      { code: 'CERT_HAS_EXPIRED' },
      {},
      'permanent',
    ],
    ['over HTTP/2 without a number', { rstCode: 2, pending: true, ...gone }, {}, {}, 'unsent'],
    ['over HTTP/2 that waits', { rstCode: 0, pending: true }, {}, {}, 'ambiguous'],
    ['over HTTP/2 with a number', { rstCode: 2, pending: false, ...gone }, {}, {}, 'ambiguous'],
    ['of another kind that is pending', { pending: true, ...gone }, {}, { maxRedirects: 0 }, 'ambiguous'],
  ])('%s', (_, request, more, config, told) => {
    expect(failed(request, more, config)).toBe(told);
  });

  test.each(['Bun', 'Deno'])('proves nothing where %s imitates it', (runtime) => {
    Object.assign(globalThis, { [runtime]: {} });
    try {
      expect(failed(followed(0, { ...gone, socket: null }))).toBe('ambiguous');
    } finally {
      Reflect.deleteProperty(globalThis, runtime);
    }
  });
});
