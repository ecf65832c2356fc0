import type { AttemptRecord, Reason, RetryReport } from './types.ts';

const FIRST_KEPT = 10;
const LAST_KEPT = 40;

/** Where the attempt with this number, from 1, is kept: the first 10 stay, the rest share 40 places in turn. */
const slotOf = (number: number): number =>
  number <= FIRST_KEPT ? number - 1 : FIRST_KEPT + ((number - FIRST_KEPT - 1) % LAST_KEPT);

/** The attempts of one request, in numbers only, so that it keeps no error, body or header alive. */
export class AttemptLog {
  attempts = 0;
  totalDelay = 0;
  elapsed = 0;
  reason: Reason | undefined;
  /** Start (since the first), duration and delay of each kept attempt, one after another. */
  readonly #times: number[] = [];
  /** Status or code of each kept attempt. */
  readonly #results: (number | string | undefined)[] = [];

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
    const slot = slotOf(this.attempts);
    this.#times[3 * slot] = startedAt - this.origin;
    this.#times[3 * slot + 1] = endedAt - startedAt;
    this.#times[3 * slot + 2] = -1;
    this.#results[slot] = result;
    this.elapsed = endedAt - this.origin;
  }

  /** Notes the wait after the latest attempt. */
  wait(delay: number): void {
    this.totalDelay += delay;
    this.#times[3 * slotOf(this.attempts) + 2] = delay;
  }

  settle(endedAt: number, reason?: Reason): void {
    this.elapsed = endedAt - this.origin;
    this.reason = reason;
  }

  report(): RetryReport {
    const kept = Math.min(this.attempts, FIRST_KEPT + LAST_KEPT);
    const omitted = this.attempts - kept;
    return {
      attempts: Array.from({ length: kept }, (_, i) =>
        this.#record(i < FIRST_KEPT ? i + 1 : i + 1 + omitted),
      ),
      omitted,
      elapsed: this.elapsed,
      totalDelay: this.totalDelay,
      ...(this.reason !== undefined && { reason: this.reason }),
    };
  }

  #record(number: number): AttemptRecord {
    const slot = slotOf(number);
    const [start = 0, duration = 0, delay = -1] = this.#times.slice(3 * slot);
    const result = this.#results[slot];
    return {
      number,
      startedAt: this.startedAt + start,
      duration,
      ...(typeof result === 'number' && { status: result }),
      ...(typeof result === 'string' && { code: result }),
      ...(delay >= 0 && { delay }),
    };
  }
}
