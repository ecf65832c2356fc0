/** Checked by `tsc`, never run: which option stands where, and what is known at which moment. */
import axios, { type AxiosRequestConfig, type Method } from 'axios';
import { expectTypeOf } from 'expect-type';
import { Counter, Histogram } from 'prom-client';
import {
  attachRetry,
  Cooldown,
  type CooldownOptions,
  type DelaySource,
  type GiveUpContext,
  type PendingRetryContext,
  type Reason,
  type RequestRetryOptions,
  type Reservation,
  RetryBudget,
  type RetryContext,
  type RetryObserver,
  type RetryOptions,
  RetryThrottle,
  type RetryThrottleOptions,
} from '../../../lib/index.ts';

const client = axios.create();

// Where an option may stand.
attachRetry(client, { throttle: { capacity: 10 }, cooldown: { hold: true } });
attachRetry(client, { throttle: new RetryThrottle(), cooldown: new Cooldown() });
// @ts-expect-error a body belongs to one request
attachRetry(client, { data: () => 'body' });

const request = (retry: AxiosRequestConfig['retry']) => retry;
request(false);
request({ data: () => 'body', throttle: new RetryThrottle(), cooldown: new Cooldown() });
request({ throttle: false, cooldown: false });
// @ts-expect-error a throttle of one request alone would hold nothing back
request({ throttle: { capacity: 10 } });
// @ts-expect-error so would a cooldown
request({ cooldown: { hold: true } });
expectTypeOf<AxiosRequestConfig['retry']>().toEqualTypeOf<RequestRetryOptions | false | undefined>();
expectTypeOf<'data'>().not.toExtend<keyof RetryOptions>();
expectTypeOf<RetryThrottleOptions>().toExtend<RetryOptions['throttle']>();
expectTypeOf<RetryThrottleOptions>().not.toExtend<RequestRetryOptions['throttle']>();
expectTypeOf<CooldownOptions>().toExtend<RetryOptions['cooldown']>();
expectTypeOf<CooldownOptions>().not.toExtend<RequestRetryOptions['cooldown']>();

// All else is the same on both, explicit `undefined` included.
expectTypeOf<Omit<RequestRetryOptions, 'data' | 'throttle' | 'cooldown'>>().toEqualTypeOf<
  Omit<RetryOptions, 'throttle' | 'cooldown'>
>();
expectTypeOf<undefined>().toExtend<RetryOptions[keyof RetryOptions]>();
expectTypeOf<undefined>().toExtend<RequestRetryOptions[keyof RequestRetryOptions]>();

// Names of methods complete, in both letter cases, and others are taken.
type Named = NonNullable<RetryOptions['methods']>[number];
expectTypeOf<Method>().toExtend<Named>();
expectTypeOf<string>().toExtend<Named>();
expectTypeOf<Named>().not.toEqualTypeOf<string>();
request({ methods: ['GET', 'post', 'REPORT'] });
// @ts-expect-error no list
request({ methods: 'GET' });

// What is known at each moment.
const observer: RetryObserver = {
  onAttempt(context) {
    expectTypeOf(context).toEqualTypeOf<RetryContext>();
    // @ts-expect-error there is no wait yet
    context.delay;
    // @ts-expect-error nothing is given up yet
    context.reason;
  },
  onRetry(context) {
    expectTypeOf(context).toEqualTypeOf<PendingRetryContext>();
    expectTypeOf(context.delay).toEqualTypeOf<number>();
    expectTypeOf(context.delaySource).toEqualTypeOf<DelaySource>();
    // @ts-expect-error nothing is given up yet
    context.reason;
  },
  onGiveUp(context) {
    expectTypeOf(context).toEqualTypeOf<GiveUpContext>();
    expectTypeOf(context.reason).toEqualTypeOf<Reason>();
    // @ts-expect-error there is no wait any more
    context.delay;
  },
};
expectTypeOf(observer).toExtend<RetryOptions['observe']>();

// All of them know these.
for (const told of [{} as RetryContext, {} as PendingRetryContext, {} as GiveUpContext]) {
  expectTypeOf(told.duration).toEqualTypeOf<number>();
  expectTypeOf(told.mayHaveActed).toEqualTypeOf<boolean>();
  expectTypeOf(told.status).toEqualTypeOf<number | undefined>();
  expectTypeOf(told.code).toEqualTypeOf<string | undefined>();
  expectTypeOf(told.hint).toEqualTypeOf<number | undefined>();
}

// Under `exactOptionalPropertyTypes` a context is built without what is not known.
// @ts-expect-error an explicit undefined is something else
expectTypeOf<{ hint: undefined }>().toExtend<Pick<RetryContext, 'hint'>>();

// A prom-client observer needs no `?? ''`.
const retries = new Counter({ name: 'retries', help: '…', labelNames: ['method', 'source'] as const });
const givenUp = new Counter({ name: 'given_up', help: '…', labelNames: ['method', 'reason'] as const });
const waits = new Histogram({ name: 'waits', help: '…', labelNames: ['source'] as const });
attachRetry(client, {
  observe: {
    onRetry({ method, delay, delaySource: source }) {
      retries.inc({ method, source });
      waits.observe({ source }, delay / 1_000);
    },
    onGiveUp: ({ method, reason }) => givenUp.inc({ method, reason }),
  },
});

// What a budget gives has a name.
expectTypeOf(new RetryBudget().reserve(1)).toEqualTypeOf<Reservation | undefined>();
