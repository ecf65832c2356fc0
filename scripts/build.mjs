// Builds dist/esm and dist/cjs from everything in lib, each with its own declarations.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

rmSync(dist, { recursive: true, force: true });
for (const format of ['esm', 'cjs']) {
  try {
    execFileSync(process.execPath, [tsc, '-p', `tsconfig.${format}.json`], { cwd: root, stdio: 'inherit' });
  } catch {
    console.error(`build: tsc -p tsconfig.${format}.json failed`);
    process.exit(1);
  }
}
writeFileSync(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');

// tsc rewrites './x.ts' to './x.js' in the JavaScript but not in the declarations, where older tools trip over it.
for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  const path = join(dist, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(['"])(\.\.?\/[^'"\n]+)\.ts\1/g, '$1$2.js$1'));
}
