import { AxiosError, type AxiosResponse, CanceledError, type InternalAxiosRequestConfig } from 'axios';
import type { CancelSource } from '../runtime/abort.ts';

/** Which of axios's adapters is imitated. */
export type Flavour = 'http' | 'fetch';

/** A request under way, as far as an adapter knows it. */
export interface Sent {
  readonly config: InternalAxiosRequestConfig;
  readonly request: object;
}

/** What Node puts on the error of a failed system call. */
interface SystemDetails {
  readonly syscall?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
}

const HOST = { address: '127.0.0.1', port: 1 };
const NAME = { syscall: 'getaddrinfo', hostname: 'scripted.invalid' };

const SYSTEM: Readonly<Record<string, SystemDetails>> = {
  ECONNREFUSED: { syscall: 'connect', ...HOST },
  ETIMEDOUT: { syscall: 'connect', ...HOST },
  EHOSTUNREACH: { syscall: 'connect', ...HOST },
  ENETUNREACH: { syscall: 'connect', ...HOST },
  ENOTFOUND: NAME,
  EAI_AGAIN: NAME,
  ECONNRESET: { syscall: 'read' },
  EPIPE: { syscall: 'write' },
};

/** The error of a connection that failed with this code, as the adapter would throw it. */
export function connectionError(code: string, { config, request }: Sent, flavour: Flavour): AxiosError {
  const isBrowsers = code === AxiosError.ERR_NETWORK;
  const cause = isBrowsers ? new TypeError('Failed to fetch') : systemError(code);
  if (flavour === 'http' && !isBrowsers) return AxiosError.from(cause, code, config, request);
  const error = new AxiosError('Network Error', AxiosError.ERR_NETWORK, config, request);
  return Object.defineProperty(error, 'cause', { value: cause, writable: true, configurable: true });
}

function systemError(code: string): Error {
  const details = SYSTEM[code] ?? {};
  const { syscall, hostname, address, port } = details;
  const where = hostname ?? (address && `${address}:${port}`);
  return Object.assign(new Error([syscall, code, where].filter(Boolean).join(' ')), { code, ...details });
}

/** The error of axios's own `timeout`. */
export function timeoutError({ config, request }: Sent, flavour: Flavour): AxiosError {
  const { timeout, timeoutErrorMessage, transitional } = config;
  const plain = timeout ? `timeout of ${timeout}ms exceeded` : 'timeout exceeded';
  return flavour === 'http'
    ? new AxiosError(
        timeoutErrorMessage || plain,
        transitional?.clarifyTimeoutError ? AxiosError.ETIMEDOUT : AxiosError.ECONNABORTED,
        config,
        request,
      )
    : new AxiosError(plain, AxiosError.ETIMEDOUT, config, request);
}

/** The error of a body that ended too early, after a status and headers that promised more. */
export function cutOffError(response: AxiosResponse, flavour: Flavour): AxiosError {
  const { config, request } = response;
  if (flavour === 'http') {
    return new AxiosError('stream has been aborted', AxiosError.ERR_BAD_RESPONSE, config, request, response);
  }
  return AxiosError.from(streamCutOff(flavour), undefined, config, request);
}

/** The error of a stream whose connection ended too early. */
export function streamCutOff(flavour: Flavour): Error {
  if (flavour === 'http') return Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
  const cause = Object.assign(new Error('other side closed'), {
    name: 'SocketError',
    code: 'UND_ERR_SOCKET',
  });
  return new TypeError('terminated', { cause });
}

/** The error of a cancelled request. */
export function cancelError(source: CancelSource, { config, request }: Sent, flavour: Flavour): unknown {
  const { reason } = source;
  if (flavour === 'http')
    return 'subscribe' in source ? reason : new CanceledError(undefined, config, request);
  if (reason instanceof AxiosError) return Object.assign(reason, { config, request });
  const message = reason instanceof Error ? reason.message : String(reason);
  return new CanceledError(message, config, request);
}

/** A response, or the error for it, by the request's own `validateStatus`. */
export function settle(response: AxiosResponse): AxiosResponse {
  const { status, config, request } = response;
  const { validateStatus } = config;
  if (!validateStatus || validateStatus(status)) return response;
  const code = status >= 400 && status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  throw new AxiosError(`Request failed with status code ${status}`, code, config, request, response);
}
