import { isObject } from '../options/fields.ts';

/** What may be on an error, or on one of its causes. */
export interface ErrorNode {
  readonly message?: unknown;
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly isAxiosError?: boolean;
  readonly request?: SentRequest | null;
  readonly response?: Answer | null;
}

/** What may be on the request of an error: the one of Node, of follow-redirects around it, of HTTP/2, or of fetch. */
interface SentRequest {
  readonly _redirectCount?: number;
  readonly _currentRequest?: SentRequest;
  /** Of fetch: what becomes of a redirect. */
  readonly redirect?: string;
  readonly destroyed?: boolean;
  /** Of HTTP/2: whether it has no number yet. */
  readonly pending?: boolean;
  /** Of Node: `null` until the agent has one. */
  readonly socket?: {
    readonly destroyed?: boolean;
    readonly secureConnecting?: boolean;
    /** What waits for the connection to stand. */
    readonly _pendingData?: unknown;
  } | null;
}

/** What may be on a response. */
export interface Answer {
  readonly status: number;
  readonly request?: { readonly _redirectable?: { readonly _redirectCount?: number } } | null;
}

/** Error chains from the outside world can be endless; nobody reads beyond this many errors. */
const MOST_NODES = 50;

const objectsIn = (values: readonly unknown[]): readonly ErrorNode[] => values.filter(isObject);

/** The direct causes of an error: its `cause` and, for an `AggregateError`, its `errors`. */
export const childrenOf = ({ cause, errors }: ErrorNode): readonly ErrorNode[] =>
  objectsIn([cause, ...(Array.isArray(errors) ? errors : [])]);

/** An error and all its causes, each once, the nearest first. */
export function causesOf(error: unknown): readonly ErrorNode[] {
  const nodes = [...objectsIn([error])];
  // Iterating an array also visits entries added during the loop.
  for (const node of nodes) {
    const children = nodes.length < MOST_NODES ? childrenOf(node) : [];
    for (const child of children) if (!nodes.includes(child)) nodes.push(child);
  }
  return nodes;
}

/** The error codes in a list of errors. */
const codesOf = (nodes: readonly ErrorNode[]): readonly string[] =>
  nodes.flatMap(({ code }) => (typeof code === 'string' ? code : []));

/** The code of an error, or else of its nearest cause. */
export const codeOf = (error: unknown): string | undefined => codesOf(causesOf(error))[0];

/** Gives the error that a user's function threw the failure it was thrown at as its cause, unless it has a cause. */
export function withCause(thrown: unknown, failure: unknown): unknown {
  if (thrown instanceof Error && thrown !== failure && !('cause' in thrown)) {
    Reflect.defineProperty(thrown, 'cause', { value: failure, writable: true, configurable: true });
  }
  return thrown;
}
