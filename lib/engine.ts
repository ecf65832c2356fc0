import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { decide, findHazard } from './decide.ts';
import { expected } from './expected.ts';
import type { BudgetLike, Reservation } from './limits/brand.ts';
import type { Policy } from './policy.ts';
import type { AttemptLog } from './report.ts';
import { isTransient, withDefaultVerdict } from './retryable.ts';
import { type CancelSource, isCancelled, type Link, link, onAbort } from './runtime/interrupt.ts';
import { type Hints, readHints } from './server/hints.ts';
import type {
  Clock,
  DelaySource,
  Failure,
  Reason,
  RetryContext,
  RetryObserver,
  RetryVerdict,
} from './types.ts';

type Config = InternalAxiosRequestConfig;

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched. */
  readonly value: unknown;
  /** The config as the attempt was sent. */
  readonly config: Config;
  readonly response?: AxiosResponse | undefined;
  /** The code of the error, when there is one. */
  readonly code?: string | undefined;
  readonly failure: Failure;
  /** The request was cancelled. */
  readonly cancelled: boolean;
  /** The caller's whatever the policy says: an earlier interceptor put it in place of the attempt's own. */
  readonly final: boolean;
}

/** One request on its way through the loop, and what the loop asks of the world around it. */
export interface Task {
  readonly policy: Policy;
  readonly clock: Required<Clock>;
  readonly random: () => number;
  readonly log: AttemptLog;
  readonly budget: BudgetLike | undefined;
  /** Aborts when the plugin is detached. */
  readonly detached: AbortSignal;
  /** Whether the body, as the user passed it, can be sent again. */
  readonly replayable: boolean;
  /** An earlier attempt may have reached the server. */
  ambiguous: boolean;
  /** Tokens that the last retry took from the throttle. */
  cost: number;
  /** A copy of the request as the user passed it, ready to be sent. */
  prepare(): Config;
  /** Sends one attempt; never rejects. */
  send(config: Config): Promise<Outcome>;
  /** Lets go of the body that `data` made for the attempt at hand. */
  discard(): void;
  /** Frees the connection that a failed response still holds. */
  release(outcome: Outcome): void;
  /** The error of a request that was cancelled between two attempts. */
  cancelError(config: Config, source: CancelSource): unknown;
  /** Whether the attempt carries the idempotency key that all attempts share. */
  isKeyed(config: Config): boolean;
  /** Whether the body can be read only once. */
  isOneShot(config: Config): boolean;
  /** Whether an inner layer gave this up after retrying it. */
  wasRetried(value: unknown): boolean;
  /** The origin that the attempt went to. */
  originOf(config: Config): string;
}

type Step = { readonly settled: Outcome } | { readonly next: Config };

const INTERRUPTED = Symbol('interrupted');

/** The loop: judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export async function run(task: Task, first: Outcome): Promise<Outcome> {
  let startedAt = task.log.origin;
  for (let outcome = first; ; ) {
    record(task, outcome, startedAt);
    try {
      const step = await judge(task, outcome);
      if ('settled' in step) return step.settled;
      startedAt = task.clock.monotonic();
      outcome = await task.send(step.next);
    } catch (thrown) {
      // A function of the user threw. Its error is the caller's now, and the failure at hand is its cause.
      task.release(outcome);
      task.log.settle(task.clock.monotonic(), undefined);
      return { ...outcome, ok: false, value: withCause(thrown, outcome) };
    }
  }
}

function record({ log, clock }: Task, outcome: Partial<Outcome>, startedAt: number): void {
  const { ok, response, code } = outcome;
  // An error with a status below 400 is a body that was cut off: its code tells more.
  const result = response && (ok || response.status >= 400) ? response.status : code;
  log.add(startedAt, clock.monotonic(), result);
}

function refund(task: Task, { config }: Outcome): void {
  const { policy, log, clock, cost } = task;
  const { throttle } = policy;
  if (throttle === undefined || throttle.idle) return;
  if (log.attempts === 1) throttle.give(task.originOf(config), clock.monotonic());
  else if (cost > 0) throttle.give(task.originOf(config), clock.monotonic(), cost);
}

async function judge(task: Task, outcome: Outcome): Promise<Step> {
  const { policy } = task;
  const context = describe(task, outcome);
  notify(policy.observers, 'onAttempt', context);
  if (outcome.final) return finish(task, outcome, outcome.ok ? undefined : 'not-retryable');

  const { config, response } = outcome;
  const hints: Hints = response ? readHints(response.headers, response.status, task.clock.now()) : {};
  const aborted = outcome.cancelled || cancelledBy(config) !== undefined;
  if (aborted && !outcome.ok && !outcome.cancelled) return interrupt(task, outcome);
  const alreadyRetried = !outcome.ok && task.wasRetried(outcome.value);
  const keyed = task.isKeyed(config);
  let worthIt = false;
  if (!aborted && !alreadyRetried) {
    const byDefault = isWorthIt(task, outcome, keyed, hints);
    const verdict = await ask(task, outcome, policy.retryIf?.(withDefaultVerdict(context, byDefault)));
    if (verdict === INTERRUPTED) return interrupt(task, outcome);
    worthIt = (verdict as RetryVerdict) ?? byDefault;
  }
  task.ambiguous ||= outcome.failure === 'ambiguous';

  const decision = decide(policy, {
    context: describe(task, outcome),
    aborted,
    alreadyRetried,
    worthIt,
    vetoed: hints.shouldRetry === false,
    hint: hints.after,
    keyed,
    replayable: task.replayable,
  });
  if (decision.retry) return pause(task, outcome, decision.delay, decision.delaySource);
  if (!outcome.ok || worthIt) return finish(task, outcome, decision.reason);
  refund(task, outcome);
  return finish(task, outcome, undefined);
}

function isWorthIt(
  { policy, ambiguous }: Task,
  outcome: Outcome,
  keyed: boolean,
  { shouldRetry }: Hints,
): boolean {
  const status = outcome.response?.status ?? 0;
  if (shouldRetry && status >= 400) return true;
  // The first attempt is still being processed, and its answer is what the key will give (RFC draft, 2.6).
  if (status === 409 && keyed && ambiguous) return true;
  return isTransient(outcome, policy.statuses);
}

async function pause(task: Task, outcome: Outcome, delay: number, delaySource: DelaySource): Promise<Step> {
  const { policy, clock, log } = task;
  if (task.detached.aborted) return interrupt(task, outcome);
  const reservation = reserve(task, outcome, delay);
  if (typeof reservation === 'string') return finish(task, outcome, reservation);
  const context = describe(task, outcome, { delay, delaySource });
  notify(policy.observers, 'onRetry', context);
  task.release(outcome);

  const beganAt = clock.monotonic();
  const slept = (): number => Math.min(delay, clock.monotonic() - beganAt);
  let next: Config | undefined;
  let sending = false;
  try {
    const isComplete = await sleep(task, outcome.config, delay);
    log.wait(isComplete ? delay : slept());
    if (!isComplete) return interrupt(task, outcome);
    next = task.prepare();
    const { data } = next;
    const edited = await ask(task, outcome, policy.beforeRetry?.(next, context));
    if (edited === INTERRUPTED) return interrupt(task, outcome);
    if (edited !== undefined) next = checkConfig(edited as Config);
    if (next.data !== data) task.discard();
    if (task.detached.aborted || cancelledBy(next)) return interrupt(task, { ...outcome, config: next });
    const hazard = policy.beforeRetry && findHazardOf(task, outcome, next, data);
    if (hazard) return finish(task, outcome, hazard);
    sending = true;
    return { next };
  } finally {
    if (!sending) {
      reservation.cancel(slept());
      task.discard();
    }
  }
}

/** Looks again at an attempt that `beforeRetry` may have changed. */
function findHazardOf(task: Task, { failure }: Outcome, config: Config, data: unknown): Reason | undefined {
  const { policy } = task;
  if (elapsedOf(task) > policy.maxElapsedTime) return 'max-elapsed-time';
  return findHazard(
    policy,
    { method: methodOf(config), failure },
    { keyed: task.isKeyed(config), replayable: config.data === data || !task.isOneShot(config) },
  );
}

function checkConfig(config: Config): Config {
  if (typeof config === 'object' && config !== null) return config;
  throw expected('the result of retry option `beforeRetry`', 'a request config or undefined', config);
}

function reserve(task: Task, { ok, response, config }: Outcome, delay: number): Reservation | Reason {
  const { policy, budget, clock } = task;
  const isPolling = ok && response !== undefined && response.status < 400;
  const throttle = isPolling ? undefined : policy.throttle;
  const origin = throttle ? task.originOf(config) : '';
  const cost = throttle?.take(origin, response?.status === 429, clock.monotonic());
  if (throttle && cost === undefined) return 'throttled';
  const giveBack = (): void => throttle?.give(origin, clock.monotonic(), cost);
  const allowance = budget?.reserve(delay);
  if (budget && !allowance) {
    giveBack();
    return 'budget-exhausted';
  }
  const before = task.cost;
  if (cost) task.cost = cost;
  return {
    cancel(slept) {
      giveBack();
      task.cost = before;
      allowance?.cancel(slept);
    },
  };
}

/** Whether the whole delay passed. */
async function sleep(task: Task, config: Config, delay: number): Promise<boolean> {
  const { controller, release } = linkTo(task, config);
  try {
    await task.clock.sleep(delay, controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    release();
  }
  return !controller.signal.aborted;
}

/** The answer of a user's function, unless the request is cancelled, detached or out of time first. */
async function ask<T>(
  task: Task,
  { config }: Outcome,
  answer: T | Promise<T>,
): Promise<T | typeof INTERRUPTED> {
  if (typeof (answer as Promise<T> | undefined)?.then !== 'function') return answer;
  const { controller, release } = linkTo(task, config);
  const stop = (): void => controller.abort();
  const left = task.policy.totalTimeout - elapsedOf(task);
  if (left < Infinity) task.clock.alarm(Math.max(0, left), controller.signal).then(stop, stop);
  try {
    return await Promise.race([
      answer,
      new Promise<typeof INTERRUPTED>((resolve) => {
        onAbort(controller.signal, () => resolve(INTERRUPTED));
      }),
    ]);
  } finally {
    release();
    stop();
  }
}

const linkTo = ({ detached }: Task, { signal, cancelToken }: Config): Link =>
  link(detached, signal as CancelSource | undefined, cancelToken as CancelSource | undefined);

const cancelledBy = ({ signal, cancelToken }: Config): CancelSource | undefined =>
  ([signal, cancelToken] as readonly (CancelSource | undefined)[]).find(
    (source) => source && isCancelled(source),
  );

/** Ends a request between two attempts: cancelled, detached, or out of time. */
function interrupt(task: Task, outcome: Outcome): Step {
  const { config } = outcome;
  const source = cancelledBy(config);
  if (source === undefined)
    return finish(task, outcome, task.detached.aborted ? 'detached' : 'total-timeout');
  task.release(outcome);
  const value = task.cancelError(config, source);
  return finish(task, { ...outcome, ok: false, value, response: undefined, cancelled: true }, 'aborted');
}

function finish(task: Task, outcome: Outcome, reason: Reason | undefined): Step {
  task.log.settle(task.clock.monotonic(), reason);
  if (reason !== undefined) notify(task.policy.observers, 'onGiveUp', describe(task, outcome, { reason }));
  return { settled: outcome };
}

const elapsedOf = ({ clock, log }: Task): number => clock.monotonic() - log.origin;

const methodOf = ({ method = 'get' }: Config): string => method.toUpperCase();

function describe(task: Task, outcome: Outcome, more?: Partial<RetryContext>): RetryContext {
  const { ok, value, config, response, failure } = outcome;
  return Object.freeze({
    attemptNumber: task.log.attempts,
    maxAttempts: task.policy.maxAttempts,
    elapsed: elapsedOf(task),
    totalDelay: task.log.totalDelay,
    method: methodOf(config),
    url: config.url ?? '',
    config,
    ...(!ok && { error: value }),
    ...(response && { response }),
    failure,
    random: task.random,
    ...more,
  });
}

function notify(
  observers: readonly RetryObserver[],
  event: keyof RetryObserver,
  context: RetryContext,
): void {
  for (const observer of observers) {
    try {
      const { [event]: tell } = observer;
      const answer: unknown = tell?.(context);
      (answer as Partial<Promise<unknown>> | undefined)?.then?.(undefined, () => undefined);
    } catch {
      // Observers are told and never asked.
    }
  }
}

function withCause(thrown: unknown, { ok, value }: Outcome): unknown {
  const isPlain = thrown instanceof Error && thrown !== value && !ok && !('cause' in thrown);
  if (isPlain && Object.isExtensible(thrown)) {
    Object.defineProperty(thrown, 'cause', { value, writable: true, configurable: true });
  }
  return thrown;
}
