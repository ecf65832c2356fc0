import type { HeaderReader } from './header.ts';
import { longest, longestWait, parseNumber, parseWait } from './wait.ts';

/** A quoted string, to its end or that of the text; a comma; or `name=value`, as a member or a parameter. */
const TOKEN = /"(?:[^"\\]|\\.)*"?|,|([^;,="]+)(?:=([^;,"]*))?/g;

/**
 * How many milliseconds `RateLimit` asks to wait: the longest `t` of the items with nothing left (`"default";r=0;t=30`,
 * https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/), or `reset` in the form of earlier drafts
 * (`limit=100, remaining=0, reset=30`).
 */
export function readRateLimit(text: string, sent: number): number | undefined {
  const waits: number[] = [];
  const members = new Map<string, string>();
  let parameters = new Map<string, string>();
  // The last item ends at a comma too. One with an unclosed quote has no end, and is malformed.
  for (const [token, name, value = ''] of `${text},`.matchAll(TOKEN)) {
    if (name !== undefined) {
      members.set(name.trim(), value.trim());
      parameters.set(name.trim(), value.trim());
    } else if (token === ',' && parameters.size > 0) {
      waits.push(untilReset(parameters, 'r', 't', sent), untilReset(members, 'remaining', 'reset', sent));
      parameters = new Map();
    }
  }
  return longest(waits);
}

function untilReset(
  fields: ReadonlyMap<string, string>,
  remaining: string,
  reset: string,
  sent: number,
): number {
  return parseNumber(fields.get(remaining) ?? '') === 0
    ? parseWait(fields.get(reset) ?? '', 1_000, sent)
    : NaN;
}

/** `x-ratelimit-reset`, `x-ratelimit-reset-requests`, `anthropic-ratelimit-tokens-reset`, …: what is before and after `-reset`. */
const RESET = /^(.*)-reset(?:-after)?(-.*)?$/;

/**
 * How many milliseconds the `x-ratelimit-reset` family asks to wait: the longest reset of those with nothing left.
 *
 * @param names in lower case
 * @param isRateLimited whether the status says so: without a matching `…-remaining`, or with one that is no number, nothing is left
 */
export function readResets(
  names: readonly string[],
  read: HeaderReader,
  isRateLimited: boolean,
  sent: number,
): number | undefined {
  const waitOf = (name: string): number => {
    const [, limit, part = ''] = RESET.exec(name) as RegExpExecArray;
    const wait = (kind: string) => longestWait(read(`${limit}-${kind}${part}`), 1_000, sent);
    // Discord sends both, and the first needs no clock.
    return isSpent(read(`${limit}-remaining${part}`), isRateLimited)
      ? (wait('reset-after') ?? wait('reset') ?? NaN)
      : NaN;
  };
  return longest(names.filter((name) => /rate-?limit/.test(name) && RESET.test(name)).map(waitOf));
}

function isSpent(remaining: string, isRateLimited: boolean): boolean {
  const quotas = remaining.split(',').map(parseNumber);
  return isRateLimited ? !quotas.every((quota) => quota > 0) : quotas.includes(0);
}
