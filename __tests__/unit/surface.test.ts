import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(__dirname, '../..');

/** The modules that end up in a browser bundle of one import, with the bytes that each leaves there. */
async function modulesOf(code: string): Promise<{ bytes: Map<string, number>; imports: string[] }> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['axios'],
    tsconfigRaw: {},
  });
  const [output] = Object.values(metafile.outputs);
  const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return {
    bytes: new Map(inputs.map(([path, { bytesInOutput }]) => [path.replace(/^lib\//, ''), bytesInOutput])),
    imports: (output?.imports ?? []).map(({ path }) => path),
  };
}

describe('a bundle of { attachRetry } alone', () => {
  test.each([
    'strategies/retry-if.ts',
    'strategies/stop.ts',
    'explain/explain.ts',
    'observe/duration.ts',
    'context.ts',
    'testing.ts',
    'axios-retry.ts',
    'observe/log.ts',
    'limits/budget.ts',
    'limits/semaphore.ts',
    'batch/batch.ts',
    'adapters/limit-concurrency.ts',
    'adapters/retry-transport.ts',
  ])('has nothing of %s in it', async (module) => {
    expect(existsSync(join(root, 'lib', module))).toBe(true);
    const { bytes } = await modulesOf("export { attachRetry } from './lib/index.ts'");
    expect(bytes.get('axios/attach.ts')).toBeGreaterThan(0);
    expect(bytes.has(module)).toBe(false);
  });

  test('has the one exponential formula of the wait strategies in it, and none of them', async () => {
    const { bytes } = await modulesOf("export { attachRetry } from './lib/index.ts'");
    expect(bytes.get('strategies/wait.ts')).toBeLessThan(150);
  });

  test('asks for axios and nothing else', async () => {
    const { imports } = await modulesOf("export { attachRetry } from './lib/index.ts'");
    expect(new Set(imports)).toEqual(new Set(['axios']));
  });
});

test('a bundle of everything in the main entry needs no module of Node', async () => {
  const { imports } = await modulesOf("export * from './lib/index.ts'");
  expect(new Set(imports)).toEqual(new Set(['axios']));
});
