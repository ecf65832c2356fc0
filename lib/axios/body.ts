import type { AxiosResponse } from 'axios';
import { isObject } from '../options/fields.ts';

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
export function isOneShot(data: unknown): boolean {
  const parts = new Set([data]);
  // A set hands out what is added on the way, and nothing twice.
  for (const part of parts) {
    if (isStream(part)) return true;
    // axios walks the body whatever its class is, and in it plain objects and arrays.
    if (part === data || Array.isArray(part) || isPlain(part)) partsOf(part).forEach(parts.add, parts);
  }
  return false;
}

const partsOf = (value: unknown): readonly unknown[] =>
  isObject(value) && !ArrayBuffer.isView(value) ? Object.values(value).filter(isObject) : [];

/** A copy that edits in place do not reach; what cannot be copied is passed on as it is. */
export function copyOf<T>(value: T): T {
  if (!isObject(value)) return value;
  try {
    return deepCopyOf(value) as T;
  } catch {
    // It refers to itself, or a getter throws.
    return value;
  }
}

function deepCopyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopyOf);
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, deepCopyOf(v)]));
  const form = value?.constructor;
  if (form !== URLSearchParams && form !== FormData) return value;
  const copy = new (form as typeof FormData)();
  for (const [name, entry] of value as Iterable<[string, string]>) copy.append(name, entry);
  return copy;
}

/** A body whose stream may fail before somebody reads it: with a listener that no error of it ends the process. */
export function watched<T>(body: T): T {
  if (isStream(body)) body.on?.('error', () => undefined);
  return body;
}

/** Destroys a stream that nobody will read. */
export function closeStream(stream: unknown): void {
  if (!isStream(stream)) return;
  // What a stream says while it is torn down concerns nobody; a web stream with a reader cannot be cancelled.
  tearDown(stream).catch(() => undefined);
}

async function tearDown(stream: StreamLike): Promise<void> {
  stream.on?.('error', () => undefined);
  stream.destroy?.();
  await stream.cancel?.();
}

/** Frees the connection that the unread body of a response holds. */
export function releaseBody(response: AxiosResponse | undefined): void {
  if (!isStream(response?.data)) return;
  closeStream(response?.data);
  // Under `maxContentLength` the http adapter wraps the stream, and destroying the wrapper frees nothing.
  response?.request?.destroy?.();
}
