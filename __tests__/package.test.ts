import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(__dirname, '..');
const tsc = createRequire(__filename).resolve('typescript/bin/tsc');
const npm = process.env.npm_execpath;

/** Runs a command and returns what it printed; a failure says what the command printed, too. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(command, args, { cwd })).stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout: string; stderr: string };
    throw new Error([message, stdout, stderr].filter(Boolean).join('\n'));
  }
}

const node = (cwd: string, ...args: string[]) => run(cwd, process.execPath, ...args);
const runNpm = (cwd: string, ...args: string[]) => (npm ? node(cwd, npm, ...args) : run(cwd, 'npm', ...args));

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

/** The packed package, installed into an empty folder beside the repository's own axios. */
describe('the packed package', () => {
  let folder: string;

  beforeAll(async () => {
    if (!existsSync(join(root, 'dist/cjs/package.json'))) await runNpm(root, 'run', 'build');
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

  /** Compiles the consumer once per file name, whose extension decides between ESM and CommonJS; returns the scripts. */
  async function compile(name: string, files: string[], options: object): Promise<string[]> {
    const project = join(folder, name);
    await mkdir(project);
    for (const file of files)
      await copyFile(join(root, '__tests__/package/consumer.ts'), join(project, file));
    const tsconfig = { compilerOptions: { ...compilerOptions, ...options }, files };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(tsconfig));
    await node(project, tsc, '-p', '.');
    return files.map((file) => join(project, 'out', file.replace(/ts$/, 'js')));
  }

  it.each([
    ['ESM and CommonJS under nodenext', ['consumer.mts', 'consumer.cts'], { module: 'nodenext' }],
    ['ESM under bundler', ['consumer.mts'], { module: 'esnext', moduleResolution: 'bundler' }],
    ['CommonJS under bundler', ['consumer.cts'], { module: 'commonjs', moduleResolution: 'bundler' }],
  ])(
    'compiles and runs as %s',
    async (name, files, options) => {
      for (const script of await compile(name.replaceAll(' ', '-'), files, options)) {
        expect(JSON.parse(await node(folder, script))).toEqual({
          status: 200,
          sends: 2,
          attempts: [503, 200],
        });
      }
    },
    60_000,
  );

  it('exports the same names as ESM and as CommonJS', async () => {
    const names = async (type: string, load: string): Promise<string[]> => {
      const script = `${load}; console.log(JSON.stringify(Object.keys(api)))`;
      return JSON.parse(await node(folder, `--input-type=${type}`, '-e', script)).sort();
    };
    const esm = await names('module', "import * as api from 'axios-tenacity'");
    const cjs = await names('commonjs', "const api = require('axios-tenacity')");
    expect(cjs).toEqual(esm);
    expect(esm).toMatchInlineSnapshot(`
[
  "RetryBudget",
  "RetryThrottle",
  "attachRetry",
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

  it('ships the builds, their types and the documents, and no source', async () => {
    const installed = join(folder, 'node_modules/axios-tenacity');
    const files = (await readdir(installed)).sort();
    expect(files).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8'));
    expect(manifest.dependencies).toBeUndefined();
  });
});
