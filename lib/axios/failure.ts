import type { InternalAxiosRequestConfig } from 'axios';
import { failureOfStatus } from '../retryable.ts';
import type { Failure } from '../types.ts';

/** What may be on an error, or on one of its causes. */
interface ErrorNode {
  readonly message?: unknown;
  readonly name?: unknown;
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
  readonly request?: { readonly _redirectCount?: unknown } | null;
  readonly response?: { readonly status: number } | null;
}

const MOST_NODES = 50;

/** An error and all its causes, through `AggregateError.errors` as well. */
export function causesOf(error: unknown): readonly ErrorNode[] {
  const nodes = new Set<ErrorNode>();
  const pending = [error];
  while (pending.length > 0 && nodes.size < MOST_NODES) {
    const node = pending.shift();
    if (typeof node !== 'object' || node === null || nodes.has(node)) continue;
    nodes.add(node);
    pending.push(...childrenOf(node));
  }
  return [...nodes];
}

const childrenOf = ({ cause, errors }: ErrorNode): readonly unknown[] =>
  [cause, ...(Array.isArray(errors) ? errors : [])].filter(
    (child) => typeof child === 'object' && child !== null,
  );

const codesOf = (nodes: readonly ErrorNode[]): readonly string[] =>
  nodes.flatMap(({ code }) => (typeof code === 'string' ? code : []));

/** The code of an error, or else of its nearest cause. */
export const codeOf = (error: unknown): string | undefined => codesOf(causesOf(error))[0];

/** The codes of failures that may pass: of the system, of Node's fetch and HTTP/2, and of Bun. */
const TRANSIENT =
  /^(E(CONN(REFUSED|RESET|ABORTED)|(SOCKET)?TIMEDOUT|PIPE|NOTFOUND|AI_AGAIN|(NET|HOST)(DOWN|RESET|UNREACH))|UND_ERR_(SOCKET|\w+_TIMEOUT)|ERR_(STREAM_PREMATURE_CLOSE|HTTP2_(STREAM|SESSION)_ERROR|HTTP2_GOAWAY_SESSION)|Connection(Refused|Closed)|FailedToOpenSocket)$/;

/** What a rejected attempt tells about the server, from the whole chain of causes. */
export function failureOf(error: unknown, config: InternalAxiosRequestConfig): Failure {
  const nodes = causesOf(error);
  const [root] = nodes;
  if (root === undefined || root.code === 'ERR_CANCELED') return 'permanent';
  const status = root.response?.status ?? 0;
  if (status >= 400) return failureOfStatus(status);
  if (isUnsent(nodes, config)) return 'unsent';
  return codesOf(nodes).some((code) => TRANSIENT.test(code)) || isCutOff(root) || isNetworkError(nodes)
    ? 'ambiguous'
    : 'permanent';
}

/** Whether every leaf of the chain failed before there was a connection, and no earlier hop of a redirect had one. */
function isUnsent(nodes: readonly ErrorNode[], { maxRedirects }: InternalAxiosRequestConfig): boolean {
  const isFirstHop = maxRedirects === 0 || nodes[0]?.request?._redirectCount === 0;
  return isFirstHop && nodes.every((node) => childrenOf(node).length > 0 || failedToConnect(node));
}

const failedToConnect = ({ syscall, code }: ErrorNode): boolean =>
  syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';

/** How the http adapter tells of a body that ended too early. */
const isCutOff = ({ code, message }: ErrorNode): boolean =>
  code === 'ERR_BAD_RESPONSE' && message === 'stream has been aborted';

/** The only network signal of browsers and of axios-mock-adapter, which have no codes; Node's "bad port" is a plain Error. */
function isNetworkError(nodes: readonly ErrorNode[]): boolean {
  const [root, leaf] = [nodes[0], nodes.at(-1)];
  if (root?.message !== 'Network Error' || codesOf(nodes).some((code) => code !== 'ERR_NETWORK'))
    return false;
  return leaf === root || leaf?.name === 'TypeError' || leaf?.message === 'Network Error';
}
