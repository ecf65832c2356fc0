import type { Attributes } from '@opentelemetry/api';
import { originOf } from '../limits/origin.ts';
import type { GiveUpContext, Reason, RetryContext } from '../types.ts';

/** What stands for a value that is unknown or one too many, as in the semantic conventions. */
const OTHER = '_OTHER';

const LONGEST = 100;

/** Lets through the first `most` different values that it meets, so that a metric cannot grow without end. */
function bounded(most: number, known: Iterable<string> = []): (value: string) => string {
  const seen = new Set(known);
  return (value) => {
    if (!seen.has(value)) {
      if (seen.size >= most || value.length > LONGEST) return OTHER;
      seen.add(value);
    }
    return value;
  };
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY'];

const REASONS: readonly Reason[] = [
  'not-retryable',
  'unsafe-method',
  'body-not-replayable',
  'max-attempts',
  'max-elapsed-time',
  'stop-condition',
  'retry-after-too-long',
  'server-veto',
  'budget-exhausted',
  'throttled',
  'cooling-down',
  'already-retried',
  'aborted',
  'total-timeout',
  'detached',
  'callback-threw',
];

const methodFor = bounded(METHODS.length, METHODS);
const reasonFor = bounded(REASONS.length + 20, REASONS);
const codeFor = bounded(100);
/** The origin that metrics count a request under. */
export const boundedOrigin = bounded(100);

/** Where a request goes: host and port, never the path. */
export function serverOf(origin: string): Attributes {
  try {
    const { protocol, hostname, port } = new URL(origin);
    if (hostname) {
      return {
        'server.address': hostname.replace(/^\[(.*)\]$/, '$1'),
        'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      };
    }
  } catch {
    // A relative URL, a socket, or one origin too many.
  }
  return { 'server.address': origin || OTHER, 'server.port': 0 };
}

/** On every point of a metric about requests. */
export const requestAttributes = ({
  method,
  config,
}: Pick<RetryContext, 'method' | 'config'>): Attributes => ({
  'http.request.method': methodFor(method),
  ...serverOf(boundedOrigin(originOf(config))),
});

/** What went wrong: a status or a code. */
export const errorAttribute = ({ status, code = OTHER }: RetryContext): Attributes => ({
  'error.type': status === undefined ? codeFor(code) : String(status),
});

export const reasonAttribute = ({ reason }: GiveUpContext): Attributes => ({
  'axios_tenacity.reason': reasonFor(reason),
});
