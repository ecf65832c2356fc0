import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const root = join(__dirname, '../..');

/** Functions of a file in `bench/`, run with the sources as they stand: in a process of its own, for the bench replaces globals. */
export interface Bench {
  /** What a function answers; both the arguments and the answer go through JSON. */
  run(name: string, ...args: readonly unknown[]): Promise<unknown>;
  remove(): void;
}

export async function bundleBench(path: string): Promise<Bench> {
  const file = join(tmpdir(), `axios-tenacity-${process.pid}-${path.replace(/\W/g, '-')}.cjs`);
  await build({
    stdin: {
      contents: `import * as bench from './bench/${path}';
        const [name, args] = process.argv.slice(2);
        bench[name](...JSON.parse(args)).then((answer) => console.log(JSON.stringify(answer)));`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: file,
    alias: {
      'axios-tenacity': join(root, 'lib/index.ts'),
      'axios-tenacity/testing': join(root, 'lib/testing.ts'),
    },
    tsconfigRaw: {},
  });
  return {
    async run(name, ...args) {
      const { stdout } = await promisify(execFile)(process.execPath, [file, name, JSON.stringify(args)]);
      return JSON.parse(stdout);
    },
    remove: () => rmSync(file),
  };
}
