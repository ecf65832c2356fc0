import fc from 'fast-check';
import { fromFragment, toFragment } from '../../docs/.vitepress/playground/address.ts';
import { fields, readField, writeField } from '../../docs/.vitepress/playground/form.ts';
import {
  Call,
  optionsOf,
  type Policy,
  readPolicy,
  type Value,
  writePolicy,
} from '../../docs/.vitepress/playground/policy-code.ts';
import { troubles } from '../../docs/.vitepress/playground/troubles.ts';
import * as api from '../../lib/index.ts';

const fieldOf = (name: string) => {
  const field = fields.find(({ option }) => option === name);
  if (!field) throw new Error(`no field ${name}`);
  return field;
};

describe('the code of a policy', () => {
  test.each<[string, Policy]>([
    ['attachRetry(client);', {}],
    ['attachRetry(client, {});', {}],
    ['{ maxAttempts: 5, baseDelay: 1_000 }', { maxAttempts: 5, baseDelay: 1_000 }],
    ["attachRetry(axios, { jitter: 'none', retryAfter: false, });", { jitter: 'none', retryAfter: false }],
    [
      '{ maxAttempts: Infinity, // for ever\n  maxElapsedTime: 3e4 }',
      { maxAttempts: Infinity, maxElapsedTime: 30_000 },
    ],
    ['{ statuses: [500, 503], stop: undefined }', { statuses: [500, 503], stop: undefined }],
    ['{ wait: waitIncrementing(500, -100) }', { wait: new Call('waitIncrementing', [500, -100]) }],
    [String.raw`{ "methods": ['it\'s'] }`, { methods: ["it's"] }],
  ])('%s', (code, policy) => expect(readPolicy(code)).toEqual(policy));

  test.each([
    ['{ maxAttempts: ', 'Expected a value before the end'],
    ['{ maxAttempts 3 }', 'Expected : before 3'],
    ['attachRetry(client', 'Expected , before the end'],
    ['{ a: 1 } b', 'Unexpected b after the policy'],
    ['{ retryIf: () => true }', 'Unexpected => true }'],
    ['{ wait: fetch(1) }', 'fetch cannot be used here: literals and strategies such as waitFixed(500) can'],
    [
      '{ a: constructor }',
      'constructor cannot be used here: literals and strategies such as waitFixed(500) can',
    ],
    ['{ a: `x` }', 'Unexpected `x` }'],
  ])('%s is refused: %s', (code, message) => {
    expect(() => readPolicy(code)).toThrow(new SyntaxError(message));
  });

  const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.boolean(),
      fc.double({ min: 0, noNaN: true }),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')).map((fields) => ({ ...fields })),
      fc.array(tie('value')).map((values) => new Call('waitChain', values)),
    ),
  })).value;

  test('that is written is read back', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]\w*$/), value), (fields) => {
        const policy: Policy = { ...fields };
        expect(readPolicy(writePolicy(policy))).toEqual(policy);
      }),
    );
  });

  test('makes the calls that are in it', () => {
    const options = optionsOf(
      readPolicy('{ maxAttempts: 3, wait: waitChain(waitFixed(100), waitFixed(200)) }'),
      api,
    );
    expect(api.explainPolicy(options as object).schedule).toEqual([
      [100, 100],
      [200, 200],
    ]);
    expect(() => optionsOf(readPolicy('{ wait: waitForever(1) }'), api)).toThrow(
      'The package has no waitForever',
    );
    expect(() => optionsOf(readPolicy('{ wait: waitFixed(-1) }'), api)).toThrow(TypeError);
  });
});

describe('the form', () => {
  test.each([
    ['maxAttempts', '5', { maxAttempts: 5 }],
    ['maxAttempts', 'Infinity', { maxAttempts: Infinity }],
    ['baseDelay', '1_500', { baseDelay: 1_500 }],
    ['baseDelay', 'soon', { baseDelay: 'soon' }],
    ['retryAfter.max', '5000', { retryAfter: { max: 5_000 } }],
    ['methods', 'GET, POST', { methods: ['GET', 'POST'] }],
    ['statuses', '500 503', { statuses: [500, 503] }],
    ['throttle', '1', { throttle: false }],
    ['cooldown', '1', { cooldown: { hold: true } }],
  ])('writes %s: %s', (name, text, policy) => expect(writeField(fieldOf(name), {}, text)).toEqual(policy));

  test('an emptied field leaves nothing behind', () => {
    for (const field of fields) {
      const text = field.kind === 'choice' ? '1' : '503';
      const empty = field.kind === 'choice' ? '0' : '';
      expect(writeField(field, writeField(field, {}, text), empty)).toEqual({});
    }
  });

  test('shows what it has written', () => {
    for (const field of fields) {
      const text = field.kind === 'choice' ? '1' : '503';
      expect(readField(field, writeField(field, {}, text))).toBe(text);
    }
  });

  test('has an option of the package in every field', () => {
    for (const { option } of fields) {
      const [name = ''] = option.split('.');
      expect(() => api.explainPolicy({ [name]: Symbol() } as object)).toThrow(`retry option \`${name}\``);
    }
  });

  test('does not show what it has no words for', () => {
    expect(readField(fieldOf('throttle'), { throttle: { capacity: 7 } })).toBeUndefined();
    expect(readField(fieldOf('retryAfter.max'), { retryAfter: false })).toBe('');
  });
});

describe('the address', () => {
  const defaults = { code: 'attachRetry(client);', timeout: 3_000, clients: 50, trouble: '503' };
  const names = Object.keys(troubles);

  test('brings back what was shared', () => {
    const shared = { code: "{ jitter: 'none' } // & more", timeout: 0, clients: 150, trouble: 'hint' };
    expect(fromFragment(`#${toFragment(shared)}`, defaults, names)).toEqual(shared);
  });

  test.each(['', '#', '#clients=1e9&timeout=-1&trouble=x', '#clients=&trouble='])(
    '%s is the default',
    (fragment) => {
      expect(fromFragment(fragment, defaults, names)).toEqual(defaults);
    },
  );
});
