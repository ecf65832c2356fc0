import { ensureBuild, root, runNode } from '../helpers/children.ts';

const examples = '__tests__/docs/examples/testing';

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
    const report = await runNode(
      root,
      'node_modules/vitest/vitest.mjs',
      'run',
      ...args,
      '--reporter',
      'json',
    );
    expect(JSON.parse(report)).toMatchObject({ success: true, numPassedTests: 5, numFailedTests: 0 });
  }, 60_000);

  test('pass under node:test, as ESM from the built package', async () => {
    await ensureBuild();
    const report = await runNode(root, '--test', '--test-reporter', 'tap', `${examples}/node.test.mjs`);
    expect(report).toContain('# pass 1\n# fail 0\n');
  }, 60_000);
});
