import { expected } from '../expected.ts';

/** The options of `T`, every one a number. */
export type Numbers<T> = { readonly [name in keyof T]-?: number };

/** For each option: its default, what a value has to be, in words, and whether one is. */
export type NumberRules<T> = {
  readonly [name in keyof T]-?: readonly [
    fallback: number,
    rule: string,
    holds: (value: number, all: Numbers<T>) => boolean,
  ];
};

/**
 * Options that are all numbers, the defaults filled in.
 *
 * @param what whose options they are, as in `retry budget`
 * @throws TypeError for anything but an object, an unknown name, or a value that breaks its rule
 */
export const readNumbers = <T extends object>(
  what: string,
  rules: NumberRules<T>,
  options: T,
): Numbers<T> => {
  if (typeof options !== 'object' || options === null)
    throw expected(`${what} options`, 'an object', options);
  const all: Record<string, unknown> = {};
  for (const name in rules) all[name] = rules[name][0];
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      throw expected(`${what} option \`${name}\``, `one of ${Object.keys(rules).join(', ')}`, value);
    }
    if (value !== undefined) all[name] = value;
  }
  for (const name in rules) {
    const [, rule, holds] = rules[name];
    const value = all[name];
    if (typeof value !== 'number' || !holds(value, all as Numbers<T>)) {
      throw expected(`${what} option \`${name}\``, rule, value);
    }
  }
  return all as Numbers<T>;
};
