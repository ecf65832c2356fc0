import { spellingOf } from '../../../lib/options/spellings.ts';

describe('an option of another plugin is spelled here', () => {
  test.each<[string, string[]]>([
    ['baseDelay', ['minTimeout', 'minDelay', 'MinDelay', 'firstDelay', 'firstBackoff']],
    [
      'maxDelay, or retryAfter.max for hints',
      ['maxTimeout', 'maxRetryDelay', 'maxRetryAfter', 'maxInterval', 'MAXINTERVAL'],
    ],
    ['exponentialBase', ['factor', 'Factor', 'backoffMultiplier']],
    [
      'retryIf',
      ['retryOn', 'retryOnError', 'shouldRetry', 'retryCondition', 'validateResponse', 'ShouldRetry'],
    ],
    [
      'maxAttempts (retries + 1)',
      ['retries', 'maxRetries', 'retry', 'Retry', 'retryLimit', 'noResponseRetries'],
    ],
    ['beforeRetry or observe', ['onRetry', 'onRetryAttempt']],
    [
      'attemptTimeout or totalTimeout',
      ['timeout', 'shouldResetTimeout', 'minTimeouts', 'xMinTimeout', 'Timeout'],
    ],
    ['retryAfter', ['after', 'respectRetryAfter', 'xMaxRetryAfter']],
    ['methods', ['httpMethods', 'httpMethodsToRetry', 'METHODS']],
    ['statuses', ['statusCodes', 'statusCodesToRetry', 'httpStatus']],
    [
      'baseDelay, maxDelay, jitter or wait',
      [
        'delay',
        'retryDelay',
        'backoff',
        'backoffType',
        'xMinDelay',
        'minDelays',
        'notfirstDelay',
        'maxRetryDelays',
      ],
    ],
  ])('%s', (here, typed) => {
    expect(typed.map((name) => [name, spellingOf(name)])).toEqual(typed.map((name) => [name, here]));
  });

  test.each([
    'colour',
    'once',
    'season',
    'factors',
    'xfactor',
    'maxIntervals',
    'xmaxInterval',
    'xretry',
    'retryx',
  ])('unless nobody has such a one: %s', (name) => {
    expect(spellingOf(name)).toBe(name === 'once' ? 'beforeRetry or observe' : undefined);
  });
});
