import { ensureBuild, root, runNode } from '../helpers/children.ts';

interface Measured {
  readonly names: string;
  readonly esbuild: number;
  readonly rolldown: number;
  readonly limit: number;
}

let all: readonly Measured[];

beforeAll(async () => {
  await ensureBuild();
  all = JSON.parse(await runNode(root, 'scripts/size.mjs', '--json'));
}, 120_000);

// A statement with side effects on the way, such as a class with a computed key, and a bundle holds all of the package.
test.each(['attachRetry', 'batch', 'explainPolicy', 'limitConcurrency', 'waitFixed'])(
  '{ %s } weighs no more in a bundle than .size-limit.json says, whoever bundles it',
  (name) => {
    const { esbuild, rolldown, limit } = all.find(({ names }) => names === `{ ${name} }`) as Measured;
    expect(esbuild).toBeGreaterThan(300);
    expect(esbuild).toBeLessThanOrEqual(limit);
    expect(rolldown).toBeGreaterThan(300);
    expect(rolldown).toBeLessThanOrEqual(limit);
  },
);
