import { type Counter, type Histogram, type MeterProvider, metrics } from '@opentelemetry/api';
import type { AxiosResponse } from 'axios';
import { methodOf } from '../core/describe.ts';
import { isNews } from '../observe/news.ts';
import type { GiveUpContext, PendingRetryContext } from '../types.ts';
import { errorAttribute, reasonAttribute, requestAttributes } from './attributes.ts';
import { type ObservedThrottle, observeThrottle } from './throttle-gauge.ts';

interface Instruments {
  readonly retries: Counter;
  readonly giveUps: Counter;
  readonly retryDelay: Histogram;
  readonly requestRetries: Histogram;
}

/** The metrics of one attached client. */
export class RetryMetrics {
  readonly #given: MeterProvider | undefined;
  readonly #throttle: ObservedThrottle | undefined;
  #provider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  /** @param provider the global one when left out, whenever it is set */
  constructor(provider: MeterProvider | undefined, throttle: ObservedThrottle | undefined) {
    this.#given = provider;
    this.#throttle = throttle;
  }

  retried(context: PendingRetryContext): void {
    const attributes = {
      ...requestAttributes(context),
      ...errorAttribute(context),
      'axios_tenacity.delay_source': context.delaySource,
    };
    const { retries, retryDelay } = this.#ready();
    retries.add(1, attributes);
    retryDelay.record(context.delay / 1_000, attributes);
  }

  gaveUp(context: GiveUpContext): void {
    if (!isNews(context)) return;
    const request = requestAttributes(context);
    const reason = reasonAttribute(context);
    const { giveUps, requestRetries } = this.#ready();
    giveUps.add(1, { ...request, ...errorAttribute(context), ...reason });
    const retries = context.attemptNumber - 1;
    if (retries > 0) requestRetries.record(retries, { ...request, ...reason });
  }

  /** A request that succeeded after some retries. */
  recovered({ config }: AxiosResponse, retries: number): void {
    this.#ready().requestRetries.record(retries, {
      ...requestAttributes({ method: methodOf(config), config }),
      'axios_tenacity.reason': 'succeeded',
    });
  }

  /** The instruments, made anew when the application sets a provider only after it attached: the API has no proxy for those. */
  #ready(): Instruments {
    const provider = this.#given ?? metrics.getMeterProvider();
    if (this.#instruments && this.#provider === provider) return this.#instruments;
    this.#provider = provider;
    const meter = provider.getMeter('axios-tenacity');
    if (this.#throttle) observeThrottle(provider, meter, this.#throttle);
    this.#instruments = {
      retries: meter.createCounter('axios_tenacity.retries', {
        description: 'Retries that were scheduled.',
        unit: '{retry}',
      }),
      giveUps: meter.createCounter('axios_tenacity.give_ups', {
        description: 'Requests that failed and are not retried any more.',
        unit: '{request}',
      }),
      retryDelay: meter.createHistogram('axios_tenacity.retry_delay', {
        description: 'How long a request waits before a retry.',
        unit: 's',
        advice: { explicitBucketBoundaries: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120] },
      }),
      requestRetries: meter.createHistogram('axios_tenacity.request.retries', {
        description: 'How many retries a request took that needed any.',
        unit: '{retry}',
        advice: { explicitBucketBoundaries: [1, 2, 3, 4, 5, 10, 20, 50] },
      }),
    };
    return this.#instruments;
  }
}
