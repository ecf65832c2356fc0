/** The parts of a config that say where a request goes. */
export interface UrlParts {
  readonly url?: string | undefined;
  readonly baseURL?: string | undefined;
  readonly allowAbsoluteUrls?: boolean | undefined;
}

/** The URL of a request without its params, joined as axios joins it. */
export function fullUrlOf({ url = '', baseURL, allowAbsoluteUrls }: UrlParts): string {
  const path = String(url);
  const isAbsolute = /^([a-z][a-z\d+.-]*:)?\/\//i.test(path);
  if (!baseURL || (isAbsolute && allowAbsoluteUrls !== false)) return path;
  return path ? `${baseURL.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}` : baseURL;
}
