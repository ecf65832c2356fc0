import type { ErrorNode } from './causes.ts';

/**
 * Codes of failures that another attempt meets again: certificates and TLS, what cannot be a request (URL, protocol, port,
 * header, option), answers that cannot be read (HTTP, compression), limits of size and of redirects, local files, and what
 * this package and mocks refuse. Of Node, axios, undici, follow-redirects, Bun and Chromium.
 */
const CODES =
  /CERT|CRL_|SSL|REDIRECTS|INVALID_|UNKNOWN_URL|^(EPROTO|EISDIR|ABORT_ERR|UNABLE_TO_|PATH_LENGTH_|HOSTNAME_M|HPE_|Z_|ZSTD_|Zlib|Malformed_|TooMany|UND_ERR_(NOT_SUPPORTED|HEADERS_OVERFLOW|REQ_CONTENT|RES_EXCEEDED)|ERR_(_|BAD_(REQUEST|OPTION)|CANCELED|NOT_SUPPORT|DEPRECATED|FORM_DATA|FR_|UNESCAPED|OUT_OF_RANGE|ASSERTION|SOCKET_BAD|METHOD|HTTP2_(ERROR|HEADER|CONNECT|UNSUPPORTED)|TLS_(?!HANDSHAKE_TIMEOUT)|UNSAFE|DISALLOWED|CONTENT_DEC|BLOCKED|ABORTED|QUEUE_FULL|COOLING_DOWN|NOCK))/;

/** Errors of a program, not of the network. */
const NAMES =
  /^((Reference|Range|Syntax|URI|Eval|Assertion|Abort|DataClone|Security|InvalidCharacter)Error)$/;

/** What fetch, its runtimes and engines say of the same where they give no code. */
const WORDS =
  /certificate|maxContentLength size of \d|integrity|\bscheme\b|(bad|unsafe) port|parse url|invalid (url|http|header|method)|redirect (count|mode)|(many|of|unexpected) redirects?\b|same-origin|cross.origin|blocked|cannot have (a )?body|unusable|duplex|disturbed|is not (an? |defined|iterable)|is undefined|undefined is not|of (undefined|null)\b|cannot read propert|can't access/i;

const URLS = /[a-z][a-z\d+.-]*:\/\/[^\s)'"]*/gi;

const CODE_OF_CHROMIUM = /net::(ERR_\w+)/;

const TIMEOUT = /TIMEDOUT$|TIMEOUT$|^ECONNABORTED$/;

/** Whether one of these errors is on the closed list of those that no further attempt can mend. */
export const isForGood = (nodes: readonly ErrorNode[]): boolean =>
  // A timeout aborts what it cuts off, and may have that abort as its cause.
  nodes.some(isListed) && !nodes.some(({ code }) => TIMEOUT.test(String(code)));

function isListed({ code, syscall, name, message }: ErrorNode): boolean {
  if (syscall === 'open') return true;
  const text = String(message);
  const said = typeof code === 'string' ? code : CODE_OF_CHROMIUM.exec(text)?.[1];
  if (said !== undefined && CODES.test(said)) return true;
  // A code says all, unless it is one of axios's that say next to nothing.
  if (said !== undefined && !/^ERR_(NETWORK|BAD_RESPONSE)$/.test(said)) return false;
  return NAMES.test(String(name)) || WORDS.test(text.replace(URLS, ''));
}
