import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as kit from '../../lib/testing.ts';

const root = join(__dirname, '../..');
const examples = '__tests__/docs/examples/testing';

/** Runs a script of Node in the root of the project; a failure says what it printed. */
async function run(...args: string[]): Promise<string> {
  // What jest and a test runner around it say to their own children is none of theirs.
  const { NODE_TEST_CONTEXT, JEST_WORKER_ID, NODE_OPTIONS, ...env } = process.env;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
    });
    return stdout;
  } catch (error) {
    const { message, stdout, stderr } = error as { message: string; stdout: string; stderr: string };
    throw new Error([message, stdout, stderr].join('\n'));
  }
}

test('the kit has these names and no others', () => {
  expect(Object.keys(kit).sort()).toEqual(['scriptedAdapter', 'seededRandom', 'virtualClock']);
});

describe('the examples of the README, which jest runs as tests of their own,', () => {
  test('pass under vitest', async () => {
    const args = [
      '--globals',
      '--dir',
      examples,
      '--exclude',
      '**/{fake-timers.test.ts,*.mjs}',
      '--maxWorkers',
      '1',
    ];
    const report = await run('node_modules/vitest/vitest.mjs', 'run', ...args, '--reporter', 'json');
    expect(JSON.parse(report)).toMatchObject({ success: true, numPassedTests: 5, numFailedTests: 0 });
  }, 60_000);

  test('pass under node:test, as ESM from the built package', async () => {
    if (!existsSync(join(root, 'dist/cjs/package.json'))) await run('scripts/build.mjs');
    const report = await run('--test', '--test-reporter', 'tap', `${examples}/node.test.mjs`);
    expect(report).toContain('# pass 1\n# fail 0\n');
  }, 60_000);
});
