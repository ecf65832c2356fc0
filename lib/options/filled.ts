import { checkFields, type Given, given, isRecord, type Rule } from './fields.ts';

/** The options of `T`, every one given or its default. */
export type Filled<T> = { readonly [name in keyof T]-?: Exclude<T[name], undefined> };

/** For each option, what it has to be. */
export type FilledRules<T> = { readonly [name in keyof T]-?: Rule<Filled<T>> };

/**
 * Options with the defaults filled in.
 *
 * @param what whose options they are, as in `retry budget`
 * @throws TypeError for anything but an object, an unknown name, or a value that breaks its rule
 */
export function readFilled<T extends object>(
  what: string,
  rules: FilledRules<T>,
  defaults: Filled<T>,
  options: T,
): Filled<T> {
  const all = { ...defaults, ...(given(options ?? {}) as Given<T>) } as Filled<T>;
  // A default may break a rule too, as a cost above a small capacity does.
  checkFields(
    `${what} option`,
    rules as Readonly<Record<string, Rule<Filled<T>>>>,
    isRecord(options) ? all : options,
    all,
  );
  return all;
}
