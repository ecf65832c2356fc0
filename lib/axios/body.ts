import type { AxiosResponse } from 'axios';
import { isObject } from '../fields.ts';

interface StreamLike {
  readonly pipe?: unknown;
  readonly getReader?: unknown;
  readonly once?: (event: 'close', listener: () => void) => unknown;
  readonly on?: (event: 'error', listener: () => void) => unknown;
  readonly destroy?: () => unknown;
  readonly cancel?: () => Promise<unknown>;
}

const isPlain = (value: unknown): value is Record<string, unknown> => {
  const prototype: unknown = isObject(value) && Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** Whether a value can be read only once: a Node or web stream, the form-data package, an async iterator. */
export const isStream = (value: unknown): value is StreamLike => {
  const { pipe, getReader } = (value ?? {}) as StreamLike;
  return typeof (pipe ?? getReader) === 'function' || (isObject(value) && Symbol.asyncIterator in value);
};

/** Whether a body can be read only once: a stream, or an object that holds one, as multipart bodies do. */
export const isOneShot = (data: unknown): boolean =>
  isStream(data) || ((Array.isArray(data) || isPlain(data)) && Object.values(data).some(isOneShot));

/** A copy that edits in place do not reach; what cannot be copied is passed on as it is. */
export function copyOf<T>(value: T): T {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copyOf(v)])) as T;
  if (value instanceof URLSearchParams || value instanceof FormData) {
    const copy = new (value.constructor as typeof FormData)();
    for (const [name, entry] of value as unknown as Iterable<[string, string]>) copy.append(name, entry);
    return copy as T;
  }
  return value;
}

/** Destroys a stream that nobody will read. */
export function closeStream(stream: unknown): void {
  if (!isStream(stream)) return;
  const { on, destroy, cancel } = stream as StreamLike;
  // What a stream says while it is torn down concerns nobody.
  on?.call(stream, 'error', () => undefined);
  destroy?.call(stream);
  // A web stream with a reader cannot be cancelled.
  cancel?.call(stream).catch(() => undefined);
}

/** Frees the connection that the unread body of a response holds. */
export function releaseBody(response: AxiosResponse | undefined): void {
  if (!isStream(response?.data)) return;
  closeStream(response?.data);
  // Under `maxContentLength` the http adapter wraps the stream, and destroying the wrapper frees nothing.
  response?.request?.destroy?.();
}
