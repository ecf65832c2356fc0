// Builds dist/esm and dist/cjs: one core chunk of all that `lib/index.ts` reaches, and beside it a thin file for each entry of
// package.json. A build that is newer than all it is made from stays, so that every script may begin with `npm run build`.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const main = join(root, 'lib/index.ts');
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** It is written last. */
const done = join(dist, 'cjs/package.json');

function isFresh() {
  const changedAt = (path) => statSync(join(root, path)).mtimeMs;
  // A folder changes when a file of it comes or goes.
  const sources = [
    ...readdirSync(root).filter((name) => /^(package|tsconfig).*\.json$/.test(name)),
    ...readdirSync(join(root, 'lib'), { recursive: true }).map((name) => join('lib', name)),
    'lib',
    'scripts/build.mjs',
  ];
  return existsSync(done) && sources.every((path) => changedAt(path) < changedAt(relative(root, done)));
}

/** The entries of a format by the name of their file, as package.json exports them: `axios-retry` is `lib/axios-retry.ts`. */
function entriesOf(condition) {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = Object.values(exports).flatMap((target) => target[condition]?.default ?? []);
  const names = files.map((file) => file.replace(/^\.\/dist\/\w+\/|\.js$/g, ''));
  return Object.fromEntries(names.map((name) => [name, join(root, 'lib', `${name}.ts`)]));
}

/** All modules that the main entry imports, one from the other. */
function coreOf(graph) {
  const ids = new Set([main]);
  // Iterating a Set also visits entries added during the loop.
  for (const id of ids) graph.getModuleInfo(id)?.importedIds.forEach(ids.add, ids);
  return ids;
}

async function bundle(format, condition) {
  let core;
  const chunkOf = (id, graph) => {
    core ??= coreOf(graph);
    return id !== main && core.has(id) ? 'core' : null;
  };
  const build = await rolldown({
    input: entriesOf(condition),
    external: /^[^./]/,
    platform: 'neutral',
    tsconfig: join(root, 'tsconfig.json'),
    onLog(level, log) {
      if (level === 'warn') throw new Error(log.message);
    },
  });
  await build.write({
    dir: join(dist, format),
    format,
    exports: 'named',
    sourcemap: true,
    minifyInternalExports: false,
    chunkFileNames: '[name].js',
    codeSplitting: { groups: [{ debugName: 'core', name: chunkOf }] },
  });
  await build.close();
}

/** One run of the compiler; the declarations of both formats are the same, but for the drop-in. */
function declare() {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.esm.json'], { cwd: root, stdio: 'inherit' });
  const esm = join(dist, 'esm');
  for (const file of readdirSync(esm, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
    const path = join(esm, file);
    // tsc leaves './x.ts' in declarations, where older compilers trip over it.
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(['"])(\.\.?\/[^'"\n]+)\.ts\1/g, '$1$2.js$1'));
    cpSync(path, join(dist, 'cjs', file));
  }
  // What `require()` gives of the drop-in has no default export, so it needs types of its own.
  cpSync(join(root, 'lib/axios-retry/required.d.ts'), join(dist, 'cjs/axios-retry/commonjs.d.ts'));
}

if (!isFresh()) {
  rmSync(dist, { recursive: true, force: true });
  try {
    declare();
    await bundle('esm', 'import');
    await bundle('cjs', 'require');
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exit(1);
  }
  writeFileSync(done, '{ "type": "commonjs" }\n');
}
