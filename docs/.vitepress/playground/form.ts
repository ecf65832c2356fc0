/** The fields of the form, and how each reads and writes a policy. */
import type { Policy, Value } from './policy-code.ts';

/** A field of the form. */
export interface Field {
  /** The option; `retryAfter.max` is a field of `retryAfter`. */
  readonly option: string;
  readonly label: string;
  /** What holds while the field is empty. */
  readonly placeholder?: string;
  readonly unit?: string;
  readonly kind: 'number' | 'words' | 'numbers' | 'choice' | 'switch';
  /** For `choice`, what may be chosen; the first is the default. For `switch`, what on and off are written as. */
  readonly choices?: readonly (readonly [label: string, value: Value])[];
}

const number = (option: string, label: string, placeholder: string, unit?: string): Field => ({
  option,
  label,
  placeholder,
  kind: 'number',
  ...(unit === undefined ? {} : { unit }),
});

export const fields: readonly Field[] = [
  number('maxAttempts', 'Attempts in all', '3'),
  number('baseDelay', 'First wait', '1_000', 'ms'),
  number('exponentialBase', 'Factor', '2'),
  number('maxDelay', 'Longest wait', '60_000', 'ms'),
  {
    option: 'jitter',
    label: 'Jitter',
    kind: 'choice',
    choices: [
      ['full', undefined],
      ['equal', 'equal'],
      ['none', 'none'],
    ],
  },
  number('attemptTimeout', 'Time for each attempt', 'none', 'ms'),
  number('totalTimeout', 'Time for the request', 'none', 'ms'),
  number('maxElapsedTime', 'No retry after', '300_000', 'ms'),
  number('retryAfter.max', 'Longest hint to obey', '120_000', 'ms'),
  {
    option: 'retryAfter.whenLonger',
    label: 'A longer hint',
    kind: 'choice',
    choices: [
      ['give up', undefined],
      ['clamp', 'clamp'],
    ],
  },
  { option: 'methods', label: 'Methods', kind: 'words', placeholder: 'GET HEAD OPTIONS …' },
  { option: 'statuses', label: 'Statuses', kind: 'numbers', placeholder: '408 425 429 500 …' },
  {
    option: 'throttle',
    label: 'Throttle',
    kind: 'choice',
    choices: [
      ['on', undefined],
      ['off', false],
    ],
  },
  {
    option: 'cooldown',
    label: 'Cooldown',
    kind: 'choice',
    choices: [
      ['pace retries', undefined],
      ['hold first attempts too', { hold: true }],
      ['off', false],
    ],
  },
  {
    option: 'idempotencyKey',
    label: 'Idempotency key',
    kind: 'choice',
    choices: [
      ['no', undefined],
      ['for POST and PATCH', true],
    ],
  },
];

const pathOf = ({ option }: Field): readonly [string, string | undefined] => {
  const [name = '', part] = option.split('.');
  return [name, part];
};

const isPolicy = (value: Value): value is Policy => typeof value === 'object' && value.constructor === Object;

const valueIn = (field: Field, policy: Policy): Value => {
  const [name, part] = pathOf(field);
  const value = policy[name];
  if (part === undefined) return value;
  return isPolicy(value) ? value[part] : undefined;
};

const same = (a: Value, b: Value): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a field shows for a policy: its text, or the number of its choice; `undefined` for a value that it cannot show. */
export function readField(field: Field, policy: Policy): string | undefined {
  const value = valueIn(field, policy);
  if (field.kind === 'choice') {
    const index = field.choices?.findIndex(([, choice]) => same(choice, value)) ?? -1;
    return index < 0 ? undefined : String(index);
  }
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(' ');
  return typeof value === 'object' ? undefined : String(value);
}

/** The policy with another text in a field. Text that is not of its kind is kept, for the package to complain of. */
export function writeField(field: Field, policy: Policy, text: string): Policy {
  const [name, part] = pathOf(field);
  const value = parse(field, text.trim());
  if (part === undefined) return without({ ...policy, [name]: value });
  const whole = policy[name];
  const parts = without({ ...(isPolicy(whole) ? whole : {}), [part]: value });
  return without({ ...policy, [name]: Object.keys(parts).length > 0 ? parts : undefined });
}

function parse({ kind, choices }: Field, text: string): Value {
  if (kind === 'choice') return choices?.[Number(text)]?.[1];
  if (text === '') return undefined;
  if (kind === 'number') return toNumber(text);
  const words = text.split(/[\s,]+/);
  return kind === 'numbers' ? words.map(toNumber) : words;
}

const toNumber = (text: string): number | string => {
  const value = Number(text.replaceAll('_', ''));
  return Number.isNaN(value) ? text : value;
};

const without = (policy: Policy): Policy =>
  Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== undefined));
