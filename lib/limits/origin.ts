/** The origin that a request goes to, which names its bucket in a throttle; empty when the URL tells none. */
export function originOf({
  url = '',
  baseURL,
}: {
  readonly url?: string;
  readonly baseURL?: string;
}): string {
  try {
    return new URL(/^([a-z][\w+.-]*:)?\/\//i.test(url) ? url : (baseURL ?? url), globalThis.location?.href)
      .origin;
  } catch {
    return '';
  }
}
