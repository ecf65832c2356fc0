import type { AxiosResponse } from 'axios';
import { isObject } from '../options/fields.ts';

interface StreamLike {
  readonly pipe?: unknown;
  readonly getReader?: unknown;
  readonly once?: (event: 'close', listener: () => void) => unknown;
  readonly on?: (event: 'error', listener: (error: unknown) => void) => unknown;
  readonly destroy?: () => unknown;
  readonly cancel?: () => Promise<unknown>;
}

/** Whether a value is an object that JSON has a notation for, and no array. */
export const isPlain = (value: unknown): value is Record<string, unknown> => {
  const prototype: unknown = isObject(value) && Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/** Whether a value can be read only once: a Node or web stream, the form-data package, an async iterator. */
export const isStream = (value: unknown): value is StreamLike => {
  const { pipe, getReader } = (value ?? {}) as StreamLike;
  return typeof (pipe ?? getReader) === 'function' || (isObject(value) && Symbol.asyncIterator in value);
};

/** A body with more values than this is JSON: a multipart body, which can hold streams, is not so large before its files. */
const MOST_VALUES = 10_000;

/**
 * Whether a body can be read only once: a stream, or an object that holds one, as multipart bodies do. Looks at the first
 * 10,000 values, the shallow ones first, so ask it only when all else is for another attempt.
 */
export function isOneShot(data: unknown): boolean {
  if (isStream(data)) return true;
  // axios walks the body whatever its class is, and in it plain objects and arrays.
  const parts = [data];
  let values = 0;
  for (const part of parts) {
    for (const value of valuesOf(part, MOST_VALUES - values)) {
      if (isStream(value)) return true;
      if (Array.isArray(value) || isPlain(value)) parts.push(value);
      values += 1;
      if (values === MOST_VALUES) return false;
    }
  }
  return false;
}

/** The values in a part of a body; of an object no more than so many are read, for a getter may answer slowly. */
const valuesOf = (part: unknown, most: number): readonly unknown[] => {
  if (Array.isArray(part)) return part;
  if (!isObject(part) || ArrayBuffer.isView(part)) return [];
  const names = Object.keys(part).slice(0, most);
  return names.map((name) => (part as Record<string, unknown>)[name]);
};

const sizeOf = (part: unknown): number => {
  if (Array.isArray(part)) return part.length;
  return isPlain(part) ? Object.keys(part).length : 0;
};

/**
 * A copy that edits in place do not reach. What cannot be copied is passed on as it is, and so is what has more than 10,000
 * values: copying it would cost more than the rest of a request that succeeds.
 */
export function copyOf<T>(value: T): T {
  if (!isObject(value)) return value;
  let left = MOST_VALUES;
  const copied = (each: unknown): unknown => {
    left -= 1;
    // Nothing is read of what is too large.
    if (left < sizeOf(each)) throw TOO_LARGE;
    if (Array.isArray(each)) return each.map(copied);
    if (isPlain(each)) {
      const fields = { ...each };
      for (const key of Object.keys(fields)) fields[key] = copied(fields[key]);
      return fields;
    }
    const form = isObject(each) && each.constructor;
    if (form !== URLSearchParams && form !== FormData) return each;
    const copy = new (form as typeof FormData)();
    for (const [name, entry] of each as Iterable<[string, string]>) copy.append(name, entry);
    return copy;
  };
  try {
    return copied(value) as T;
  } catch {
    // It is too large, it refers to itself, or a getter throws.
    return value;
  }
}

const TOO_LARGE = 'too large';

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

const failures = new WeakMap<object, unknown>();

/** Listens for the errors of a body as soon as it is made: a file that is missing would crash the process otherwise. */
export function watchBody(body: unknown): void {
  if (isStream(body)) body.on?.('error', (error) => failures.set(body, error));
}

/** Throws the error of a watched body that failed before it was sent: a reader would wait for ever. */
export function throwIfFailed(body: unknown): void {
  if (isObject(body) && failures.has(body)) throw failures.get(body);
}

/** Frees the connection that the unread body of a response holds. */
export function releaseBody(response: AxiosResponse | undefined): void {
  if (!isStream(response?.data)) return;
  closeStream(response?.data);
  // Under `maxContentLength` the http adapter wraps the stream, and destroying the wrapper frees nothing.
  response?.request?.destroy?.();
}
