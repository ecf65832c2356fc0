import { fullUrlOf, type UrlParts } from '../core/full-url.ts';

/**
 * The origin that a request goes to, which names its bucket in a throttle; empty when the URL tells none. A Unix socket is
 * an origin of its own, `unix:` and its path, whatever the URL.
 */
export function originOf({
  socketPath,
  ...parts
}: UrlParts & { readonly socketPath?: string | null | undefined }): string {
  if (socketPath) return `unix:${socketPath}`;
  const url = fullUrlOf(parts);
  try {
    return new URL(url, globalThis.location?.href).origin;
  } catch {
    // The URL of React Native has no origin.
    const [, scheme, host] = /^(https?:)\/\/(?:[^/?#]*@)?([^/?#]+)/i.exec(url) ?? [];
    return scheme ? `${scheme}//${host}`.toLowerCase() : '';
  }
}
