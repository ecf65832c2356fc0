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

test.each([
  ['stream has been aborted', 'ambiguous'],
  ['the stream has been aborted', 'permanent'],
  ['stream has been aborted by me', 'permanent'],
  ['reset (os error 104)', 'ambiguous'],
  ['reset (os error 104) twice', 'permanent'],
  ['reset (os error x)', 'permanent'],
])('the message %p without a code: %s', (message, told) => {
  expect(failure({ message })).toBe(told);
});

describe('a network error', () => {
  const message = 'Network Error';

  test.each<[string, object, string]>([
    ['without code or cause', { message }, 'ambiguous'],
    ['in other letters', { message: 'NETWORK ERROR' }, 'ambiguous'],
    ['of another kind', { message: 'My Network Error' }, 'permanent'],
    ['with more to say', { message: 'Network Error: bad port' }, 'permanent'],
    ['with another code', { message, code: 'CERT_HAS_EXPIRED' }, 'permanent'],
    ['whose cause is a TypeError', { message, cause: new TypeError('Failed to fetch') }, 'ambiguous'],
    ['whose cause has no name', { message, cause: { message: 'x' } }, 'ambiguous'],
    ['whose cause is another error', { message, cause: new Error('bad port') }, 'permanent'],
    ['whose cause says the same', { message, cause: new Error(message) }, 'ambiguous'],
  ])('%s', (_, error, told) => {
    expect(failure(error)).toBe(told);
  });
});
