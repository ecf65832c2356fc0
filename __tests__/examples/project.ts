import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBuild, root } from '../helpers/children.ts';

// Compilers, a browser and servers start in these suites, two at a time.
jest.setTimeout(240_000);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const folderOf = (example: string): string => join(root, 'examples', example);
const modules = join(root, 'node_modules');

function dependenciesOf(example: string): readonly (readonly [name: string, range: string])[] {
  const manifest: Manifest = JSON.parse(readFileSync(join(folderOf(example), 'package.json'), 'utf8'));
  const all = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  return all.filter(([name]) => name !== 'axios-tenacity');
}

/** Whether the repository has a package of the major version that a range like `^1.7.0` asks for. */
function has(name: string, range: string): boolean {
  const manifest = join(modules, name, 'package.json');
  if (!existsSync(manifest)) return false;
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  return version.split('.')[0] === /\d+/.exec(range)?.[0];
}

/**
 * Where each package that an example needs is to be found: in the repository, or else installed into a cache. `undefined`,
 * said loudly by the test that is skipped then, when one cannot be had.
 */
export function providedFor(example: string): ReadonlyMap<string, string> | undefined {
  const all = dependenciesOf(example);
  const missing = all.filter(([name, range]) => !has(name, range));
  const found = new Map(all.map(([name]) => [name, join(modules, name)]));
  if (missing.length === 0) return found;
  const wanted = missing.map(([name, range]) => `${name}@${range}`);
  const script = join(__dirname, 'provide.mjs');
  const args = [script, example, ...wanted];
  const cache = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim();
  if (cache === '') return undefined;
  for (const [name] of missing) found.set(name, join(cache, name));
  return found;
}

const made: string[] = [];

/** Removes what was made: for `afterAll`. */
export function removeProjects(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Copies an example to a folder of its own, with the built package and all that it needs in `node_modules`. */
export async function copyExample(example: string): Promise<string> {
  await ensureBuild();
  const folder = mkdtempSync(join(tmpdir(), `axios-tenacity-${example}-`));
  made.push(folder);
  cpSync(folderOf(example), folder, { recursive: true });
  const installed = join(folder, 'node_modules/axios-tenacity');
  // Copies, not links: the package must find the axios of the project.
  cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const [name, from] of providedFor(example) ?? []) {
    const to = join(folder, 'node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to, 'junction');
  }
  return folder;
}

/** Resolves once the condition holds, however busy the machine is: what never comes to pass ends with the test. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** A program of an example that runs. */
export class Program {
  /** What it has printed, stdout and stderr as it came. */
  output = '';
  readonly ended: Promise<readonly [code: number | null, signal: string | null]>;
  readonly #child: ChildProcess;
  #hasEnded = false;

  constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const { FORCE_COLOR, NODE_OPTIONS, JEST_WORKER_ID, NODE_ENV, ...inherited } = process.env;
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...inherited, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    }
    this.#child = child;
    this.ended = once(child, 'close') as Promise<[number | null, string | null]>;
    void this.ended.then(() => {
      this.#hasEnded = true;
    });
  }

  /** The first match in the output, once it is there. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    await until(() => this.#hasEnded || pattern.test(this.output));
    const match = pattern.exec(this.output);
    if (!match) throw new Error(`It ended without saying ${pattern}:\n${this.output}`);
    return match;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

const programs: Program[] = [];

/** Starts a program of an example, which `endPrograms` ends. */
export function start(
  folder: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Program {
  const program = new Program(folder, args, env);
  programs.push(program);
  return program;
}

/** Ends what still runs: for `afterEach`. */
export async function endPrograms(): Promise<void> {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.splice(0).map(({ ended }) => ended));
}
