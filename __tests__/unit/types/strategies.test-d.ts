/** Checked by `tsc`, never run. */
import type { AxiosResponse } from 'axios';
import { expectTypeOf } from 'expect-type';
import type { RetryOptions } from '../../../lib/options/options.ts';
import {
  retryAny,
  retryIfError,
  retryIfResponse,
  retryIfStatus,
  retryIfTimeout,
  retryNot,
} from '../../../lib/strategies/retry-if.ts';
import { stopAfterAttempt, stopAll, stopAny } from '../../../lib/strategies/stop.ts';
import {
  waitChain,
  waitCombine,
  waitExponential,
  waitExponentialJitter,
  waitFixed,
} from '../../../lib/strategies/wait.ts';
import type { RetryContext, RetryPredicate, StopCondition, WaitStrategy } from '../../../lib/types.ts';

// Each family is of its own type, and none passes for another.
expectTypeOf(stopAfterAttempt(3)).toEqualTypeOf<StopCondition>();
expectTypeOf(waitFixed(1)).toEqualTypeOf<WaitStrategy>();
expectTypeOf(retryIfTimeout()).toEqualTypeOf<RetryPredicate>();
expectTypeOf<WaitStrategy>().not.toExtend<StopCondition>();
expectTypeOf<WaitStrategy>().not.toExtend<RetryPredicate>();
expectTypeOf<StopCondition>().not.toExtend<WaitStrategy>();
expectTypeOf<StopCondition>().not.toExtend<RetryPredicate>();
expectTypeOf<RetryPredicate>().not.toExtend<WaitStrategy>();
expectTypeOf<RetryPredicate>().not.toExtend<StopCondition>();

const fits = (options: RetryOptions) => options;
fits({ stop: stopAfterAttempt(3), wait: waitFixed(1), retryIf: retryIfTimeout() });
// @ts-expect-error a wait is no stop
fits({ stop: waitFixed(1) });
// @ts-expect-error a stop is no wait
fits({ wait: stopAfterAttempt(3) });
// @ts-expect-error a stop is no predicate
fits({ retryIf: stopAfterAttempt(3) });
// @ts-expect-error a wait is no stop
stopAny(stopAfterAttempt(3), waitFixed(1));
// @ts-expect-error a stop is no wait
waitCombine(waitFixed(1), stopAfterAttempt(3));
// @ts-expect-error a wait is no predicate
retryAny(retryIfTimeout(), waitFixed(1));
// @ts-expect-error a stop condition is synchronous
stopAll(async () => true);
// @ts-expect-error a wait is synchronous
waitChain(async () => 1);

// Plain functions are as good.
stopAny(
  ({ elapsed }) => elapsed > 1_000 && 'too slow',
  () => undefined,
  () => true,
);
waitChain(({ attemptNumber }) => attemptNumber * 100);
retryAny(
  () => undefined,
  async () => true,
  () => {},
  ({ response }) => response?.status === 409,
);
retryNot(async ({ error }) => error instanceof RangeError);

// Contexts are read-only.
stopAny((context) => {
  // @ts-expect-error read-only
  context.attemptNumber = 1;
  // @ts-expect-error read-only
  context.delay = 1;
  return false;
});
expectTypeOf<RetryContext>().toEqualTypeOf<Readonly<RetryContext>>();

// What the judges get.
retryIfError((error, context) => {
  expectTypeOf(error).toBeUnknown();
  expectTypeOf(context).toEqualTypeOf<RetryContext>();
});
retryIfResponse((response) => {
  expectTypeOf(response).toEqualTypeOf<AxiosResponse>();
});

// Arguments.
retryIfStatus(409, [500, 599], [400, 404] as const);
// @ts-expect-error a range has two ends
retryIfStatus([500, 502, 504]);
// @ts-expect-error not tenacity's name
waitExponential({ max: 5 });
// @ts-expect-error no number
waitExponential(5);
waitExponentialJitter({ baseDelay: undefined, jitter: 10 });
