import { fullUrlOf } from '../core/full-url.ts';
import type { RetryContext } from '../types.ts';

/** Where an attempt went, joined as axios joins it, fit for a log: without credentials, query and fragment, on one line. */
export function addressOf({ url, config }: Pick<RetryContext, 'url' | 'config'>): string {
  const { baseURL, allowAbsoluteUrls } = config;
  return withoutSecrets(fullUrlOf({ url, baseURL, allowAbsoluteUrls }));
}

const URL_PARTS = /^([a-z][a-z\d+.-]*:)?([\\/]*)([^\\/?#]*)([^?#]*)/i;
const HOST = /^(\[[^\]]*\]|[^:[\]]*)(:\d*)?$/;

/** A URL without credentials, query and fragment, read as leniently as URL parsers do, so that nothing slips through. */
function withoutSecrets(url: string): string {
  const [start = '', scheme = '', slashes = '', authority = '', path = ''] =
    URL_PARTS.exec(url.replace(/[\t\n\r]/g, '').replace(/^[\p{Cc}\p{Z}]+/u, '')) ?? [];
  if (/^data:$/i.test(scheme)) return 'data:…';
  if (scheme === '' && slashes.length < 2) return clean(start);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  // "user:pa/ss@host" ends the authority too early: what follows may be the rest of a password.
  return HOST.test(host) ? clean(scheme + slashes + host + path) : `${clean(scheme + slashes)}…`;
}

/**
 * Drops the credentials of a URL within the path, percent-encodes what breaks a line, and writes encodings in upper case:
 * loggers take `%d0` for a placeholder, and `%D0` for none.
 */
const clean = (url: string): string =>
  url
    .replace(/(:[\\/]+)[^\\/]*@/g, '$1')
    .replace(/[\p{Cc}\p{Cf}\p{Z}]/gu, encodeURIComponent)
    .replace(/%[\da-f]{2}/gi, (encoded) => encoded.toUpperCase())
    .replace(/%(?![\dA-F]{2})/g, '%25');
