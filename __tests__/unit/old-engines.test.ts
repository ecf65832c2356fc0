import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const lib = join(__dirname, '../../lib');

/** These run in Node alone. */
const NODE_ONLY = /^(context|diagnostics|opentelemetry|redis|testing)(\.ts$|\/)/;

/** What older Hermes (React Native 0.70), or a browser without a polyfill, does not have. */
const MISSING =
  /\.(at|findLast|findLastIndex|toSorted|toReversed|toSpliced|with)\(|Object\.(hasOwn|groupBy)\b|\b(structuredClone|WeakRef|FinalizationRegistry)\b|Array\.fromAsync|Promise\.(withResolvers|try)|AbortSignal\.(any|timeout)|(?<!globalThis\.)\bcrypto\b(?![^\n]*\*)|\(\?<[=!]/;

const files = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !NODE_ONLY.test(path))
  .sort();

const codeOf = (path: string): string =>
  readFileSync(join(lib, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

test('there is code to look at', () => {
  expect(files).toEqual(expect.arrayContaining(['axios/attach.ts', 'core/loop.ts', 'index.ts']));
});

test.each(files)('%s asks for nothing that older engines lack', (path) => {
  expect(codeOf(path).match(MISSING)?.[0]).toBeUndefined();
});

test.each([
  'list.at(-1)',
  'Object.hasOwn(a, b)',
  'structuredClone(x)',
  'rows.findLast(f)',
  'crypto.getRandomValues',
  'AbortSignal.any([a])',
])('%s would be found', (code) => {
  expect(MISSING.test(code)).toBe(true);
});

test.each(['globalThis.crypto?.getRandomValues', 'formatter.format(x)', 'Object.keys(a)'])(
  '%s would not',
  (code) => {
    expect(MISSING.test(code)).toBe(false);
  },
);
