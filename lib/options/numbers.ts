import { checkFields, type Given, given, isRecord, type Rule } from './fields.ts';

/** The options of `T`, every one a number. */
export type Numbers<T> = { readonly [name in keyof T]-?: number };

/** For each option, what it has to be. */
export type NumberRules<T> = { readonly [name in keyof T]-?: Rule<Numbers<T>> };

/**
 * Options that are all numbers, the defaults filled in.
 *
 * @param what whose options they are, as in `retry budget`
 * @throws TypeError for anything but an object, an unknown name, or a value that breaks its rule
 */
export function readNumbers<T extends object>(
  what: string,
  rules: NumberRules<T>,
  defaults: Numbers<T>,
  options: T,
): Numbers<T> {
  const all = { ...defaults, ...(given(options ?? {}) as Given<T>) } as Numbers<T>;
  // A default may break a rule too, as a cost above a small capacity does.
  checkFields(
    `${what} option`,
    rules as Readonly<Record<string, Rule<Numbers<T>>>>,
    isRecord(options) ? all : options,
    all,
  );
  return all;
}
