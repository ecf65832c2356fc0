import { type Context, context, createContextKey, type Span, SpanKind } from '@opentelemetry/api';
import type { AxiosAdapter, AxiosResponse } from 'axios';

/** An attempt that is being sent, as the OpenTelemetry context carries it. */
interface Attempt {
  readonly number: number;
  /** Handlers of its response may run in its context later on, and what they send is no part of it. */
  isOver: boolean;
}

// The API makes one symbol for one name, so both builds of the package share this key.
const ATTEMPT = createContextKey('axios-tenacity.attempt');

/** Sends a retry in a context that knows its number. */
export async function sendAs(
  number: number,
  parent: Context,
  send: () => ReturnType<AxiosAdapter>,
): Promise<AxiosResponse> {
  const attempt: Attempt = { number, isOver: false };
  try {
    return await context.with(parent.setValue(ATTEMPT, attempt), send);
  } finally {
    attempt.isOver = true;
  }
}

/**
 * The number of the attempt that is being sent in an OpenTelemetry context: 2 for the first retry. `undefined` outside of a
 * retry, so during the first attempt too.
 *
 * @param of the context; the active one when left out
 * @example
 * ```ts
 * const startSpanHook = () => ({ 'app.attempt': retryAttempt() ?? 1 });
 * ```
 */
export function retryAttempt(of: Context = context.active()): number | undefined {
  const attempt = of.getValue(ATTEMPT) as Attempt | undefined;
  return attempt?.isOver === false ? attempt.number : undefined;
}

function countResend(span: Pick<Span, 'setAttribute'>, of: Context): void {
  const attempt = retryAttempt(of);
  if (attempt !== undefined) span.setAttribute('http.request.resend_count', attempt - 1);
}

/**
 * A `requestHook` for `HttpInstrumentation` and `UndiciInstrumentation`, for where no span processor can be added. It sets
 * `http.request.resend_count` on the span of each retry: 1 on the first.
 *
 * @example
 * ```ts
 * new HttpInstrumentation({ requestHook: resendCountHook });
 * new UndiciInstrumentation({ requestHook: resendCountHook });
 * ```
 */
export const resendCountHook = (span: Pick<Span, 'setAttribute'>): void =>
  countResend(span, context.active());

/** What a {@link ResendCountProcessor} asks of a span: a `Span` of the SDK has it. */
export interface StartedSpan extends Pick<Span, 'setAttribute'> {
  /** Only client spans get the number. */
  readonly kind: SpanKind;
  /** What the instrumentation has set so far. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/**
 * A span processor for the OpenTelemetry SDK, 1.x or 2.x. It sets `http.request.resend_count` on the HTTP client span of each
 * retry, whichever instrumentation makes it: 1 on the first. It exports nothing, so put it beside the one that does.
 *
 * @example
 * ```ts
 * new NodeSDK({
 *   instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
 *   spanProcessors: [new ResendCountProcessor(), new BatchSpanProcessor(exporter)],
 * });
 * ```
 */
export class ResendCountProcessor {
  /** Puts the number on the span of a retry. */
  onStart(span: StartedSpan, parent: Context): void {
    const { kind, attributes } = span;
    // Instrumentations of DNS and of sockets make client spans too. Before 2.x the attribute had the shorter name.
    const isHttp = 'http.request.method' in attributes || 'http.method' in attributes;
    if (kind === SpanKind.CLIENT && isHttp) countResend(span, parent);
  }

  /** Does nothing. */
  onEnd(): void {
    // Everything is known at the start.
  }

  /** Resolves at once. */
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  /** Resolves at once. */
  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
