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
    if (typeof found === 'string') return found.trim() || undefined;
    // `false` is how axios writes a header that is not there, while a mock's 0 is a value.
    const values = [found].flat(2).filter((value) => value || value === 0);
    return values.join(', ').trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The names of all headers, as written. */
export function namesOf(headers: unknown): readonly string[] {
  try {
    return Object.keys(headers as object);
  } catch {
    return [];
  }
}
