import { AttemptLog } from '../core/attempt-log.ts';
import type { Policy } from '../core/policy.ts';
import type { Clock } from '../types.ts';
import { wrapped } from './adapter.ts';
import { type Deadline, withDeadline } from './deadline.ts';
import type { Config } from './snapshot.ts';

/** When a request and its latest attempt began, and when their time is up. Monotonic times, where it does not say otherwise. */
export class Times {
  readonly #policy: Policy;
  readonly #clock: Required<Clock>;
  /** Epoch milliseconds. */
  readonly #startedAt: number;
  readonly #origin: number;
  attemptedAt: number;
  /** Whether `totalTimeout` cut an attempt off. */
  isOverdue = false;

  constructor(clock: Required<Clock>, policy: Policy) {
    this.#policy = policy;
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#origin = this.attemptedAt = clock.monotonic();
  }

  newLog(): AttemptLog {
    return new AttemptLog(this.#startedAt, this.#origin);
  }

  /** Milliseconds that the request and its latest attempt have taken when it is `end`. */
  until(end: number): { readonly elapsed: number; readonly duration: number } {
    return { elapsed: end - this.#origin, duration: end - this.attemptedAt };
  }

  /** An attempt begins now. */
  begin(): void {
    this.attemptedAt = this.#clock.monotonic();
  }

  /** Milliseconds that the request may still take. */
  get left(): number {
    return this.#totalEnd - this.#clock.monotonic();
  }

  get #totalEnd(): number {
    return this.#origin + this.#policy.totalTimeout;
  }

  /** Puts the deadlines of the policy around the adapter. */
  limit(config: Config): void {
    const { attemptTimeout, totalTimeout } = this.#policy;
    if (Math.min(attemptTimeout, totalTimeout) === Infinity) return;
    const { adapter } = config;
    const next = (): Deadline => this.#next();
    config.adapter = wrapped(adapter, withDeadline(adapter, this.#clock.alarm, next));
  }

  /** The deadline that comes first. */
  #next(): Deadline {
    const { attemptTimeout, totalTimeout } = this.#policy;
    const attemptEnd = this.attemptedAt + attemptTimeout;
    const isTotal = this.#totalEnd <= attemptEnd;
    return {
      left: Math.min(attemptEnd, this.#totalEnd) - this.#clock.monotonic(),
      name: isTotal ? `totalTimeout of ${totalTimeout} ms` : `attemptTimeout of ${attemptTimeout} ms`,
      strike: () => {
        this.isOverdue = isTotal;
      },
    };
  }
}
