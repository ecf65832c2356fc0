/** What users of axios-retry, retry-axios and their like would type, and the option that does it here. The first match counts. */
const spellings: readonly (readonly [typed: RegExp, here: string])[] = [
  [/^min(Timeout|Delay)$|^first/i, 'baseDelay'],
  [/^max(Timeout|RetryDelay|RetryAfter|Interval)$/i, 'maxDelay, or retryAfter.max for hints'],
  [/^factor$|multiplier/i, 'exponentialBase'],
  [/^retryOn/i, 'retryIf'],
  [/retries|^retry$|limit/i, 'maxAttempts (retries + 1)'],
  [/^on/, 'beforeRetry or observe'],
  [/timeout/i, 'attemptTimeout or totalTimeout'],
  [/^should|condition|validate/i, 'retryIf'],
  [/after/i, 'retryAfter'],
  [/methods/i, 'methods'],
  [/status/i, 'statuses'],
  [/delay|backoff/i, 'baseDelay, maxDelay, jitter or wait'],
];

/** What to write in place of the name of an option of another plugin; `undefined` when we do not know it. */
export const spellingOf = (name: string): string | undefined =>
  spellings.find(([typed]) => typed.test(name))?.[1];
