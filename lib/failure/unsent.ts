import type { InternalAxiosRequestConfig } from 'axios';
import { childrenOf, type ErrorNode } from './causes.ts';

/** What Node, undici and HTTP/2 say of a request that was not sent, or not processed, in fixed words. */
const NOT_SENT =
  /^(Client network socket disconnected before secure TLS connection was established|Proxy response \(\d+\) !== 200 when HTTP Tunneling|Stream closed with error code NGHTTP2_REFUSED_STREAM)$/;

/** Whether an error, if it has no further cause, proves that the request did not reach a server that acts on it. */
export const isNotSent = (node: ErrorNode): boolean =>
  childrenOf(node).length > 0 ||
  node.syscall === 'connect' ||
  node.syscall === 'getaddrinfo' ||
  node.code === 'UND_ERR_CONNECT_TIMEOUT' ||
  NOT_SENT.test(String(node.message));

/**
 * Whether Node's http client gave the request up before it could write any of it, as the request itself shows: no socket,
 * a socket that never connected, or a TLS handshake that never ended. So the resolver, the proxy and the error's words do
 * not matter.
 */
export function wasDropped(
  { request, cause }: ErrorNode,
  { transport }: InternalAxiosRequestConfig,
): boolean {
  const sent = request?._currentRequest ?? request;
  // A transport of the user may have sent it in another way.
  if (!sent || transport || !isNode()) return false;
  const { socket } = sent;
  // An agent that fails emits the error and leaves the request as it is. axios's timeouts have no cause, and before axios
  // 1.21 they leave the request in the agent's queue: it may still be sent.
  if (socket === null) return sent.destroyed === true || Boolean(cause);
  // An HTTP/2 stream that never got its number.
  if (sent.pending && 'rstCode' in sent) return sent.destroyed === true;
  // Before axios 1.21 a timeout leaves the socket connecting, too.
  return Boolean(socket?.destroyed && (socket.secureConnecting || socket._pendingData));
}

/** Bun, Deno and others have the http module of Node without its sockets. */
const isNode = (): boolean => {
  const { process, Bun, Deno } = globalThis as {
    readonly process?: { readonly versions?: { readonly uv?: string } };
    readonly Bun?: unknown;
    readonly Deno?: unknown;
  };
  return Boolean(process?.versions?.uv) && !Bun && !Deno;
};
