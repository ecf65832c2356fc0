import { join } from 'node:path';
import ts from 'typescript';
import type { RetryRuntime } from '../../lib/index.ts';
import * as tenacity from '../../lib/index.ts';

const root = join(__dirname, '../..');

/** The modules that an example may import, by name. */
export type Modules = Readonly<Record<string, unknown>>;

/** An example to be checked: what it declares comes before it and does not count in its lines. */
export interface Example {
  readonly name: string;
  readonly code: string;
  readonly declarations?: string | undefined;
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: ['node', 'jest'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  esModuleInterop: true,
  noEmit: true,
  skipLibCheck: true,
  paths: {
    'axios-tenacity': [join(root, 'lib/index.ts')],
    'axios-tenacity/*': [join(root, 'lib/*.ts')],
  },
};

/** What the compiler has against the examples, a line each; nothing when all is well. */
export function typeErrorsOf(examples: readonly Example[], ambient = ''): readonly string[] {
  const files = new Map<string, { readonly text: string; readonly offset: number }>();
  const at = (name: string): string => join(root, '__tests__', name);
  files.set(at('ambient.d.ts'), { text: ambient, offset: 0 });
  for (const { name, code, declarations = '' } of examples) {
    // An export makes it a module, whose names are its own and which may await.
    const before = declarations && `${declarations}\n`;
    files.set(at(`${name}.ts`), {
      text: `${before}${code}\nexport {};\n`,
      offset: before.split('\n').length - 1,
    });
  }
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path)?.text ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const file = files.get(path);
    return file ? ts.createSourceFile(path, file.text, rest[0]) : getSourceFile(path, ...rest);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).flatMap(({ file, start = 0, messageText }) => {
    const own = file && files.get(file.fileName);
    if (!own) return [];
    const line = file.getLineAndCharacterOfPosition(start).line + 1 - own.offset;
    return `${file.fileName.split('/').at(-1)}, line ${line}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

/** axios-tenacity with the time and chance of this runtime, for examples that do not give their own. */
export const withRuntime = (runtime: RetryRuntime): typeof tenacity => ({
  ...tenacity,
  attachRetry: (instance, options, own) => tenacity.attachRetry(instance, options, { ...runtime, ...own }),
  batch: (items, send, options, own) => tenacity.batch(items, send, options, { ...runtime, ...own }),
});

/**
 * Runs an example to its end, with these modules to import and these names to use; gives what it exports. A module that is not
 * among them comes from where tests get theirs.
 */
export async function runExample(
  code: string,
  modules: Modules,
  names: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const compilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.CommonJS,
    esModuleInterop: true,
  };
  const { outputText } = ts.transpileModule(code, { compilerOptions });
  const load = (name: string): unknown => modules[name] ?? require(name);
  const exports = {};
  const run = new Function(
    'require',
    'exports',
    ...Object.keys(names),
    `return (async () => {${outputText}\n})()`,
  );
  await run(load, exports, ...Object.values(names));
  return exports;
}
