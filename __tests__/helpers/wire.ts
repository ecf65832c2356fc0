import type { RecordedRequest } from './server.ts';

/** A request as it came over the wire, multipart boundaries aside, for comparison. */
export interface Wire {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string;
}

/** Everything about a request that a server could tell apart. */
export function wireOf({ method, url, headers, rawHeaders, body }: RecordedRequest): Wire {
  const declared = /boundary="?([^";]+)/.exec(headers['content-type'] ?? '');
  // Under a content type of the caller, fetch makes a boundary and does not declare it.
  const boundary = declared?.[1] ?? /^-+formdata-undici-\d+/.exec(body.toString('latin1'))?.[0];
  const plain = (text: string): string => (boundary ? text.replaceAll(boundary, 'BOUNDARY') : text);
  return { method, url, headers: rawHeaders.map(plain), body: plain(body.toString('latin1')) };
}
