/**
 * The error for a bad argument, in the one grammar of this package. It builds and never throws; values inside objects are
 * not shown, since options may carry secrets.
 *
 * @param name what was given, with its backticks, as in ``retry option `maxAttempts` ``
 * @param rule what it has to be, as in `an integer ≥ 1`
 */
export const expected = (name: string, rule: string, value: unknown): TypeError =>
  new TypeError(`Expected ${name} to be ${rule}, got ${show(value)}`);

const show = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && value !== null ? showObject(value) : String(value);
};

const showObject = (value: object): string => {
  try {
    if (!Array.isArray(value)) return Object.prototype.toString.call(value); // [object Promise] tells more than `an object`
    const shown = value
      .slice(0, 3)
      .map((item) => (typeof item === 'object' && item !== null ? '…' : show(item)));
    return `[${shown.join(', ')}${value.length > 3 ? ', …' : ''}]`;
  } catch {
    return 'an object'; // a revoked proxy, a getter that throws
  }
};

/** Throws, in the same grammar, what is wrong with an argument of the function `name`, unless the rule `holds`. */
export const requireGiven = (name: string, rule: string, value: unknown, holds: boolean): void => {
  if (!holds) throw expected(`\`${name}\``, `given ${rule}`, value);
};

/** Whether a value is a finite number of milliseconds ≥ 0. */
export const isDuration = (value: unknown): value is number => Number.isFinite(value) && Number(value) >= 0;

/** Throws unless every argument of the function `name` is a finite number of milliseconds ≥ 0. */
export const requireDurations = (name: string, ...values: readonly unknown[]): void => {
  for (const value of values)
    requireGiven(name, 'a finite number of milliseconds ≥ 0', value, isDuration(value));
};

/** Throws unless every argument of the function `name` is a function. */
export const requireFunctions = (name: string, values: readonly unknown[]): void => {
  for (const value of values) requireGiven(name, 'functions', value, typeof value === 'function');
};
