import { expected } from './expected.ts';

/** What a value has to be, in words, and whether it is; `place` and `all` are what else the answer may depend on. */
export type Rule<All = unknown> = readonly [text: string, accepts: (value: unknown, all: All) => boolean];

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is a number from `least` to `most`. */
export const isWithin = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/**
 * Refuses an object with a field that has no rule or breaks it; `undefined` has no opinion.
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
  if (!isObject(fields)) throw expected(`${what}s`, 'an object', fields);
  for (const [name, value] of Object.entries(fields)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule && (value === undefined || rule[1](value, all))) continue;
    throw expected(
      `${what} \`${name}\``,
      rule?.[0] ?? spellingOf?.(name) ?? `one of ${Object.keys(rules).join(', ')}`,
      value,
    );
  }
}

/** What is given of some options: the fields that are not `undefined`. */
export type Given<T> = { readonly [name in keyof T]?: Exclude<T[name], undefined> };

/** The fields of an object that are not `undefined`. */
export const given = <T extends object>(layer: T): Given<T> =>
  Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)) as Given<T>;
