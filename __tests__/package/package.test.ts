import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBuild, root, run, runNode } from '../helpers/children.ts';

const { resolve } = createRequire(__filename);
const npm = process.env.npm_execpath;

const runNpm = (cwd: string, ...args: string[]) =>
  npm ? runNode(cwd, npm, ...args) : run(cwd, 'npm', ...args);

/** The compiler of a version of TypeScript, from a cache outside the lock file; said loudly when it cannot be had. */
function compilerOf(version: string): string | undefined {
  const script = join(root, 'scripts/provide.mjs');
  const args = [script, 'typescript', 'typescript', version];
  const folder = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  return folder && join(folder, 'bin/tsc');
}

/** The oldest that is supported, the last of the fives, the repository's own, and the native one. */
const compilers = [
  { typescript: '5.0', tsc: compilerOf('5.0.4') },
  { typescript: '5.9', tsc: compilerOf('5.9.3') },
  { typescript: '6.0', tsc: resolve('typescript/bin/tsc') },
  { typescript: '7.0', tsc: compilerOf('7.0.2') },
];

const compilerOptions = {
  target: 'ES2022',
  lib: ['ES2022', 'DOM'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  rootDir: '.',
  outDir: 'out',
  types: [] as string[],
};

const consumers = { consumer: 'consumer.ts', sub: 'sub-paths.ts' };

/** What only CommonJS can say. */
const commonJsConsumers = { ...consumers, required: 'required.ts' };

/** What the consumers print. */
const printed = {
  consumer: { status: 200, sends: 2, attempts: [503, 200] },
  sub: { sleeps: [1_000, 2_000], reason: 'budget-exhausted', retries: 1 },
  required: {
    ids: ['requestInterceptorId', 'responseInterceptorId'],
    retries: 1,
    delays: [10, 0],
    same: true,
    namespace: 'axios-retry',
  },
};

/** The packed package, installed into an empty folder beside the repository's own axios. */
describe('the packed package', () => {
  let folder: string;

  beforeAll(async () => {
    await ensureBuild();
    folder = await mkdtemp(join(tmpdir(), 'axios-tenacity-package-'));
    await runNpm(root, 'pack', '--ignore-scripts', '--pack-destination', folder);
    const [tarball] = await readdir(folder);
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    // No network: the package has no dependency, and its peer is linked below.
    const quietly = ['--offline', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    await runNpm(folder, 'install', ...quietly, `./${tarball}`);
    await symlink(join(root, 'node_modules/axios'), join(folder, 'node_modules/axios'), 'junction');
  }, 120_000);

  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  /** Compiles the consumers, with extensions that decide between ESM and CommonJS, and checks what they print. */
  async function compileAndRun(
    name: string,
    tsc: string,
    extensions: string[],
    options: object,
  ): Promise<void> {
    const project = join(folder, name);
    await mkdir(project);
    const files: string[] = [];
    for (const extension of extensions) {
      for (const [consumer, source] of Object.entries(extension === 'mts' ? consumers : commonJsConsumers)) {
        files.push(`${consumer}.${extension}`);
        await copyFile(
          join(root, '__tests__/package/consumer', source),
          join(project, `${consumer}.${extension}`),
        );
      }
    }
    const tsconfig = { compilerOptions: { ...compilerOptions, ...options }, files };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
    await runNode(project, tsc, '-p', '.');
    for (const file of files) {
      const output = await runNode(folder, join(project, 'out', file.replace(/ts$/, 'js')));
      expect(JSON.parse(output)).toEqual(printed[file.split('.')[0] as keyof typeof printed]);
    }
  }

  describe.each(compilers)('under TypeScript $typescript', ({ typescript, tsc }) => {
    // One that cannot be had is counted as skipped.
    const testHere = tsc ? test : test.skip;

    testHere(
      'compiles and runs as ESM and CommonJS, nodenext',
      () =>
        compileAndRun(`nodenext-${typescript}`, tsc as string, ['mts', 'cts'], {
          module: 'nodenext',
          moduleResolution: 'nodenext',
        }),
      90_000,
    );

    testHere(
      'compiles and runs as ESM, bundler',
      () =>
        compileAndRun(`bundler-${typescript}`, tsc as string, ['mts'], {
          module: 'esnext',
          moduleResolution: 'bundler',
        }),
      90_000,
    );
  });

  const fives = compilers.filter(({ typescript, tsc }) => tsc && typescript.startsWith('5'));

  test.each(fives)(
    'compiles and runs as CommonJS under TypeScript $typescript, node10, which reads no `exports`',
    ({ typescript, tsc }) =>
      compileAndRun(`node10-${typescript}`, tsc as string, ['ts'], {
        module: 'commonjs',
        moduleResolution: 'node10',
      }),
    90_000,
  );

  test(
    'compiles and runs as CommonJS, bundler, which TypeScript knows from 6.0 on',
    () =>
      compileAndRun('bundler-commonjs', resolve('typescript/bin/tsc'), ['cts'], {
        module: 'commonjs',
        moduleResolution: 'bundler',
      }),
    90_000,
  );

  /** The names that a sub-path exports, `default` and the marker of CommonJS modules aside. */
  async function namesOf(format: 'esm' | 'cjs', path: string): Promise<string[]> {
    const [type, load] =
      format === 'esm'
        ? ['module', `import * as api from '${path}'`]
        : ['commonjs', `const api = require('${path}')`];
    const script = `${load}; console.log(JSON.stringify(Object.keys(api)))`;
    const names: string[] = JSON.parse(await runNode(folder, `--input-type=${type}`, '-e', script));
    return names.filter((name) => name !== 'default' && name !== '__esModule').sort();
  }

  test('exports these names, and no others, as ESM and as CommonJS', async () => {
    const esm = await namesOf('esm', 'axios-tenacity');
    expect(await namesOf('cjs', 'axios-tenacity')).toEqual(esm);
    expect(esm).toMatchInlineSnapshot(`
[
  "Cooldown",
  "RetryBudget",
  "RetryThrottle",
  "attachRetry",
  "attemptOf",
  "batch",
  "explainPolicy",
  "hedge",
  "limitConcurrency",
  "logRetries",
  "retryAll",
  "retryAny",
  "retryIfCode",
  "retryIfConnectionFailed",
  "retryIfDefault",
  "retryIfError",
  "retryIfResponse",
  "retryIfStatus",
  "retryIfTimeout",
  "retryNot",
  "retryReport",
  "retryTransport",
  "stopAfterAttempt",
  "stopAfterDelay",
  "stopAll",
  "stopAny",
  "stopBeforeDelay",
  "waitChain",
  "waitCombine",
  "waitExponential",
  "waitExponentialJitter",
  "waitFixed",
  "waitIncrementing",
  "waitNone",
  "waitRandom",
  "waitRandomExponential",
  "wasRetried",
]
`);
  });

  test('exports these names from the sub-paths, as ESM and as CommonJS', async () => {
    for (const path of ['testing', 'context']) {
      expect(await namesOf('cjs', `axios-tenacity/${path}`)).toEqual(
        await namesOf('esm', `axios-tenacity/${path}`),
      );
    }
    expect(await namesOf('esm', 'axios-tenacity/testing')).toMatchInlineSnapshot(`
[
  "scriptedAdapter",
  "seededRandom",
  "virtualClock",
]
`);
    expect(await namesOf('esm', 'axios-tenacity/context')).toMatchInlineSnapshot(`
[
  "currentRetryBudget",
  "withRetryBudget",
]
`);
    expect(await namesOf('esm', 'axios-tenacity/axios-retry')).toMatchInlineSnapshot(`
[
  "DEFAULT_OPTIONS",
  "exponentialDelay",
  "isIdempotentRequestError",
  "isNetworkError",
  "isNetworkOrIdempotentRequestError",
  "isRetryableError",
  "isSafeRequestError",
  "linearDelay",
  "namespace",
  "retryAfter",
]
`);
    // `require()` gives the function, with the companions that axios-retry has on it.
    const script = `const r = require('axios-tenacity/axios-retry'); console.log(typeof r, r.default === r)`;
    expect(await runNode(folder, '-e', script)).toBe('function true\n');
    expect(await namesOf('cjs', 'axios-tenacity/axios-retry')).toEqual(
      expect.arrayContaining(await namesOf('esm', 'axios-tenacity/axios-retry')),
    );
  });

  test('gives a fleet where neither `redis` nor `ioredis` is installed', async () => {
    expect(await namesOf('esm', 'axios-tenacity/redis')).toEqual(['redisFleet']);
    expect(await namesOf('cjs', 'axios-tenacity/redis')).toEqual(['redisFleet']);
    const script = `for (const name of ['redis', 'ioredis']) import(name).then(() => 'there', (e) => e.code).then(console.log)`;
    expect(await runNode(folder, '-e', script)).toBe('ERR_MODULE_NOT_FOUND\n'.repeat(2));
  });

  test.each(['redis', 'ioredis'])(
    'takes a client of `%s` as ESM and as CommonJS where only that one is installed',
    async (peer) => {
      const project = join(folder, `with-${peer}`);
      await mkdir(join(project, 'node_modules/@types'), { recursive: true });
      for (const name of [peer, '@types/node'])
        await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name), 'junction');
      const files = [`with-${peer}.mts`, `with-${peer}.cts`];
      for (const file of files)
        await copyFile(join(root, `__tests__/package/consumer/with-${peer}.ts`), join(project, file));
      const modules = { module: 'nodenext', moduleResolution: 'nodenext', types: ['node'] };
      // The declarations of the clients are not ours to check.
      const tsconfig = { compilerOptions: { ...compilerOptions, ...modules, skipLibCheck: true }, files };
      await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
      await runNode(project, resolve('typescript/bin/tsc'), '-p', '.');
      for (const file of files) {
        const output = await runNode(project, join('out', file.replace(/ts$/, 'js')));
        expect(JSON.parse(output)).toEqual(['connecting', true, true, 'closed']);
      }
    },
    90_000,
  );

  test('has no other way in', async () => {
    const script = `import('axios-tenacity/dist/esm/engine.js').then(() => 'open', (e) => e.code).then(console.log)`;
    expect(await runNode(folder, '-e', script)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  test('retries real requests as ESM and as CommonJS', async () => {
    const tallies = JSON.parse(await runNode(root, join(root, '__tests__/runtimes/smoke/run.mjs'), folder));
    expect(tallies).toMatchObject([
      { format: 'ESM', failed: 0 },
      { format: 'CommonJS', failed: 0 },
    ]);
  }, 60_000);

  test('passes the behaviour tests', async () => {
    const suites = [
      'unit/axios/attach',
      'unit/context',
      'http/hooks',
      'http/hints',
      'http/idempotency',
      'http/mock-adapter',
      'http/odd-outcomes',
    ];
    const project = join(folder, 'behaviour');
    await mkdir(join(project, 'lib'), { recursive: true });
    await cp(join(root, '__tests__/helpers'), join(project, '__tests__/helpers'), { recursive: true });
    for (const suite of suites) {
      const path = `__tests__/${suite}.test.ts`;
      await mkdir(dirname(join(project, path)), { recursive: true });
      await copyFile(join(root, path), join(project, path));
    }
    // In place of the sources stands what users import.
    const paths = { index: '', testing: '/testing', context: '/context' };
    for (const [module, path] of Object.entries(paths)) {
      await writeFile(join(project, `lib/${module}.ts`), `export * from 'axios-tenacity${path}';\n`);
    }
    const config = {
      rootDir: project,
      testMatch: ['**/*.test.ts'],
      modulePaths: [join(root, 'node_modules')],
      moduleNameMapper: { '^(\\.{1,2}/.+)\\.js$': '$1' },
      transform: { '^.+\\.ts$': [resolve('ts-jest'), { tsconfig: join(root, 'tsconfig.cjs.json') }] },
      testTimeout: 10_000,
      reporters: ['default', join(root, 'scripts/tally.mjs')],
    };
    const jest = resolve('jest/bin/jest');
    const output = await runNode(
      project,
      jest,
      '--runInBand',
      '--silent',
      '--config',
      JSON.stringify(config),
    );
    const [, passed] = /(\d+) passed, 0 failed\s*$/.exec(output) ?? [];
    expect(Number(passed)).toBeGreaterThan(300);
  }, 120_000);

  test('ships the builds, their types and the documents, and no source', async () => {
    const installed = join(folder, 'node_modules/axios-tenacity');
    const files = (await readdir(installed)).sort();
    expect(files).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist',
      'docs',
      'package.json',
    ]);
    const readme = await readFile(join(installed, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path as string);
    // Tests and what is written for contributors are for readers of the repository.
    const isOutside = (path: string) =>
      /^(__tests__|docs\/development)\//.test(path) && existsSync(join(root, path));
    expect(links.filter((path) => !existsSync(join(installed, path)) && !isOutside(path))).toEqual([]);
    expect(links.length).toBeGreaterThan(1);
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(manifest.dependencies).toBeUndefined();
  });
});
