/** The examples in the docstrings compile. That every function has one is checked by `npm run docs:build`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { typeErrorsOf } from '../helpers/examples.ts';

const lib = join(__dirname, '../../lib');

/** The examples of a file, fenced or not. */
function examplesIn(file: string) {
  const text = readFileSync(join(lib, file), 'utf8');
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)]
    .flatMap(([docstring]) => docstring.split(/^\s*\* @/m))
    .filter((part) => part.startsWith('example\n'))
    .map((part, index) => ({
      name: `${file.replace(/\W+/g, '-')}-${index}`,
      code: part
        .replace('example\n', '')
        .replace(/^\s*\*\/$/m, '')
        .replace(/^\s*\* ?/gm, '')
        .replace(/^```(ts)?$/gm, ''),
    }));
}

/** What the examples may use without an import. */
const ambient = [
  ...['index', 'testing', 'context', 'axios-retry', 'diagnostics', 'opentelemetry', 'redis'].flatMap(
    (entry) =>
      Object.keys(require(`../../lib/${entry}.ts`))
        .filter((name) => name !== 'default')
        .map((name) => {
          const path = entry === 'index' ? 'axios-tenacity' : `axios-tenacity/${entry}`;
          return `declare const ${name}: typeof import('${path}').${name};`;
        }),
  ),
  `
  declare const axios: import('axios').AxiosStatic;
  declare const client: import('axios').AxiosInstance;
  declare const axiosRetry: typeof import('axios-tenacity/axios-retry').default;
  declare const app: import('express').Express;
  declare const api: import('axios').AxiosInstance;
  declare const send: (item: number) => Promise<unknown>;
  declare const pino: typeof import('pino').default;
  declare const shuttingDown: boolean;
  declare const createReadStream: typeof import('node:fs').createReadStream;
  type RetryOptions = import('axios-tenacity').RetryOptions;
  type RequestRetryOptions = import('axios-tenacity').RequestRetryOptions;
  declare const NodeSDK: new (options: object) => unknown;
  declare const HttpInstrumentation: new (options?: object) => unknown;
  declare const UndiciInstrumentation: new (options?: object) => unknown;
  declare const BatchSpanProcessor: new (exporter: unknown) => unknown;
  declare const exporter: unknown;
  declare const addFreshToken: (config: import('axios').InternalAxiosRequestConfig) => import('axios').InternalAxiosRequestConfig;
  declare const showToast: (error: unknown) => Promise<never>;`,
].join('\n');

test('the examples of docstrings compile', () => {
  const examples = readdirSync(lib, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap(examplesIn);
  expect(examples.length).toBeGreaterThan(50);
  expect(typeErrorsOf(examples, ambient)).toEqual([]);
}, 300_000);
