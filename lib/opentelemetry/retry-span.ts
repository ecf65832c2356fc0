import {
  type Context,
  context,
  type Span,
  SpanStatusCode,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import type { GiveUpContext, RetryContext } from '../types.ts';
import { errorAttribute, reasonAttribute, requestAttributes } from './attributes.ts';

/** The INTERNAL span of each request that is retried: from the first retry that is scheduled to the end of the request. */
export class RetrySpans {
  readonly #provider: TracerProvider | undefined;
  /** By what identifies a request through all its attempts. */
  readonly #spans = new WeakMap<object, Span>();

  /** @param provider the global one when left out */
  constructor(provider: TracerProvider | undefined) {
    this.#provider = provider;
  }

  begin(request: object, event: RetryContext): void {
    if (this.#spans.has(request)) return;
    const tracer = (this.#provider ?? trace).getTracer('axios-tenacity');
    const attributes = requestAttributes(event);
    this.#spans.set(request, tracer.startSpan(`retry ${attributes['http.request.method']}`, { attributes }));
  }

  /** The context in which a retry of this request is sent. */
  contextOf(request: object): Context {
    const span = this.#spans.get(request);
    return span ? trace.setSpan(context.active(), span) : context.active();
  }

  succeed(request: object, retries: number): void {
    this.#end(request, retries);
  }

  giveUp(request: object, event: GiveUpContext): void {
    this.#spans
      .get(request)
      ?.setAttributes({ ...errorAttribute(event), ...reasonAttribute(event) })
      .setStatus({ code: SpanStatusCode.ERROR });
    this.#end(request, event.attemptNumber - 1);
  }

  #end(request: object, retries: number): void {
    this.#spans.get(request)?.setAttribute('axios_tenacity.retries', retries).end();
    this.#spans.delete(request);
  }
}
