import { createRequire } from 'node:module';
import { join } from 'node:path';
import { copyExample, endPrograms, removeProjects, start } from './project.ts';

const { resolve } = createRequire(__filename);

const suites = [
  { example: 'testing-jest', args: [resolve('jest/bin/jest')], passed: /Tests: +4 passed, 4 total/ },
  {
    example: 'testing-vitest',
    args: [join(resolve('vitest/package.json'), '../vitest.mjs'), 'run'],
    passed: /Tests +4 passed \(4\)/,
  },
];

describe.each(suites)('$example', ({ example, args, passed }) => {
  let folder: string;

  beforeAll(async () => {
    folder = await copyExample(example);
  });
  afterEach(endPrograms);
  afterAll(removeProjects);

  it('passes', async () => {
    // CI would have it print in another form.
    const run = start(folder, args, { CI: '', GITHUB_ACTIONS: '' });
    const ended = await run.ended;
    expect(run.output).toMatch(passed);
    expect(ended).toEqual([0, null]);
  });

  it('compiles', async () => {
    const compiled = start(folder, [resolve('typescript/bin/tsc')]);
    expect(await compiled.ended).toEqual([0, null]);
    expect(compiled.output).toBe('');
  });
});
