import { expected } from './expected.ts';

/** What a value has to be, in words, and whether it is; `all` is what else the answer may depend on. */
export type Rule<All = unknown> = readonly [
  text: string,
  accepts: (value: unknown, all: All) => boolean,
  /** The rules of the fields of the value, or of its items, so that a fault names the one that is wrong. */
  parts?: { readonly fields?: Rules<undefined>; readonly items?: Rule<undefined> },
];

/** A rule for each field. */
export type Rules<All> = Readonly<Record<string, Rule<All>>>;

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is an object and no array. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && !Array.isArray(value);

/** Whether a value is a number from `least` to `most`. */
export const isWithin = (value: unknown, least: number, most: number): boolean =>
  typeof value === 'number' && value >= least && value <= most;

/** Whether a value is an integer from `least` to `most`. */
export const isIntegerWithin = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && isWithin(value, least, most);

/** Whether the value of a field has no rule or breaks it; `undefined` counts as left out. */
const breaks =
  <All>(rules: Rules<All>, all: All) =>
  ([name, value]: readonly [string, unknown]): boolean => {
    const accepts = ruleOf(rules, name)?.[1];
    return !accepts || (value !== undefined && !accepts(value, all));
  };

const ruleOf = <All>(rules: Rules<All>, name: string): Rule<All> | undefined =>
  Object.keys(rules).includes(name) ? rules[name] : undefined;

/** Whether a value is an object with no fields but these, each as it has to be or left out. */
export const hasOnly = (value: unknown, rules: Rules<undefined>): boolean =>
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
  rules: Rules<All>,
  fields: unknown,
  all: All,
  spellingOf?: (name: string) => string | undefined,
): void {
  if (!isRecord(fields)) throw expected(`${what}s`, 'an object', fields);
  for (const [name, value] of Object.entries(fields).filter(breaks(rules, all))) {
    const rule = ruleOf(rules, name);
    if (!rule) throw expected(`${what} \`${name}\``, nearest(name, rules, spellingOf), value);
    throw blame(`${what} \`${name}`, rule, value);
  }
}

/** The error for a value that breaks a rule; it names the part of the value that is wrong, where the rule tells. */
function blame(path: string, [text, , parts]: Rule<never>, value: unknown): TypeError {
  const { fields, items } = parts ?? {};
  if (items && Array.isArray(value)) {
    const index = value.findIndex((item) => !items[1](item, undefined));
    if (index >= 0) return blame(`${path}[${index}]`, items, value[index]);
  }
  if (fields && isRecord(value)) {
    const [name, part] = Object.entries(value).find(breaks(fields, undefined)) ?? [''];
    const rule = ruleOf(fields, name);
    if (rule) return blame(`${path}.${name}`, rule, part);
    // The value of a field that we do not know may be a secret.
    if (name) return expected(`${path}.${name}\``, nearest(name, fields), value);
  }
  return expected(`${path}\``, text, value);
}

/** What to write in place of an unknown name: a name like it, the option that other plugins call so, or the list of all names. */
function nearest(
  name: string,
  rules: Rules<never>,
  spellingOf?: (name: string) => string | undefined,
): string {
  const names = Object.keys(rules);
  const meant = names.find((each) => resembles(name.toLowerCase(), each.toLowerCase()));
  const spelling = meant ? `\`${meant}\`` : spellingOf?.(name);
  return spelling ? `spelled ${spelling}` : `one of ${names.join(', ')}`;
}

/** Whether two names differ by one letter, or by two that changed places. */
function resembles(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  const [restA, restB] = [a.slice(start), b.slice(start)];
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    restA === `${restB[1]}${restB[0]}${restB.slice(2)}`
  );
}

/** What is given of some options: the fields that are not `undefined`. */
export type Given<T> = { readonly [name in keyof T]?: Exclude<T[name], undefined> };

/** The own fields of an object that are not `undefined`; nothing is inherited, whatever somebody put on `Object.prototype`. */
export function given<T extends object>(layer: T): Given<T> {
  const fields = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(layer)) if (value !== undefined) fields[name] = value;
  return fields as Given<T>;
}
