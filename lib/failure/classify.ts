import type { InternalAxiosRequestConfig } from 'axios';
import type { Failure } from '../types.ts';
import { type Answer, causesOf, childrenOf, codesOf, type ErrorNode } from './causes.ts';
import { failureOfStatus } from './transient.ts';

/** The codes of failures that may pass: of the system, of Node's fetch and HTTP/2, and of Bun. */
const TRANSIENT =
  /^(E(CONN|NET|HOST|PIPE|NOTFOUND|AI_AGAIN)|UND_ERR_(SOCKET|RES_CONTENT)|ERR_(STREAM_PREMATURE|HTTP2_(STREAM|SESSION|GOAWAY))|Connection|FailedToOpen)|TIMEDOUT$|TIMEOUT$/;

/** Failures without a code: a body that ended too early as the http adapter (in axios 1.7, and later) tells it, and Deno's fetch. */
const CODELESS =
  /^(stream has been aborted|maxContentLength size of -1 exceeded|error reading a body from connection)$|\(os error \d+\)$|: dns error: |connection closed before/;

/** What a response tells about the server. A refusal is the word of the last hop only: an earlier one may have acted. */
export function failureOfResponse({ status, request }: Answer): Failure {
  const failure = failureOfStatus(status);
  return failure === 'refused' && request?._redirectable?._redirectCount ? 'ambiguous' : failure;
}

/**
 * What a rejected attempt tells about the server, from the whole chain of causes.
 *
 * @param anyHop whether it is as good as unsent when a later hop of a redirect could not be reached
 */
export function failureOf(
  error: unknown,
  { maxRedirects }: InternalAxiosRequestConfig,
  anyHop = false,
): Failure {
  const nodes = causesOf(error);
  const [root, leaf] = [nodes[0], nodes.at(-1)];
  if (!root || root.code === 'ERR_CANCELED') return 'permanent';
  const { message, request, response } = root;
  if (response && response.status >= 400) return failureOfResponse(response);
  // Of an earlier hop of a redirect there was a connection, whatever the last one says. Over fetch the request tells, for
  // axios before 1.20 sets no store by `maxRedirects` there.
  const isFirstHop = request?.redirect
    ? request.redirect !== 'follow'
    : (request?._redirectCount ?? maxRedirects) === 0;
  if ((anyHop || isFirstHop) && !response && nodes.every(isUnsent)) return 'unsent';

  const codes = codesOf(nodes);
  const isCodeless = CODELESS.test(String(leaf?.message));
  // The only network signal of browsers and of axios-mock-adapter, which have no codes; Node's "bad port" is a plain Error.
  const isNetworkError =
    /^network error$/i.test(String(message)) &&
    codes.every((each) => each === 'ERR_NETWORK') &&
    ((leaf?.name ?? 'TypeError') === 'TypeError' || leaf?.message === message);
  return isCodeless || isNetworkError || codes.some((each) => TRANSIENT.test(each))
    ? 'ambiguous'
    : 'permanent';
}

/** Whether an error, if it has no further cause, came before there was a connection. */
const isUnsent = (node: ErrorNode): boolean =>
  childrenOf(node).length > 0 ||
  node.syscall === 'connect' ||
  node.syscall === 'getaddrinfo' ||
  node.code === 'UND_ERR_CONNECT_TIMEOUT';
