import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { withCause } from '../failure/causes.ts';
import { DEFAULT_VERDICT, isTransient } from '../failure/transient.ts';
import { askReader, readHints } from '../hints/hints.ts';
import type { BudgetLike, Reservation, Turn } from '../limits/brand.ts';
import { originOf } from '../limits/origin.ts';
import { readVerdict } from '../options/answers.ts';
import {
  type CancelSource,
  isCancelled,
  type Link,
  linkTo,
  onAbort,
  sleepUnlessAborted,
  sourcesOf,
} from '../runtime/abort.ts';
import type { Clock, Failure, PendingRetryContext, Reason, RetryContext, RetryVerdict } from '../types.ts';
import type { AttemptLog } from './attempt-log.ts';
import { decide, findHazard, mayAct, type Pause, waitOf } from './decide.ts';
import { describe, methodOf } from './describe.ts';
import type { Policy } from './policy.ts';
import { applyVerdict } from './verdict.ts';

type Config = InternalAxiosRequestConfig;

/** How one attempt ended. */
export interface Outcome {
  /** Whether it was fulfilled. */
  readonly ok: boolean;
  /** The response or the error, untouched: what the caller gets if this outcome is the last. */
  readonly value: unknown;
  /** Whether it got as far as the adapter. */
  readonly isSent: boolean;
  /** The config as the attempt was sent. */
  readonly config: Config;
  readonly response?: AxiosResponse | undefined;
  /** The status or the code, for the report. */
  readonly result?: number | string | undefined;
  readonly failure: Failure;
  /** Why nobody is asked whether to retry it. On a success: nothing tells what it is. */
  readonly final?: Reason | undefined;
  /** Milliseconds that the server had asked to wait, which is why it was not sent. */
  readonly hint?: number | undefined;
}

/** What all requests of one client share. */
export interface World {
  readonly clock: Required<Clock>;
  readonly random: () => number;
  /** Aborts when there are no further retries: the plugin is detached, or drained. */
  readonly ended: AbortSignal;
}

/** What stays the same for all attempts of one request. */
export interface Terms {
  readonly world: World;
  readonly policy: Policy;
  readonly budget: BudgetLike | undefined;
  readonly log: AttemptLog;
  /** When the first attempt started, on the monotonic clock. */
  readonly startedAt: number;
}

/** One request on its way through the loop, and what the loop asks of it. */
export interface Task {
  /** A copy of the request as it was captured, ready to be sent. */
  prepare(): Config;
  /** The config to send, from what `beforeRetry` answered. */
  adopt(answer: unknown, prepared: Config): Config;
  /** Sends one attempt, and frees what the outcome before it still holds once it is sent. */
  send(config: Config, previous: Outcome): Promise<Outcome>;
  /** Cuts the attempt under way off, if it is in an interceptor and no answer gets lost; answers whether it was cut off. */
  cut(reason: Reason | undefined): boolean;
  /** Lets go of the body that `data` made for the attempt at hand. */
  discard(): void;
  /** Frees the connection that a failed response still holds. */
  release(outcome: Outcome): void;
  /** Drops what a failure holds of the memory of a request over the network. */
  lighten(outcome: Outcome): void;
  /** A copy of a config for those who are told of it. */
  copyOf(config: Config): Config;
  /** The error of a request that was cancelled between two attempts. */
  cancelError(config: Config, source: CancelSource): unknown;
  /** Whether the attempt carries the idempotency key that all attempts share. */
  isKeyed(config: Config): boolean;
  /** Whether the body of a config, or else the one that was captured, can be sent again. */
  isReplayable(config?: Config): boolean;
}

/** The end of a request: what the caller gets, and why there is no further attempt. */
class Settled {
  constructor(
    readonly outcome: Outcome,
    readonly reason?: Reason | undefined,
  ) {}
}

/** A shorter wait, in milliseconds, ends before what a failure holds of the memory matters. */
const LONG_WAIT = 100;

const nothing = (): void => undefined;

/** Less than this many milliseconds is what sums of fractions lose. */
const GRAIN = 1e-3;

/** Judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export const run = (task: Task, terms: Terms, first: Outcome): Promise<Outcome> =>
  new Loop(task, terms).run(first);

/** Tells the observers of a first attempt that succeeded and that nobody judges. */
export const tellOfSuccess = (task: Task, terms: Terms, outcome: Outcome): void =>
  new Loop(task, terms).tellOfSuccess(outcome);

/** A request in the loop. Methods, for thousands may wait at once and closures would make each half a kilobyte heavier. */
class Loop {
  readonly #task: Task;
  readonly #world: World;
  readonly #policy: Policy;
  readonly #budget: BudgetLike | undefined;
  readonly #log: AttemptLog;
  #startedAt: number;
  #link: Link;
  #hint: number | undefined = undefined;
  /** The place of the next retry among those that wait for the end of a pause. */
  #turn: Turn | undefined = undefined;
  /** What the latest outcome tells about the server, after the word of the user. */
  #failure: Failure = 'none';
  /** What the latest retry cost, and whose tokens these were. */
  #cost = 0;
  #payer = '';
  #isLocal = false;
  /** What the budget gave for the retry under way. */
  #allowance: Reservation | undefined = undefined;
  /** Takes back what the retry under way has cost, should it not be sent. */
  #refund = nothing;

  constructor(task: Task, { world, policy, budget, log, startedAt }: Terms) {
    this.#task = task;
    this.#world = world;
    this.#policy = policy;
    this.#budget = budget;
    this.#log = log;
    this.#startedAt = startedAt;
    this.#link = linkTo(world.ended, []);
  }

  async run(first: Outcome): Promise<Outcome> {
    let outcome = first;
    try {
      for (;;) {
        this.#record(outcome);

        const pause = await this.#decide(outcome);
        if (pause instanceof Settled) return this.#settle(pause);

        const refusal = this.#pay(outcome, pause);
        if (refusal) return this.#settle(await this.#holdBack(refusal, pause));

        const late = await this.#wait(outcome, pause);
        if (late) return this.#settle(late);

        const next = await this.#prepare(outcome, pause);
        if (next instanceof Settled) return this.#settle(next);

        this.#startedAt = this.#now;
        const sent = await this.#send(outcome, next);
        if (sent instanceof Settled) return this.#settle(sent);
        outcome = sent;
      }
    } catch (thrown) {
      return this.#settle(this.#blame(outcome, thrown));
    } finally {
      this.#refund();
      this.#link.release();
    }
  }

  tellOfSuccess(outcome: Outcome): void {
    const { headers, status } = outcome.response as AxiosResponse;
    this.#record(outcome);
    this.#link.release();
    this.#noteHint(readHints(headers, status, this.#world.clock.now()).after);
    this.#tell('onAttempt', outcome, {});
    this.#settle(new Settled(outcome));
  }

  #record({ config, isSent, result }: Outcome): void {
    // What was held and never sent is no attempt.
    if (isSent || this.#log.attempts > 0) this.#log.add(this.#startedAt, this.#now, result);
    this.#link.release();
    this.#link = linkTo(this.#world.ended, sourcesOf(config));
  }

  /** How long to wait before another attempt, if there is to be one. */
  async #decide(outcome: Outcome): Promise<Pause | Settled> {
    const { ok, config, response, final } = outcome;
    const policy = this.#policy;
    const log = this.#log;
    const status = response?.status ?? 0;
    const { after, shouldRetry } = final ? {} : readHints(response?.headers, status, this.#world.clock.now());
    this.#noteHint(after);
    this.#hint ??= outcome.hint;
    if (log.attempts > 0) this.#tell('onAttempt', outcome, {});
    if (final) return new Settled(outcome, ok ? undefined : final);

    const isCut = sourcesOf(config).some(isCancelled);
    const keyed = this.#task.isKeyed(config);
    const byDefault =
      isTransient(outcome, policy.statuses) ||
      (shouldRetry === true && status >= 400) ||
      // The first attempt is still being processed, and its answer is what the key will give.
      (status === 409 && keyed && log.mayHaveActed);
    const verdict = isCut ? byDefault : await this.#judge(outcome, byDefault);
    if (verdict instanceof Settled) return verdict;
    const { worthIt, failure } = applyVerdict(readVerdict(verdict), {
      worthIt: byDefault,
      failure: outcome.failure,
    });
    const asked = worthIt ? askReader(policy.retryAfter, response) : undefined;
    if (asked !== undefined) this.#noteHint(asked);
    this.#failure = failure;

    const endedAt = this.#now;
    this.#hear(outcome, endedAt);
    const task = this.#task;
    const decision = decide(policy, {
      context: this.#describe(outcome, {}),
      worthIt,
      vetoed: shouldRetry === false,
      hint: this.#hint,
      failure,
      mayHaveActed: log.mayHaveActed,
      keyed,
      get replayable() {
        return task.isReplayable();
      },
      pace: (pause) => this.#pace(outcome, pause, endedAt),
    });
    if (typeof decision !== 'string') return this.#interruption(outcome) ?? decision;
    if (!ok || worthIt) return new Settled(outcome, isCut && !ok ? 'aborted' : decision);
    this.#reward(config);
    return new Settled(outcome);
  }

  #noteHint(hint: number | undefined): void {
    this.#hint = hint;
    if (hint !== undefined) this.#log.note(this.#log.attempts, { hint });
  }

  async #judge(outcome: Outcome, byDefault: boolean): Promise<RetryVerdict | Settled> {
    const { retryIf } = this.#policy;
    if (!retryIf) return byDefault;
    const answer = retryIf(this.#describe(outcome, { [DEFAULT_VERDICT]: byDefault }));
    return (await this.#unlessInterrupted(outcome, answer)) as RetryVerdict | Settled;
  }

  /** Tells the cooldown what pause the server asked for. Only a hint on a 429 or 503 is meant for everybody. */
  #hear({ config, response }: Outcome, now: number): void {
    const { cooldown, retryAfter } = this.#policy;
    const hint = this.#hint;
    const isForAll = response?.status === 429 || response?.status === 503;
    if (!cooldown || !retryAfter || !isForAll || hint === undefined) return;
    const { max } = retryAfter;
    // Who waits `max` in place of a longer hint does so from the moment of the answer, which spreads clients already.
    const random = hint > max ? () => 0 : this.#world.random;
    cooldown.hear(cooldown.scopeOf(config), Math.min(hint, max), now, random);
  }

  /** The pause before a retry; longer where the retry would be sent while its scope cools. */
  #pace({ config }: Outcome, pause: Pause, now: number): Pause {
    const { cooldown } = this.#policy;
    this.#turn = undefined;
    if (!cooldown || cooldown.idle) return pause;
    const { delay, delaySource } = pause;
    const least = delaySource === 'server' ? Math.min(delay, this.#hint ?? delay) : delay;
    this.#turn = cooldown.pace(cooldown.scopeOf(config), now + least, now);
    return this.#turn ? { delay: Math.max(least, this.#turn.due - now), delaySource: 'server' } : pause;
  }

  /** Milliseconds that a pause, heard during the wait, keeps the retry from being sent at this moment. */
  #putOff({ config }: Outcome, now: number): number {
    const { cooldown } = this.#policy;
    const left = (): number => {
      const more = (this.#turn?.due ?? 0) - now;
      return more > GRAIN ? more : 0;
    };
    if (left() > 0 || !cooldown || cooldown.idle) return left();
    const scope = cooldown.scopeOf(config);
    this.#turn = cooldown.left(scope, now) > GRAIN ? cooldown.pace(scope, now, now) : undefined;
    return left();
  }

  /** A success gives back what the last retry took, or earns a little. */
  #reward(config: Config): void {
    const { throttle } = this.#policy;
    if (this.#cost > 0) throttle?.give(this.#payer, this.#now, this.#cost, this.#isLocal);
    else if (this.#log.attempts === 1) throttle?.give(originOf(config), this.#now);
  }

  /** Takes what the retry costs; why there is none, when not enough is left. */
  #pay(outcome: Outcome, pause: Pause): Settled | undefined {
    const log = this.#log;
    const { config, response, failure } = outcome;
    // Polling a success costs nothing.
    const throttle = failure === 'none' ? undefined : this.#policy.throttle;
    const origin = throttle ? originOf(config) : '';
    const isLocal = failure === 'unsent' || this.#turn !== undefined;
    const cost = throttle?.take(origin, response?.status === 429, this.#now, isLocal);
    if (throttle && cost === undefined) return new Settled(outcome, 'throttled');
    this.#allowance = this.#budget?.reserve(pause.delay);
    const waited = log.totalDelay;
    this.#refund = () => {
      throttle?.give(origin, this.#now, cost, isLocal);
      this.#allowance?.cancel(log.totalDelay - waited);
      this.#task.discard();
    };
    if (this.#budget && !this.#allowance) return new Settled(outcome, 'budget-exhausted');
    if (cost !== undefined) {
      this.#cost = cost;
      this.#payer = origin;
      this.#isLocal = isLocal;
    }
    return undefined;
  }

  /**
   * Hands out a failure that the throttle refuses to retry only after the wait that the policy has for it. The throttle takes
   * away the retry, not the wait: callers that loop do not speed up when a server is down.
   */
  async #holdBack(refusal: Settled, { delay, delaySource }: Pause): Promise<Settled> {
    const { outcome, reason } = refusal;
    const { throttle, maxElapsedTime, totalTimeout } = this.#policy;
    if (reason !== 'throttled' || !throttle?.hold) return refusal;
    const wait = delaySource === 'backoff' ? delay : waitOf(this.#policy, this.#describe(outcome, {}));
    const left = Math.min(maxElapsedTime, totalTimeout) - this.#elapsed;
    await this.#sleep(Math.max(0, Math.min(wait, left)));
    const interruption = this.#interruption(outcome);
    return interruption?.reason === 'aborted' ? interruption : refusal;
  }

  /** Waits; and on, while further pauses are heard. Answers why there is no time for that. */
  async #wait(outcome: Outcome, { delay, delaySource }: Pause): Promise<Settled | undefined> {
    this.#tell('onRetry', outcome, { delay, delaySource });
    if (!isPolled(outcome)) {
      this.#task.release(outcome);
      if (delay >= LONG_WAIT) this.#task.lighten(outcome);
    }
    const beganAt = this.#now;
    let waited = await this.#sleep(delay);
    let late: Settled | undefined;
    while (!late && !this.#link.signal.aborted) {
      // Timers that are faked without the clock have passed all the same.
      const more = this.#putOff(outcome, Math.max(beganAt + waited, this.#now));
      if (more === 0) break;
      late = this.#lateness(outcome, more);
      if (!late && this.#allowance?.extend(more) === false) late = new Settled(outcome, 'budget-exhausted');
      if (!late) waited += await this.#sleep(more);
    }
    this.#log.wait(waited);
    return late;
  }

  /** Sleeps until it is time or the request is interrupted; answers how many milliseconds that took. */
  async #sleep(ms: number): Promise<number> {
    const beganAt = this.#now;
    const { signal } = this.#link;
    await sleepUnlessAborted(this.#world.clock, ms, signal);
    return signal.aborted ? Math.min(ms, this.#now - beganAt) : ms;
  }

  /** The config of the next attempt, once its time has come. */
  async #prepare(outcome: Outcome, pause: Pause): Promise<Config | Settled> {
    const policy = this.#policy;
    const tooLate = this.#interruption(outcome) ?? this.#lateness(outcome);
    if (tooLate) return tooLate;
    const prepared = this.#task.prepare();
    if (!policy.beforeRetry) return prepared;

    const { url } = prepared;
    const method = methodOf(prepared);
    const answer = policy.beforeRetry(prepared, this.#describe(outcome, pause) as PendingRetryContext);
    const edited = await this.#unlessInterrupted(outcome, answer);
    if (edited instanceof Settled) return edited;
    const next = this.#task.adopt(edited, prepared);
    this.#noteChanges(next, method, url);
    const hazard = findHazard(policy, methodOf(next), {
      failure: this.#failure,
      mayHaveActed: this.#log.mayHaveActed,
      keyed: this.#task.isKeyed(next),
      replayable: this.#task.isReplayable(next),
    });
    return hazard ? new Settled(outcome, hazard) : (this.#lateness(outcome) ?? next);
  }

  /** Notes where the next attempt goes, when that is not where the request was to go. */
  #noteChanges(next: Config, method: string, url: string | undefined): void {
    const changes = {
      ...(methodOf(next) !== method && { method: methodOf(next) }),
      ...(next.url !== url && { url: next.url ?? '' }),
    };
    if (Object.keys(changes).length > 0) this.#log.note(this.#log.attempts + 1, changes);
  }

  /** Sends the next attempt. An interceptor that does not settle is cut off when the request is cancelled or out of time. */
  async #send(outcome: Outcome, next: Config): Promise<Outcome | Settled> {
    this.#log.mayHaveActed ||= mayAct(this.#failure);
    const sent = await this.#unlessInterrupted(outcome, this.#task.send(next, outcome), (reason) =>
      this.#task.cut(reason),
    );
    if (sent instanceof Settled) return sent;
    const { isSent, ok } = sent as Outcome;
    if (!isSent && !ok) this.#refund();
    this.#refund = nothing;
    return sent as Outcome;
  }

  /** What a promise answers, unless the request is cancelled, ended or out of time first. */
  async #unlessInterrupted(
    outcome: Outcome,
    answer: unknown,
    mayCut: (reason?: Reason) => boolean = () => true,
  ): Promise<unknown> {
    if (!(answer as Partial<Promise<unknown>> | null | undefined)?.then) return answer;
    let stop = nothing;
    let alarm: AbortController | undefined;
    const first = new Promise((resolve, reject) => {
      const interrupt = (): void => {
        const settled = this.#interruption(outcome) ?? new Settled(outcome, 'total-timeout');
        if (mayCut(settled.reason)) resolve(settled);
      };
      stop = onAbort(this.#link.signal, interrupt);
      (answer as Promise<unknown>).then(resolve, reject);
      const left = this.#policy.totalTimeout - this.#elapsed;
      if (left === Infinity) return;
      alarm = new AbortController();
      this.#world.clock.alarm(Math.max(0, left), alarm.signal).then(interrupt, nothing);
    });
    try {
      return await first;
    } finally {
      stop();
      alarm?.abort();
    }
  }

  /** Why there is no going on between two attempts: the request is cancelled, or there are no further retries. */
  #interruption(outcome: Outcome): Settled | undefined {
    const { config } = outcome;
    const source = sourcesOf(config).find(isCancelled);
    if (source) {
      this.#task.release(outcome);
      const value = this.#task.cancelError(config, source);
      return new Settled({ ...outcome, ok: false, value, response: undefined }, 'aborted');
    }
    return this.#world.ended.aborted ? new Settled(outcome, 'detached') : undefined;
  }

  /** Why it is too late for a retry, now or in so many milliseconds. */
  #lateness(outcome: Outcome, ahead = 0): Settled | undefined {
    const { maxElapsedTime, totalTimeout } = this.#policy;
    const startsAt = this.#elapsed + ahead;
    if (startsAt > maxElapsedTime) return new Settled(outcome, 'max-elapsed-time');
    return startsAt >= totalTimeout ? new Settled(outcome, 'total-timeout') : undefined;
  }

  /** A function of the user threw. Its error is the caller's now, and the failure at hand is its cause. */
  #blame(outcome: Outcome, thrown: unknown): Settled {
    this.#task.release(outcome);
    const { ok, value } = outcome;
    const error = ok ? thrown : withCause(thrown, value);
    return new Settled({ ...outcome, ok: false, value: error }, 'callback-threw');
  }

  #settle({ outcome, reason }: Settled): Outcome {
    this.#log.settle(this.#now, reason);
    if (reason !== undefined) this.#tell('onGiveUp', outcome, { reason });
    return outcome;
  }

  get #now(): number {
    return this.#world.clock.monotonic();
  }

  get #elapsed(): number {
    return this.#now - this.#log.origin;
  }

  #describe<More extends object>(outcome: Outcome, more: More): RetryContext & More {
    const { attempts, totalDelay, duration, mayHaveActed } = this.#log;
    const progress = {
      attemptNumber: attempts,
      maxAttempts: this.#policy.maxAttempts,
      elapsed: this.#elapsed,
      totalDelay,
      duration,
      mayHaveActed,
      random: this.#world.random,
      ...(this.#hint !== undefined && { hint: this.#hint }),
    };
    return describe(progress, outcome, (config) => this.#task.copyOf(config), more);
  }

  #tell(event: 'onAttempt' | 'onRetry' | 'onGiveUp', outcome: Outcome, more: object): void {
    for (const observer of this.#policy.observers) {
      try {
        const { [event]: listen } = observer as { [name in typeof event]?: (context: object) => unknown };
        (listen?.(this.#describe(outcome, more)) as Promise<void> | undefined)?.then(nothing, nothing);
      } catch {
        // Observers are told and never asked.
      }
    }
  }
}

/** Whether a response is one that only `retryIf` sends again: an interruption hands it out, and then it must be readable. */
const isPolled = ({ failure }: Outcome): boolean => failure === 'none' || failure === 'permanent';
