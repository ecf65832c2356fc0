import type { Policy } from '../core/policy.ts';
import { withCause } from '../failure/causes.ts';
import type { BudgetLike, CooldownLike, Reservation, Turn } from '../limits/brand.ts';
import { onAbort } from '../runtime/abort.ts';
import type { Clock, Reason, RetryPredicate } from '../types.ts';
import type { BatchProgress, BatchRejection, BatchResult } from './result.ts';
import type { Source } from './source.ts';
import { type Judgement, judge } from './verdict.ts';
import { Width } from './width.ts';

/** How a batch is sent, all options resolved. */
export interface BatchTerms<T, R> {
  readonly send: (item: T) => R | PromiseLike<R>;
  readonly concurrency: number;
  readonly policy: Policy;
  readonly retryIf: RetryPredicate | undefined;
  readonly budget: BudgetLike | undefined;
  readonly cooldown: CooldownLike;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: BatchProgress) => void) | undefined;
  readonly clock: Required<Clock>;
  readonly random: () => number;
}

/** The milliseconds of pauses that the batch puts up with while nothing succeeds. */
const PATIENCE = 300_000;

type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown; readonly reason: Reason };

/** An item that was read, and how it has come so far. */
class Entry<T, R> {
  attempts = 0;
  outcome: Outcome<R> | undefined = undefined;
  /** The latest failure, and the milliseconds to wait before the next round. */
  error: unknown = undefined;
  delay = 0;
  /** Milliseconds that the latest sending took. */
  duration = 0;
  /** Whether a server may have acted on an earlier sending. */
  mayHaveActed = false;
  /** Whether it failed and is to be sent again. */
  isWaiting = false;
  /** What was taken from the budget for the next time that it is sent, and when. */
  reservation: Reservation | undefined = undefined;
  paidAt = 0;

  constructor(readonly item: T) {}
}

/** Why a batch ends before every item is done with. Only an abort does not wait for what is in flight. */
interface End {
  readonly kind: 'abort' | 'patience' | 'fault';
  readonly error: unknown;
}

/** Answers the next item of a round, or that there is none. */
type Next<T, R> = () => Entry<T, R> | undefined | Promise<Entry<T, R> | undefined>;

const nothing = (): void => undefined;

/** A batch under way. */
export class BatchRun<T, R> {
  readonly #source: Source<T>;
  readonly #terms: BatchTerms<T, R>;
  readonly #policy: Policy;
  readonly #width: Width;
  readonly #startedAt: number;
  /** Every item that was read, in order. */
  readonly #entries = new Map<T, Entry<T, R>>();
  /** What the server put off, to be sent before all else in this round. */
  readonly #putOff: Entry<T, R>[] = [];
  /** What failed in this round and is sent again in the next. */
  readonly #failed = new Set<Entry<T, R>>();
  /** The scopes of the cooldown that this batch has heard of. */
  readonly #scopes = new Set<string>();
  /** Ends every wait when the batch ends early. */
  readonly #stop = new AbortController();
  #end: End | undefined = undefined;
  #round = 1;
  #roundWait: number | undefined = undefined;
  #totalDelay = 0;
  /** The item that was read and is not sent yet. */
  #read: Entry<T, R> | undefined = undefined;
  #isReading = false;
  /** Whether there is nothing more to read in this round, and in the source. */
  #isDry = false;
  #isExhausted = false;
  #active = 0;
  #count = { done: 0, failed: 0, waiting: 0 };
  /** When the first pause since the last success began. */
  #stalledAt: number | undefined = undefined;
  /** Whether the result is made, and nothing that comes later counts. */
  #isClosed = false;
  #notify = nothing;

  constructor(source: Source<T>, terms: BatchTerms<T, R>) {
    this.#source = source;
    this.#terms = terms;
    this.#policy = { ...terms.policy, wait: (context) => (this.#roundWait ??= terms.policy.wait(context)) };
    this.#width = new Width(terms.concurrency);
    this.#startedAt = terms.clock.monotonic();
  }

  async run(): Promise<BatchResult<T, R>> {
    const { signal } = this.#terms;
    const unsubscribe = signal && onAbort(signal, () => this.#stopFor('abort', signal.reason));
    try {
      await this.#sendRound(() => this.#readNew());
      for (let again = this.#nextRound(); again.length > 0; again = this.#nextRound()) {
        await this.#sleep(longestDelay(again));
        this.#round += 1;
        this.#roundWait = undefined;
        const line = again.values();
        await this.#sendRound(() => line.next().value);
      }
      if (this.#end?.kind === 'fault') throw this.#end.error;
      if (this.#end) this.#rejectTheRest(this.#end);
      return this.#result();
    } finally {
      this.#isClosed = true;
      unsubscribe?.();
      if (!this.#isExhausted) this.#source.close();
      for (const entry of this.#entries.values()) this.#giveBack(entry);
    }
  }

  /** Sends what `next` gives, and what the server puts off meanwhile, until all of it has come back. */
  async #sendRound(next: Next<T, R>): Promise<void> {
    this.#isDry = false;
    while (!this.#isOver()) {
      const entry = this.#putOff[0] ?? this.#read;
      if (this.#end || !this.#width.hasRoom(this.#active)) await this.#change();
      else if (entry) await this.#sendInTurn(entry);
      else if (this.#isDry && this.#active === 0) return;
      else {
        if (!this.#isDry && !this.#isReading) void this.#readOne(next);
        await this.#change();
      }
    }
  }

  #isOver(): boolean {
    return this.#end !== undefined && (this.#end.kind === 'abort' || this.#active === 0);
  }

  /** Resolves when something has happened that decides what comes next. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = resolve;
    });
  }

  #stopFor(kind: End['kind'], error: unknown): void {
    this.#end ??= { kind, error };
    this.#stop.abort();
    this.#notify();
  }

  async #readOne(next: Next<T, R>): Promise<void> {
    this.#isReading = true;
    try {
      this.#read = await next();
      this.#isDry = this.#read === undefined;
    } catch (error) {
      this.#isExhausted = true;
      this.#stopFor('fault', error);
    }
    this.#isReading = false;
    this.#notify();
  }

  /** The next item of the source that is not equal to an earlier one. */
  async #readNew(): Promise<Entry<T, R> | undefined> {
    for (;;) {
      const { done, value } = await this.#source.next();
      if (done) break;
      if (!this.#entries.has(value)) return this.#enter(value);
    }
    this.#isExhausted = true;
    if (this.#source.total === undefined) this.#tell();
    return undefined;
  }

  #enter(item: T): Entry<T, R> {
    const entry = new Entry<T, R>(item);
    this.#entries.set(item, entry);
    return entry;
  }

  async #sendInTurn(entry: Entry<T, R>): Promise<void> {
    await this.#coolDown();
    if (this.#end) return;
    if (this.#putOff[0] === entry) this.#putOff.shift();
    else this.#read = undefined;
    void this.#send(entry);
  }

  /** Waits while a server has paused the batch. */
  async #coolDown(): Promise<void> {
    const { cooldown, clock } = this.#terms;
    for (const scope of this.#scopes) {
      const now = clock.monotonic();
      const turn = cooldown.pace(scope, now, now);
      if (turn) await this.#waitFor(turn);
    }
  }

  async #waitFor(turn: Turn): Promise<void> {
    // A further pause moves it back.
    const left = (): number => (this.#end ? 0 : turn.due - this.#terms.clock.monotonic());
    try {
      for (let ms = left(); ms > 0; ms = left()) await this.#sleep(ms);
    } finally {
      turn.leave();
    }
  }

  async #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#terms.clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    this.#totalDelay += ms;
  }

  async #send(entry: Entry<T, R>): Promise<void> {
    const { send } = this.#terms;
    const { cuts } = this.#width;
    this.#active += 1;
    entry.attempts += 1;
    entry.reservation = undefined;
    this.#wait(entry, false);
    const sentAt = this.#terms.clock.monotonic();
    try {
      const value = await send(entry.item);
      this.#width.grow();
      this.#stalledAt = undefined;
      this.#settle(entry, { ok: true, value });
    } catch (error) {
      entry.error = error;
      entry.duration = this.#terms.clock.monotonic() - sentAt;
      await this.#fail(entry, cuts);
    }
    this.#active -= 1;
    this.#notify();
  }

  async #fail(entry: Entry<T, R>, cuts: number): Promise<void> {
    if (this.#isDeaf()) return;
    const { error } = entry;
    try {
      const judgement = await this.#judge(entry);
      const { answer, hint } = judgement;
      entry.mayHaveActed ||= judgement.mayHaveActed;
      if (this.#isDeaf()) return;
      if (hint !== undefined) this.#obey(entry, judgement, hint, cuts);
      else if (typeof answer === 'string') this.#reject(entry, answer);
      else this.#keep(entry, answer.delay);
    } catch (thrown) {
      // A function of the user threw. Its error is the item's now; the other items matter more than to end here.
      entry.error = withCause(thrown, error);
      this.#reject(entry, 'callback-threw');
    }
  }

  /** Whether what comes of an item no longer counts. */
  #isDeaf(): boolean {
    return this.#isClosed || this.#end?.kind === 'abort';
  }

  #judge({ item, error, duration, mayHaveActed }: Entry<T, R>): Promise<Judgement> {
    const { clock, random, retryIf } = this.#terms;
    return judge(item, error, retryIf, this.#policy, clock.now(), {
      duration,
      mayHaveActed,
      attemptNumber: this.#round,
      maxAttempts: this.#policy.maxAttempts,
      elapsed: clock.monotonic() - this.#startedAt,
      totalDelay: this.#totalDelay,
      random,
    });
  }

  /** Pauses the batch for as long as the server asks; the item is sent again in this round, unless it is beyond help. */
  #obey(entry: Entry<T, R>, { answer, config }: Judgement, hint: number, cuts: number): void {
    const { cooldown, budget, clock } = this.#terms;
    const scope = cooldown.scopeOf(config);
    const now = clock.monotonic();
    const longer = Math.max(0, hint - cooldown.left(scope, now));
    const reservation = budget?.reserve(longer);
    const isAffordable = !budget || reservation !== undefined;
    if (isAffordable) this.#pause(scope, hint, entry.error, cuts);
    if (typeof answer === 'string') {
      // The wait is paid for; the retry is not needed.
      reservation?.cancel(longer);
      this.#reject(entry, answer);
    } else if (isAffordable) {
      entry.reservation = reservation;
      entry.paidAt = now;
      this.#putOff.push(entry);
      this.#wait(entry, true);
    } else this.#reject(entry, 'budget-exhausted');
  }

  #pause(scope: string, hint: number, error: unknown, cuts: number): void {
    const { cooldown, clock, random } = this.#terms;
    const now = clock.monotonic();
    this.#scopes.add(scope);
    cooldown.hear(scope, hint, now, random);
    this.#width.cut(cuts, this.#active);
    this.#stalledAt ??= now;
    if (now + hint - this.#stalledAt > PATIENCE) this.#stopFor('patience', error);
  }

  /** Keeps an item for the next round. */
  #keep(entry: Entry<T, R>, delay: number): void {
    entry.delay = delay;
    this.#failed.add(entry);
    this.#wait(entry, true);
  }

  #reject(entry: Entry<T, R>, reason: Reason): void {
    this.#settle(entry, { ok: false, error: entry.error, reason });
  }

  #settle(entry: Entry<T, R>, outcome: Outcome<R>): void {
    if (this.#isDeaf()) return;
    this.#record(entry, outcome);
    this.#tell();
  }

  #record(entry: Entry<T, R>, outcome: Outcome<R>): void {
    entry.outcome = outcome;
    this.#count.done += 1;
    if (!outcome.ok) this.#count.failed += 1;
    this.#wait(entry, false);
  }

  #wait(entry: Entry<T, R>, isWaiting: boolean): void {
    if (entry.isWaiting === isWaiting) return;
    entry.isWaiting = isWaiting;
    this.#count.waiting += isWaiting ? 1 : -1;
    if (isWaiting) this.#tell();
  }

  #tell(): void {
    const { onProgress } = this.#terms;
    if (!onProgress || this.#isClosed) return;
    const total = this.#source.total ?? (this.#isExhausted ? this.#entries.size : undefined);
    try {
      const answer: unknown = onProgress(Object.freeze({ ...this.#count, total }));
      (answer as Promise<unknown> | undefined)?.then?.(nothing, nothing);
    } catch {
      // It is told and never asked.
    }
  }

  /** The items of the next round, in order; those for which the budget has nothing left are rejected. */
  #nextRound(): readonly Entry<T, R>[] {
    if (this.#end) return [];
    const failed = [...this.#entries.values()].filter((entry) => this.#failed.has(entry));
    this.#failed.clear();
    const { budget } = this.#terms;
    const granted = new Set(budget ? this.#afford(budget, failed) : failed);
    for (const entry of failed) if (!granted.has(entry)) this.#reject(entry, 'budget-exhausted');
    return [...granted];
  }

  #afford(budget: BudgetLike, entries: readonly Entry<T, R>[]): readonly Entry<T, R>[] {
    const delay = longestDelay(entries);
    const granted = entries.slice(0, this.#reserve(budget, entries, delay));
    if (granted.length > 0 || entries.length === 0) return granted;
    // It may be only the longest wait that is not left.
    return this.#afford(
      budget,
      entries.filter((entry) => entry.delay < delay),
    );
  }

  /** Takes a retry for each item; answers for how many there was one. They wait together, so the first pays for the wait. */
  #reserve(budget: BudgetLike, entries: readonly Entry<T, R>[], delay: number): number {
    const now = this.#terms.clock.monotonic();
    let granted = 0;
    for (const entry of entries) {
      const reservation = budget.reserve(granted === 0 ? delay : 0);
      if (!reservation) break;
      entry.reservation = reservation;
      entry.paidAt = now;
      granted += 1;
    }
    return granted;
  }

  #giveBack({ reservation, paidAt }: Entry<T, R>): void {
    reservation?.cancel(this.#terms.clock.monotonic() - paidAt);
  }

  #rejectTheRest({ kind, error }: End): void {
    for (const item of this.#source.rest()) if (!this.#entries.has(item)) this.#enter(item);
    const left = [...this.#entries.values()].filter(({ outcome }) => !outcome);
    for (const entry of left) {
      const isOwn = kind === 'patience' && entry.attempts > 0;
      const reason = kind === 'abort' ? 'aborted' : 'cooling-down';
      this.#record(entry, { ok: false, error: isOwn ? entry.error : error, reason });
    }
    if (left.length > 0) this.#tell();
  }

  #result(): BatchResult<T, R> {
    const fulfilled = new Map<T, R>();
    const rejected = new Map<T, unknown>();
    const report = new Map<T, BatchRejection>();
    for (const { item, attempts, outcome } of this.#entries.values()) {
      if (outcome?.ok) fulfilled.set(item, outcome.value);
      else if (outcome) {
        rejected.set(item, outcome.error);
        report.set(item, { reason: outcome.reason, attempts });
      }
    }
    return { fulfilled, rejected, report };
  }
}

const longestDelay = (entries: readonly { readonly delay: number }[]): number =>
  entries.reduce((longest, { delay }) => Math.max(longest, delay), 0);
