import { expected } from './expected.ts';

/** What a value has to be, in words, and whether it is; `place` and `all` are what else the answer may depend on. */
export type Rule<All = unknown> = readonly [text: string, accepts: (value: unknown, all: All) => boolean];

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is an object and no array. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !Array.isArray(value);

/** Whether a value is a number from `least` to `most`. */
export const isWithin = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/** Whether the value of a field has no rule or breaks it; `undefined` has no opinion. */
const breaks =
  <All>(rules: Readonly<Record<string, Rule<All>>>, all: All) =>
  ([name, value]: readonly [string, unknown]): boolean => {
    const accepts = rules[name]?.[1];
    return !accepts || (value !== undefined && !accepts(value, all));
  };

/** Whether a value is an object with no fields but these, each as it has to be or left out. */
export const hasOnly = (value: unknown, rules: Readonly<Record<string, Rule<undefined>>>): boolean =>
  isRecord(value) && !Object.entries(value).some(breaks(rules, undefined));

/**
 * Refuses an object with a field that has no rule or breaks it.
 *
 * @param what whose fields they are, as in `retry option`
 * @param all handed to every rule
 * @throws TypeError naming the field, the rule and the value
 */
export function checkFields<All>(
  what: string,
  rules: Readonly<Record<string, Rule<All>>>,
  fields: unknown,
  all: All,
  spellingOf?: (name: string) => string | undefined,
): void {
  if (!isRecord(fields)) throw expected(`${what}s`, 'an object', fields);
  for (const [name, value] of Object.entries(fields).filter(breaks(rules, all))) {
    const rule = rules[name]?.[0] ?? spellingOf?.(name) ?? `one of ${Object.keys(rules).join(', ')}`;
    throw expected(`${what} \`${name}\``, rule, value);
  }
}

/** What is given of some options: the fields that are not `undefined`. */
export type Given<T> = { readonly [name in keyof T]?: Exclude<T[name], undefined> };

/** The fields of an object that are not `undefined`. */
export const given = <T extends object>(layer: T): Given<T> =>
  Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as Given<T>;
