import type { AttemptRecord, Reason, RetryReport } from '../types.ts';

const FIRST_KEPT = 10;
const LAST_KEPT = 40;

/** What is told of an attempt beside its times and its result; most attempts have none of it. */
export type Notes = Pick<AttemptRecord, 'hint' | 'method' | 'url'>;

/** The attempts of one request, in numbers only, so that it keeps no error, body or header alive. */
export class AttemptLog {
  attempts = 0;
  totalDelay = 0;
  elapsed = 0;
  /** Milliseconds that the latest attempt took. */
  duration = 0;
  mayHaveActed = false;
  /** Milliseconds that the server asked to wait, in its latest answer. */
  hint: number | undefined = undefined;
  isSettled = false;
  reason: Reason | undefined;
  /** Start since the first, duration and delay (or -1) of each kept attempt, one after another: half the memory of objects. */
  #times: number[] = [];
  /** Status or code of each kept attempt. */
  #results: (number | string | undefined)[] = [];
  /** By the number of the attempt. */
  #notes: Map<number, Notes> | undefined = undefined;

  /**
   * @param startedAt epoch milliseconds of the first attempt
   * @param origin the same moment on the monotonic clock
   */
  constructor(
    readonly startedAt: number,
    readonly origin: number,
  ) {}

  add(startedAt: number, endedAt: number, result: number | string | undefined): void {
    this.attempts += 1;
    this.duration = endedAt - startedAt;
    if (this.#results.length === FIRST_KEPT + LAST_KEPT) {
      this.#results.splice(FIRST_KEPT, 1);
      this.#times.splice(3 * FIRST_KEPT, 3);
      this.#notes?.delete(this.attempts - LAST_KEPT);
    }
    // Not `push`, which makes room for 17: most requests have one entry, or two.
    this.#results = [...this.#results, result];
    this.#times = [...this.#times, startedAt - this.origin, this.duration, -1];
    this.elapsed = endedAt - this.origin;
  }

  /** Notes something about an attempt. */
  note(attempt: number, notes: Notes): void {
    this.#notes ??= new Map();
    this.#notes.set(attempt, { ...this.#notes.get(attempt), ...notes });
  }

  /** Notes how many milliseconds the server asked to wait, in its answer to the latest attempt. */
  hear(hint: number | undefined): void {
    this.hint = hint;
    if (hint !== undefined) this.note(this.attempts, { hint });
  }

  /** Notes the wait after the latest attempt. */
  wait(delay: number): void {
    this.totalDelay += delay;
    this.#times[this.#times.length - 1] = delay;
  }

  settle(endedAt: number, reason?: Reason): void {
    this.isSettled = true;
    this.elapsed = endedAt - this.origin;
    this.reason = reason;
  }

  report(): RetryReport {
    const { elapsed, totalDelay, mayHaveActed, reason } = this;
    const omitted = this.attempts - this.#results.length;
    return {
      attempts: this.#results.map((result, index) => {
        const [start, duration, delay] = this.#times.slice(3 * index) as [number, number, number];
        const number = index + 1 + (index < FIRST_KEPT ? 0 : omitted);
        return {
          number,
          startedAt: this.startedAt + start,
          duration,
          ...(typeof result === 'number' ? { status: result } : result !== undefined && { code: result }),
          ...(delay >= 0 && { delay }),
          ...this.#notes?.get(number),
        };
      }),
      omitted,
      elapsed,
      totalDelay,
      mayHaveActed,
      ...(reason !== undefined && { reason }),
    };
  }
}
