import { AttemptLog } from '../../../lib/core/attempt-log.ts';

const STARTED_AT = 1_700_000_000_000;

/** A log of so many attempts of 10 ms each, the nth with status n, with waits of 100 ms between them. */
function logOf(attempts: number): AttemptLog {
  const log = new AttemptLog(STARTED_AT, 5_000);
  for (let n = 0; n < attempts; n += 1) {
    if (n > 0) log.wait(100);
    log.add(5_000 + 110 * n, 5_010 + 110 * n, n + 1);
  }
  return log;
}

const record = (number: number) => ({
  number,
  startedAt: STARTED_AT + 110 * (number - 1),
  duration: 10,
  status: number,
});

test('a new log has nothing to tell', () => {
  const log = new AttemptLog(STARTED_AT, 5_000);
  expect(log).toMatchObject({ attempts: 0, duration: 0, isSettled: false });
  expect(log.report()).toEqual({ attempts: [], omitted: 0, elapsed: 0, totalDelay: 0, mayHaveActed: false });
});

test('each attempt has its times, and its wait if there was one', () => {
  const log = logOf(3);
  expect(log).toMatchObject({ attempts: 3, duration: 10, elapsed: 230, totalDelay: 200 });
  expect(log.report()).toStrictEqual({
    attempts: [{ ...record(1), delay: 100 }, { ...record(2), delay: 100 }, record(3)],
    omitted: 0,
    elapsed: 230,
    totalDelay: 200,
    mayHaveActed: false,
  });
});

test('a wait of nothing is a wait', () => {
  const log = logOf(1);
  log.wait(0);
  expect(log.report().attempts).toStrictEqual([{ ...record(1), delay: 0 }]);
});

test('a result is a status, a code or nothing', () => {
  const log = new AttemptLog(STARTED_AT, 0);
  for (const result of [503, 'ECONNRESET', undefined]) log.add(0, 1, result);
  const bare = { startedAt: STARTED_AT, duration: 1 };
  expect(log.report().attempts).toStrictEqual([
    { ...bare, number: 1, status: 503 },
    { ...bare, number: 2, code: 'ECONNRESET' },
    { ...bare, number: 3 },
  ]);
});

test('the end of the request counts, and its reason', () => {
  const log = logOf(1);
  log.mayHaveActed = true;
  log.settle(5_500, 'aborted');
  expect(log.isSettled).toBe(true);
  expect(log.report()).toMatchObject({ elapsed: 500, mayHaveActed: true, reason: 'aborted' });
  log.settle(5_600);
  expect(Object.keys(log.report())).not.toContain('reason');
});

test('notes on one attempt add up, before and after it is counted', () => {
  const log = new AttemptLog(STARTED_AT, 0);
  log.note(1, { method: 'PUT' });
  log.add(0, 1, 503);
  log.note(1, { hint: 5 });
  log.add(2, 3, 503);
  const [first, second] = log.report().attempts;
  expect(first).toMatchObject({ number: 1, method: 'PUT', hint: 5 });
  expect(second).toStrictEqual({ number: 2, startedAt: STARTED_AT + 2, duration: 1, status: 503 });
});

test('what the server asked for is noted with its answer, and the latest answer counts', () => {
  const log = logOf(1);
  log.hear(0);
  expect(log.hint).toBe(0);
  log.add(0, 1, 503);
  log.hear(undefined);
  expect(log.hint).toBeUndefined();
  const [first, second] = log.report().attempts;
  expect(first).toMatchObject({ number: 1, hint: 0 });
  expect(Object.keys(second as object)).not.toContain('hint');
});

test('of more than 50 attempts the first 10 and the last 40 are kept', () => {
  const numbers = (log: AttemptLog) => log.report().attempts.map(({ number }) => number);
  expect(logOf(50).report().omitted).toBe(0);
  expect(numbers(logOf(50))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));

  const log = logOf(53);
  const { attempts, omitted, totalDelay } = log.report();
  expect(omitted).toBe(3);
  expect(log.attempts).toBe(53);
  expect(totalDelay).toBe(5_200);
  expect(numbers(log)).toEqual([
    ...Array.from({ length: 10 }, (_, index) => index + 1),
    ...Array.from({ length: 40 }, (_, index) => index + 14),
  ]);
  for (const attempt of attempts) {
    expect(attempt).toStrictEqual({
      ...record(attempt.number),
      ...(attempt.number < 53 && { delay: 100 }),
    });
  }
});

test('the notes on an attempt that is dropped are dropped with it, and no others', () => {
  const log = logOf(50);
  for (const number of [10, 11, 12]) log.note(number, { hint: number });
  log.add(0, 1, 503);
  expect(log.report().attempts.filter(({ hint }) => hint !== undefined)).toMatchObject([
    { number: 10, hint: 10 },
    { number: 12, hint: 12 },
  ]);
  log.add(0, 1, 503);
  expect(log.report().attempts.filter(({ hint }) => hint !== undefined)).toMatchObject([
    { number: 10, hint: 10 },
  ]);
});
