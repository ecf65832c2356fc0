/** The text of a header in any letter case; repeated ones are joined by `, `, and an empty one is none. */
export function readHeader(headers: unknown, name: string): string | undefined {
  // Adapters and mocks hand over anything: nothing at all, or objects that throw on being read.
  try {
    const fields = headers as { get?: unknown };
    const wanted = name.toLowerCase();
    const found: unknown =
      typeof fields.get === 'function'
        ? fields.get(wanted)
        : Object.entries(fields).map(([key, value]) => key.toLowerCase() === wanted && value);
    return textOf(found);
  } catch {
    return undefined;
  }
}

/** Looks up the text of a header, by its name in lower case; empty when there is none. */
export type HeaderReader = (name: string) => string;

/**
 * Reads all headers with such names once: as `readHeader` would, but for thousands of them in the time that one takes.
 *
 * @param most characters of each are kept
 */
export function readHeaders(
  headers: unknown,
  wanted: RegExp,
  most: number,
): { readonly names: readonly string[]; readonly read: HeaderReader } {
  const texts = new Map<string, string>();
  try {
    for (const [key, value] of Object.entries(headers as object)) {
      const name = key.toLowerCase();
      const text = wanted.test(name) && textOf([texts.get(name), value]);
      if (text) texts.set(name, text.slice(0, most));
    }
  } catch {
    // What throws on being read is no headers.
  }
  return { names: [...texts.keys()], read: (name) => texts.get(name) ?? '' };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() || undefined;
  // `false` is how axios writes a header that is not there, while a mock's 0 is a value.
  const values = [value].flat(2).filter((each) => each || each === 0);
  return values.join(', ').trim() || undefined;
}
