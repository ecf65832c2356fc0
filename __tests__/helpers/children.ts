import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The folder of the repository. */
export const root = join(__dirname, '../..');

/**
 * The environment of a child process: without what jest and a test runner around it tell their own children, and without
 * colours, which jest forces upon its workers in a terminal.
 */
function childEnv(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT, JEST_WORKER_ID, NODE_OPTIONS, FORCE_COLOR, ...env } = process.env;
  return { ...env, NO_COLOR: '1' };
}

/** Runs a command in a folder and returns what it printed. A failure says what the command printed, too. */
export async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    const options = { cwd, env: childEnv(), maxBuffer: 16 * 1024 ** 2 };
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout: string; stderr: string };
    throw new Error([message, stdout, stderr].filter(Boolean).join('\n'));
  }
}

/** Runs this Node in a folder. */
export const runNode = (cwd: string, ...args: string[]): Promise<string> =>
  run(cwd, process.execPath, ...args);

/** Builds the package, unless there is a build. `npm test` and `npm run test:all` build it beforehand. */
export async function ensureBuild(): Promise<void> {
  if (!existsSync(join(root, 'dist/cjs/package.json'))) await runNode(root, 'scripts/build.mjs');
}
