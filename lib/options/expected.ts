/**
 * The error for a bad argument, in the one grammar of this package. It builds and never throws; values inside objects are
 * not shown, since options may carry secrets. If the value is a promise, nobody else will listen to it: its rejection is
 * caught here, so that it does not end the process.
 *
 * @param name what was given, with its backticks, as in ``retry option `maxAttempts` ``
 * @param rule what it has to be, as in `an integer ≥ 1`
 */
export const expected = (name: string, rule: string, value: unknown): TypeError => {
  Promise.resolve(value).catch(() => undefined);
  return new TypeError(`Expected ${name} to be ${rule}, got ${show(value)}`);
};

const show = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (!Array.isArray(value)) return Object.prototype.toString.call(value); // [object Promise] tells more than `an object`
  return `[${value
    .slice(0, 5)
    .map((item) => (Array.isArray(item) ? '…' : show(item)))
    .join(', ')}]`;
};

/** Throws, in the same grammar, what is wrong with an argument of the function `name`, unless the rule `holds`. */
export const requireGiven = (name: string, rule: string, value: unknown, holds: boolean): void => {
  if (!holds) throw expected(`\`${name}\``, `given ${rule}`, value);
};

/** What a duration has to be, in words. */
export const DURATION = 'a finite number of milliseconds ≥ 0';

/** Whether a value is a duration. */
export const isDuration = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;

/** Throws unless every argument of the function `name` is a finite number of milliseconds ≥ 0. */
export const requireDurations = (name: string, ...values: readonly unknown[]): void => {
  for (const value of values) requireGiven(name, DURATION, value, isDuration(value));
};

/** Throws unless every argument of the function `name` is a function. */
export const requireFunctions = (name: string, values: readonly unknown[]): void => {
  for (const value of values) requireGiven(name, 'functions', value, typeof value === 'function');
};
