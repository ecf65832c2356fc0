import type { InternalAxiosRequestConfig } from 'axios';
import type { Failure } from '../types.ts';
import { type Answer, causesOf, type ErrorNode } from './causes.ts';
import { isForGood } from './permanent.ts';
import { failureOfStatus } from './transient.ts';
import { isNotSent, wasDropped } from './unsent.ts';

/** What the edge knows of a failed attempt that its error does not tell. */
export interface Circumstances {
  /**
   * Whether the adapter itself rejected, with this error or with one of its causes: `false` when an interceptor or a
   * transform of the user threw.
   *
   * @defaultValue whether an `AxiosError` is among the causes
   */
  readonly fromAdapter?: boolean | undefined;
  /**
   * Whether it is as good as unsent when a later hop of a redirect could not be reached.
   *
   * @defaultValue `false`
   */
  readonly anyHop?: boolean | undefined;
}

/** Codes of a connection that failed. They speak for themselves on an error that nothing else shows to come from sending. */
const TRANSIENT =
  /^(E(CONN|NET|HOST|PIPE|NOTFOUND|AI_AGAIN)|UND_ERR_(SOCKET|RES_CONTENT)|ERR_(STREAM_PREMATURE|HTTP2_(STREAM|SESSION|GOAWAY))|Connection|FailedToOpen)|TIMEDOUT$|TIMEOUT$/;

/** What a response tells about the server. A refusal is the word of the last hop only: an earlier one may have acted. */
export function failureOfResponse({ status, request }: Answer): Failure {
  const failure = failureOfStatus(status);
  return failure === 'refused' && request?._redirectable?._redirectCount ? 'ambiguous' : failure;
}

/**
 * What a rejected attempt tells about the server, from the whole chain of causes. A failure of sending is read by
 * exclusion: what is not known to be for good, and not proved to be unsent, is ambiguous, whatever the words.
 */
export function failureOf(
  error: unknown,
  config: InternalAxiosRequestConfig,
  { fromAdapter, anyHop = false }: Circumstances = {},
): Failure {
  const nodes = causesOf(error);
  // An error mapper may have wrapped the error of axios, which knows the request.
  const known = nodes.find(({ isAxiosError }) => isAxiosError) ?? nodes[0];
  if (!known || known.code === 'ERR_CANCELED') return 'permanent';
  const { response } = known;
  if (response && response.status >= 400) return failureOfResponse(response);
  if (isForGood(nodes)) return 'permanent';
  if (response) return nodes.some(isCut) ? 'ambiguous' : 'permanent';
  const isLastWord = anyHop || isFirstHop(known, config);
  if (isLastWord && (wasDropped(known, config) || nodes.every(isNotSent))) return 'unsent';
  return (fromAdapter ?? known.isAxiosError) || nodes.some(isTransient) ? 'ambiguous' : 'permanent';
}

const isTransient = ({ code }: ErrorNode): boolean => TRANSIENT.test(String(code));

// With a response below 400 an error is mostly about an answer that came whole: `validateStatus`, JSON, the user's own.
const isCut = (node: ErrorNode): boolean => isTransient(node) || node.message === 'stream has been aborted';

/** Whether no redirect was followed. Over an earlier hop there was a connection, whatever the last one says. */
function isFirstHop({ request }: ErrorNode, { maxRedirects }: InternalAxiosRequestConfig): boolean {
  // axios follows no redirect over HTTP/2.
  if (request && 'rstCode' in request) return true;
  // axios before 1.20 ignores `maxRedirects` on the fetch adapter; the request tells.
  if (request?.redirect) return request.redirect !== 'follow';
  return (request?._redirectCount ?? maxRedirects) === 0;
}
