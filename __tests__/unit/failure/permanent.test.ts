import { isForGood } from '../../../lib/failure/permanent.ts';

const split = (list: string): string[] => list.trim().split(/\s+/);

describe('a code', () => {
  test.each(
    split(`
      CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT CRL_HAS_EXPIRED ERR_SSL_WRONG_VERSION_NUMBER ERR_FR_TOO_MANY_REDIRECTS
      ERR_INVALID_URL ERR_UNKNOWN_URL_SCHEME EPROTO EISDIR ABORT_ERR UNABLE_TO_GET_ISSUER_CERT PATH_LENGTH_EXCEEDED
      HOSTNAME_MISMATCH HPE_INVALID_CONSTANT Z_DATA_ERROR ZSTD_error ZlibError Malformed_HTTP_Response TooManyRedirects
      UND_ERR_NOT_SUPPORTED UND_ERR_HEADERS_OVERFLOW UND_ERR_REQ_CONTENT_LENGTH_MISMATCH UND_ERR_RES_EXCEEDED_MAX_SIZE
      ERR__ERROR_FORMAT_PADDING_1 ERR_BAD_REQUEST ERR_BAD_OPTION ERR_BAD_OPTION_VALUE ERR_CANCELED ERR_NOT_SUPPORT
      ERR_DEPRECATED ERR_FORM_DATA_FIELD_TOO_DEEP ERR_FR_MAX_BODY_LENGTH_EXCEEDED ERR_UNESCAPED_CHARACTERS ERR_OUT_OF_RANGE
      ERR_ASSERTION ERR_SOCKET_BAD_PORT ERR_METHOD_NOT_IMPLEMENTED ERR_HTTP2_ERROR ERR_HTTP2_HEADERS_SENT
      ERR_HTTP2_CONNECT_SCHEME ERR_HTTP2_UNSUPPORTED_PROTOCOL ERR_TLS_CERT_ALTNAME_INVALID ERR_TLS_HANDSHAKE ERR_UNSAFE_PORT
      ERR_DISALLOWED_URL_SCHEME ERR_CONTENT_DECODING_FAILED ERR_BLOCKED_BY_CLIENT ERR_ABORTED ERR_QUEUE_FULL
      ERR_COOLING_DOWN ERR_NOCK_NO_MATCH
    `),
  )('of the list is for good: %s', (code) => {
    expect(isForGood([{ code }])).toBe(true);
    expect(isForGood([{}, { code, message: 'in a cause' }])).toBe(true);
    expect(isForGood([{ message: `net::${code}` }])).toBe(code.startsWith('ERR_'));
  });

  test.each(
    split(`
      ECONNRESET ECONNREFUSED EPIPE ENOTFOUND EAI_AGAIN UND_ERR_SOCKET UND_ERR_CONNECT_TIMEOUT ERR_NETWORK ERR_BAD_RESPONSE
      ERR_TLS_HANDSHAKE_TIMEOUT ERR_HTTP2_STREAM_ERROR ERR_STREAM_PREMATURE_CLOSE XEPROTO X_ABORT_ERR E_BUSINESS
      MY_ERR_ABORTED UNABLE
    `),
  )('of no list is not: %s', (code) => {
    expect(isForGood([{ code }])).toBe(false);
  });

  test('says all, whatever the words, unless it is one of those that say next to nothing', () => {
    const message = 'certificate has expired';
    expect(isForGood([{ code: 'ECONNRESET', message, name: 'RangeError' }])).toBe(false);
    expect(isForGood([{ code: 'XERR_NETWORK', message }])).toBe(false);
    expect(isForGood([{ code: 'ERR_NETWORK_CHANGED', message }])).toBe(false);
    expect(isForGood([{ code: 'ERR_NETWORK', message }])).toBe(true);
    expect(isForGood([{ code: 'ERR_BAD_RESPONSE', message }])).toBe(true);
    expect(isForGood([{ code: 20, message }])).toBe(true);
  });

  test.each(['ETIMEDOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEOUT', 'ECONNABORTED'])(
    'of a timeout is not, whatever it has cut off: %s',
    (code) => {
      const abort = { code: 'ABORT_ERR', name: 'AbortError' };
      expect(isForGood([{ code }, abort])).toBe(false);
      expect(isForGood([abort, { code }])).toBe(false);
      expect(isForGood([{ code: `${code}_X` }, abort])).toBe(true);
      expect(isForGood([{ code: `X_${code}` }, abort])).toBe(code === 'ECONNABORTED');
    },
  );
});

test('a local file that cannot be read is for good', () => {
  expect(isForGood([{ syscall: 'open', code: 'ENOENT' }])).toBe(true);
  expect(isForGood([{ syscall: 'read', code: 'ENOENT' }])).toBe(false);
});

describe('a name', () => {
  test.each(
    split(`
      ReferenceError RangeError SyntaxError URIError EvalError AssertionError AbortError DataCloneError SecurityError
      InvalidCharacterError
    `),
  )('of an error of a program is for good: %s', (name) => {
    expect(isForGood([{ name }])).toBe(true);
    expect(isForGood([{ name: `My${name}` }])).toBe(false);
    expect(isForGood([{ name: `${name}s` }])).toBe(false);
  });

  test.each(['Error', 'TypeError', 'TimeoutError', 'NetworkError'])('of another is not: %s', (name) => {
    expect(isForGood([{ name }])).toBe(false);
  });
});

describe('words', () => {
  test.each([
    'invalid peer certificate',
    'maxContentLength size of 5 exceeded',
    'failed integrity check',
    'unknown scheme',
    'bad port',
    'unsafe port',
    'Failed to parse URL from /x',
    'Invalid URL',
    'invalid HTTP version',
    'invalid header name',
    'invalid method',
    'redirect count exceeded',
    'redirect mode is set to error',
    'too many redirects',
    'too many redirect',
    'number of redirects',
    'unexpected redirect',
    'not same-origin',
    'cross-origin request',
    'cross origin request',
    'blocked by the client',
    'cannot have body',
    'cannot have a body',
    'body is unusable',
    'duplex option is required',
    'body is disturbed',
    'x is not a function',
    'x is not an object',
    'x is not defined',
    'x is not iterable',
    'x is undefined',
    'undefined is not an object',
    'undefined is not x',
    'reading x of undefined',
    'reading x of null',
    'Cannot read property',
    'cannot read properties',
    "can't access property",
  ])('of a mistake are for good: %s', (message) => {
    expect(isForGood([{ message }])).toBe(true);
    expect(isForGood([{ message: message.toUpperCase() }])).toBe(true);
  });

  test.each([
    'Failed to fetch',
    'maxContentLength size of x',
    'schemes',
    'myscheme',
    'port',
    'invalid',
    'redirect',
    'of redirectsx',
    'cannot have',
    'x is not there',
    'x is not alone',
    'reading x of nullable',
    'request to https://api.example/certificate failed',
    'url (https://api.example/certificates): closed',
    'HTTPS://API.EXAMPLE/certificate and a+b-c.1://x/blocked',
    undefined,
  ])('of anything else, or within a URL, are not: %s', (message) => {
    expect(isForGood([{ message }])).toBe(false);
  });

  test.each([
    'https://api.example/ certificate',
    "'https://a.example/'certificate",
    '(https://a.example/)certificate',
  ])('after a URL count: %s', (message) => {
    expect(isForGood([{ message }])).toBe(true);
  });
});
