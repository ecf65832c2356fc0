/** What a batch may be given: anything that can be iterated, at once or with waiting. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

/** Whether a value is something to iterate; a string does not count. */
export const isIterable = (value: unknown): value is Items<unknown> => {
  const { [Symbol.iterator]: now, [Symbol.asyncIterator]: later } = Object(value) as Partial<
    Iterable<unknown> & AsyncIterable<unknown>
  >;
  return typeof value !== 'string' && typeof (later ?? now) === 'function';
};

/** The items of a batch, read one by one. */
export interface Source<T> {
  /** How many items there are, equal ones counted once; `undefined` while nobody knows. */
  readonly total: number | undefined;
  /** The next item. */
  next(): IteratorResult<T> | Promise<IteratorResult<T>>;
  /** What is left and can be had without reading any further. */
  rest(): Iterable<T>;
  /** Tells the source that nobody will read on. */
  close(): void;
}

/** Reads arrays, sets and maps as they are now, anything else as far as it is asked. */
export function sourceOf<T>(items: Items<T>): Source<T> {
  const isList = Array.isArray(items) || items instanceof Set || items instanceof Map;
  return isList ? new List(new Set(items as Iterable<T>)) : new Stream(items);
}

class List<T> implements Source<T> {
  readonly total: number;
  readonly #items: IterableIterator<T>;

  constructor(items: ReadonlySet<T>) {
    this.total = items.size;
    this.#items = items.values();
  }

  next(): IteratorResult<T> {
    return this.#items.next();
  }

  rest(): Iterable<T> {
    return this.#items;
  }

  close(): void {
    // Nobody waits to hear of it.
  }
}

class Stream<T> implements Source<T> {
  readonly total = undefined;
  readonly #iterator: Iterator<T> | AsyncIterator<T>;

  constructor(items: Items<T>) {
    this.#iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  }

  next(): IteratorResult<T> | Promise<IteratorResult<T>> {
    return this.#iterator.next();
  }

  rest(): Iterable<T> {
    return [];
  }

  close(): void {
    // An iterator that is in the middle of `next` ends later, or never. Nobody reads what it answers then.
    const end = async (): Promise<unknown> => this.#iterator.return?.();
    end().catch(() => undefined);
  }
}
