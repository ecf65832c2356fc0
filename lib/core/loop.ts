import type { InternalAxiosRequestConfig } from 'axios';
import { withCause } from '../failure/causes.ts';
import { DEFAULT_VERDICT, isTransient } from '../failure/transient.ts';
import { askReader, readHints } from '../hints/hints.ts';
import { readVerdict } from '../options/answers.ts';
import { isCancelled, type Link, linkTo, sleepUnlessAborted, sourcesOf } from '../runtime/abort.ts';
import { race } from '../runtime/race.ts';
import type { Failure, PendingRetryContext, Reason, RetryObserver, RetryVerdict } from '../types.ts';
import { decide, findHazard, mayAct, type Pause, waitOf } from './decide.ts';
import { methodOf } from './describe.ts';
import { contextOf, tell } from './observe.ts';
import { isPolled, type Outcome, Settled } from './outcome.ts';
import { Pacing } from './pacing.ts';
import { Payment } from './payment.ts';
import type { Task, Terms } from './task.ts';
import { applyVerdict } from './verdict.ts';

type Config = InternalAxiosRequestConfig;

/** A shorter wait, in milliseconds, ends before what a failure holds of the memory matters. */
const LONG_WAIT = 100;

/** Judges an outcome, waits, sends again; answers the outcome that is the caller's. */
export const run = (task: Task, terms: Terms, first: Outcome): Promise<Outcome> =>
  new Loop(task, terms).run(first);

/** A request in the loop. Methods, for thousands may wait at once and closures would make each half a kilobyte heavier. */
class Loop {
  readonly #task: Task;
  readonly #terms: Terms;
  readonly #pacing: Pacing;
  readonly #payment: Payment;
  #link: Link;
  #startedAt: number;
  /** What the latest outcome tells about the server, after the word of the user. */
  #failure: Failure = 'none';

  constructor(task: Task, terms: Terms) {
    this.#task = task;
    this.#terms = terms;
    this.#pacing = new Pacing(terms);
    this.#payment = new Payment(terms);
    this.#startedAt = terms.startedAt;
    this.#link = linkTo(terms.world.ended, []);
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

        const sent = await this.#send(outcome, next);
        if (sent instanceof Settled) return this.#settle(sent);
        outcome = sent;
      }
    } catch (thrown) {
      return this.#settle(this.#blame(outcome, thrown));
    } finally {
      this.#payment.refund();
      this.#link.release();
    }
  }

  #record({ config, isSent, result }: Outcome): void {
    const { world, log } = this.#terms;
    // What was held and never sent is no attempt.
    if (isSent || log.attempts > 0) log.add(this.#startedAt, this.#now, result);
    this.#link.release();
    this.#link = linkTo(world.ended, sourcesOf(config));
  }

  /** How long to wait before another attempt, if there is to be one. */
  async #decide(outcome: Outcome): Promise<Pause | Settled> {
    const { ok, config, response, final } = outcome;
    const { policy, log, world } = this.#terms;
    const status = response?.status ?? 0;
    const { after, shouldRetry } = final ? {} : readHints(response?.headers, status, world.clock.now());
    log.hear(after);
    log.hint ??= outcome.hint;
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
    if (asked !== undefined) log.hear(asked);
    this.#failure = failure;

    const endedAt = this.#now;
    this.#pacing.hear(outcome, endedAt);
    const task = this.#task;
    const decision = decide(policy, {
      context: contextOf(task, this.#terms, outcome, {}),
      worthIt,
      vetoed: shouldRetry === false,
      hint: log.hint,
      failure,
      mayHaveActed: log.mayHaveActed,
      keyed,
      get replayable() {
        return task.isReplayable();
      },
      pace: (pause) => this.#pacing.pace(outcome, pause, endedAt),
    });
    if (typeof decision !== 'string') return this.#interruption(outcome) ?? decision;
    if (!ok || worthIt) return new Settled(outcome, isCut && !ok ? 'aborted' : decision);
    this.#payment.reward(config);
    return new Settled(outcome);
  }

  async #judge(outcome: Outcome, byDefault: boolean): Promise<RetryVerdict | Settled> {
    const { retryIf } = this.#terms.policy;
    if (!retryIf) return byDefault;
    const answer = retryIf(contextOf(this.#task, this.#terms, outcome, { [DEFAULT_VERDICT]: byDefault }));
    return (await this.#unlessInterrupted(outcome, answer)) as RetryVerdict | Settled;
  }

  /** Takes what the retry costs; why there is none, when not enough is left. */
  #pay(outcome: Outcome, { delay }: Pause): Settled | undefined {
    const isLocal = outcome.failure === 'unsent' || this.#pacing.isPaced;
    const refusal = this.#payment.take(outcome, delay, isLocal);
    return refusal && new Settled(outcome, refusal);
  }

  /**
   * Hands out a failure that the throttle refuses to retry only after the wait that the policy has for it. The throttle takes
   * away the retry, not the wait: callers that loop do not speed up when a server is down.
   */
  async #holdBack(refusal: Settled, { delay, delaySource }: Pause): Promise<Settled> {
    const { outcome, reason } = refusal;
    const { policy } = this.#terms;
    if (reason !== 'throttled' || !policy.throttle?.hold) return refusal;
    const wait =
      delaySource === 'backoff' ? delay : waitOf(policy, contextOf(this.#task, this.#terms, outcome, {}));
    const left = Math.min(policy.maxElapsedTime, policy.totalTimeout) - this.#elapsed;
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
      const more = this.#pacing.putOff(outcome, Math.max(beganAt + waited, this.#now));
      if (more === 0) break;
      late = this.#lateness(outcome, more);
      if (!late && !this.#payment.extend(more)) late = new Settled(outcome, 'budget-exhausted');
      if (!late) waited += await this.#sleep(more);
    }
    this.#terms.log.wait(waited);
    return late;
  }

  /** Sleeps until it is time or the request is interrupted; answers how many milliseconds that took. */
  async #sleep(ms: number): Promise<number> {
    const beganAt = this.#now;
    const { signal } = this.#link;
    await sleepUnlessAborted(this.#terms.world.clock, ms, signal);
    return signal.aborted ? Math.min(ms, this.#now - beganAt) : ms;
  }

  /** The config of the next attempt, once its time has come. */
  async #prepare(outcome: Outcome, pause: Pause): Promise<Config | Settled> {
    const { policy, log } = this.#terms;
    const tooLate = this.#interruption(outcome) ?? this.#lateness(outcome);
    if (tooLate) return tooLate;
    const prepared = this.#task.prepare();
    if (!policy.beforeRetry) return prepared;

    const { url } = prepared;
    const method = methodOf(prepared);
    const context: PendingRetryContext = contextOf(this.#task, this.#terms, outcome, pause);
    const edited = await this.#unlessInterrupted(outcome, policy.beforeRetry(prepared, context));
    if (edited instanceof Settled) return edited;
    const next = this.#task.adopt(edited, prepared);
    this.#noteChanges(next, method, url);
    const hazard = findHazard(policy, methodOf(next), {
      failure: this.#failure,
      mayHaveActed: log.mayHaveActed,
      keyed: this.#task.isKeyed(next),
      replayable: this.#task.isReplayable(next),
    });
    return hazard ? new Settled(outcome, hazard) : (this.#lateness(outcome) ?? next);
  }

  /** Notes where the next attempt goes, when that is not where the request was to go. */
  #noteChanges(next: Config, method: string, url: string | undefined): void {
    const { log } = this.#terms;
    const changes = {
      ...(methodOf(next) !== method && { method: methodOf(next) }),
      ...(next.url !== url && { url: next.url ?? '' }),
    };
    if (Object.keys(changes).length > 0) log.note(log.attempts + 1, changes);
  }

  /** Sends the next attempt. An interceptor that does not settle is cut off when the request is cancelled or out of time. */
  async #send(outcome: Outcome, next: Config): Promise<Outcome | Settled> {
    this.#terms.log.mayHaveActed ||= mayAct(this.#failure);
    this.#startedAt = this.#now;
    const answer = this.#task.send(next, outcome);
    const sent = await this.#unlessInterrupted(outcome, answer, (reason, cutOff) => {
      this.#task.cut(reason, (isSent) => {
        if (isSent) this.#noteLost();
        cutOff();
      });
    });
    if (sent instanceof Settled) return sent;
    const { isSent, ok } = sent as Outcome;
    if (isSent || ok) this.#payment.spend();
    else this.#payment.refund();
    return sent as Outcome;
  }

  /** Counts an attempt that was sent and whose outcome an interceptor kept. */
  #noteLost(): void {
    this.#terms.log.add(this.#startedAt, this.#now, undefined);
    this.#payment.spend();
  }

  /** What a promise answers, unless the request is cancelled, ended or out of time first. */
  #unlessInterrupted(
    outcome: Outcome,
    answer: unknown,
    cut: (reason: Reason | undefined, cutOff: () => void) => void = (_, cutOff) => cutOff(),
  ): Promise<unknown> {
    const { policy, world } = this.#terms;
    const left = policy.totalTimeout - this.#elapsed;
    const sources = [world.ended, ...sourcesOf(outcome.config)];
    return race(answer, { sources, left, clock: world.clock }, (isTimeUp, end) => {
      const reason = isTimeUp ? 'total-timeout' : 'detached';
      const settled = this.#cancellation(outcome) ?? new Settled(outcome, reason);
      cut(settled.reason, () => end(settled));
    });
  }

  /** Why there is no going on between two attempts: the request is cancelled, or there are no further retries. */
  #interruption(outcome: Outcome): Settled | undefined {
    const cancellation = this.#cancellation(outcome);
    if (cancellation) return cancellation;
    return this.#terms.world.ended.aborted ? new Settled(outcome, 'detached') : undefined;
  }

  #cancellation(outcome: Outcome): Settled | undefined {
    const { config } = outcome;
    const source = sourcesOf(config).find(isCancelled);
    if (!source) return undefined;
    this.#task.release(outcome);
    const value = this.#task.cancelError(config, source);
    return new Settled({ ...outcome, ok: false, value, response: undefined }, 'aborted');
  }

  /** Why it is too late for a retry, now or in so many milliseconds. */
  #lateness(outcome: Outcome, ahead = 0): Settled | undefined {
    const { maxElapsedTime, totalTimeout } = this.#terms.policy;
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
    this.#terms.log.settle(this.#now, reason);
    if (reason !== undefined) this.#tell('onGiveUp', outcome, { reason });
    return outcome;
  }

  #tell(event: keyof RetryObserver, outcome: Outcome, more: object): void {
    const { observers } = this.#terms.policy;
    tell(observers, event, () => contextOf(this.#task, this.#terms, outcome, more));
  }

  get #now(): number {
    return this.#terms.world.clock.monotonic();
  }

  get #elapsed(): number {
    return this.#now - this.#terms.log.origin;
  }
}
