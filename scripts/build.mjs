// Builds dist/esm and dist/cjs from everything in lib, each with its own declarations. A build that is newer than all it is made
// from stays, so that every script may begin with `npm run build`.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

// It is written last.
const done = join(dist, 'cjs', 'package.json');
const changedAt = (path) => statSync(path).mtimeMs;
// A folder changes when a file of it comes or goes.
const sources = [
  ...readdirSync(root).filter((name) => /^(package|tsconfig).*\.json$/.test(name)),
  ...readdirSync(join(root, 'lib'), { recursive: true }).map((name) => join('lib', name)),
  'lib',
  'scripts/build.mjs',
];
if (existsSync(done) && sources.every((path) => changedAt(join(root, path)) < changedAt(done)))
  process.exit();

rmSync(dist, { recursive: true, force: true });
for (const format of ['esm', 'cjs']) {
  try {
    execFileSync(process.execPath, [tsc, '-p', `tsconfig.${format}.json`], { cwd: root, stdio: 'inherit' });
  } catch {
    console.error(`build: tsc -p tsconfig.${format}.json failed`);
    process.exit(1);
  }
}

// tsc rewrites './x.ts' to './x.js' in the JavaScript but not in the declarations, where older tools trip over it.
for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  const path = join(dist, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(['"])(\.\.?\/[^'"\n]+)\.ts\1/g, '$1$2.js$1'));
}
writeFileSync(done, '{ "type": "commonjs" }\n');
